//! Aggregation: what is counted, by what, in which minute.

use std::collections::BTreeMap;

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// Reviews allowed after evaluation.
    Admitted,
    /// Reviews denied.
    Denied,
    /// Reviews with a warning for the author.
    Warned,
    /// Reviews allowed because of their namespace.
    Ignored,
    /// Reviews in which something could not be evaluated.
    Failed,
    /// Reviews in which a rule was violated that is only audited.
    Audited,
    /// Reviews admitted by break-glass.
    BreakGlass,
    /// Milliseconds that the function took for a review.
    ReviewLatency,
    /// Calls of the ECR API that a review took.
    RegistryCalls,
    /// Calls of the ECR API that were throttled.
    Throttled,
    /// Images that the mutating webhook pinned to their digest.
    Pinned,
    /// Images that the mutating webhook mapped to an allowed registry.
    Rewritten,
    /// Reviews called with the token before the last rotation.
    PreviousToken,
    /// Reviews called with a key in the URL that belongs to the token in force.
    CurrentUrlKey,
}

/// What a metric is broken down by. No namespace, image or user: every value is a metric to pay for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    None,
    Cluster(String),
    Rule(&'static str),
}

/// One metric in one minute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The start of the minute, in milliseconds since the Unix epoch: counts may leave much later.
    pub(super) minute_ms: u64,
    pub(super) name: Name,
    pub(super) dimension: Dimension,
}

/// How often each value was seen.
pub(super) type Values = BTreeMap<u64, u64>;

/// All that waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<Key, Values>);

impl Counts {
    pub(super) fn add(&mut self, now_ms: u64, name: Name, dimension: Dimension, value: u64) {
        let key = Key { minute_ms: now_ms - now_ms % 60_000, name, dimension };
        *self.0.entry(key).or_default().entry(value).or_default() += 1;
    }

    /// Counts without a dimension, and also for `cluster` if there is one.
    pub(super) fn add_also_for(
        &mut self,
        cluster: Option<&str>,
        now_ms: u64,
        name: Name,
        value: u64,
    ) {
        self.add(now_ms, name, Dimension::None, value);
        if let Some(cluster) = cluster {
            self.add(now_ms, name, Dimension::Cluster(cluster.to_owned()), value);
        }
    }
}

impl IntoIterator for Counts {
    type Item = (Key, Values);
    type IntoIter = std::collections::btree_map::IntoIter<Key, Values>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
