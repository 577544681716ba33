//! Counts for CloudWatch: the only module, with its children, that names `aws_sdk_cloudwatch`.
//!
//! Counts wait in the sandbox and leave after an answer: 10 seconds after the last put, or 1 second after it when
//! something was denied, failed or was admitted by break-glass. A put has a task of its own. It holds the next event
//! for [`HOLD`] at most; then it continues beside the events that come, or in a frozen sandbox not at all until the
//! next one. A put that fails goes along with the next one and is then dropped, with a log line. Nothing here can
//! change an answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecr_admission_lambda::{Log, Sdk};
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::events::METRICS_DROPPED;
use crate::gateway::Caller;
use crate::outcome::{MutationOutcome, Outcome, PolicyAge, ReviewDecision};

mod cloudwatch;
mod counts;
mod datum;
mod queue;

use cloudwatch::CloudWatch;
use counts::{Dimension, Name};
use queue::{Batch, Queue};

/// How long a put may hold the next event.
pub const HOLD: Duration = Duration::from_millis(100);

/// How long the last puts may take: Lambda gives a sandbox that ends 500 ms.
pub const LAST_PUT: Duration = Duration::from_millis(400);

/// The counts of a sandbox, and the way out for them.
#[derive(Debug)]
pub struct Metrics {
    by_cluster: bool,
    out: Arc<Out>,
    /// The put that was started last.
    put: Mutex<Option<JoinHandle<bool>>>,
}

/// What a put needs, for as long as it takes.
#[derive(Debug)]
struct Out {
    cloudwatch: CloudWatch,
    log: Log,
    queue: Mutex<Queue>,
}

#[derive(Serialize)]
struct Dropped {
    data: usize,
    error: String,
}

impl Metrics {
    /// Counts for a CloudWatch namespace, with `by_cluster` also for each cluster. `now_ms` and all times
    /// here are milliseconds since the Unix epoch.
    pub fn new(sdk: &Sdk, namespace: String, by_cluster: bool, log: Log, now_ms: u64) -> Self {
        Self::through(CloudWatch::new(sdk, namespace), by_cluster, log, now_ms)
    }

    fn through(cloudwatch: CloudWatch, by_cluster: bool, log: Log, now_ms: u64) -> Self {
        let out = Out { cloudwatch, log, queue: Mutex::new(Queue::new(now_ms)) };
        Self { by_cluster, out: Arc::new(out), put: Mutex::default() }
    }

    /// The cluster that counts by itself, if any does.
    fn counted<'a>(&self, caller: &'a Caller) -> Option<&'a str> {
        caller.cluster.as_deref().filter(|_| self.by_cluster)
    }

    /// Counts a review.
    pub fn record(&self, caller: &Caller, outcome: &Outcome, latency: Duration, now_ms: u64) {
        let cluster = self.counted(caller);
        let mut queue = self.out.queue();
        let counts = &mut queue.counts;
        let mut count = |name, value| counts.add_also_for(cluster, now_ms, name, value);
        count(
            match outcome.decision {
                ReviewDecision::Admitted => Name::Admitted,
                ReviewDecision::Denied => Name::Denied,
                ReviewDecision::Ignored => Name::Ignored,
            },
            1,
        );
        if outcome.warned {
            count(Name::Warned, 1);
        }
        let failed = outcome.failed || outcome.policy == PolicyAge::Outdated;
        if failed {
            count(Name::Failed, 1);
        }
        if !outcome.audited.is_empty() {
            count(Name::Audited, 1);
        }
        if outcome.broke_glass {
            count(Name::BreakGlass, 1);
        }
        count(Name::RegistryCalls, outcome.registry_calls.into());
        if outcome.throttled > 0 {
            count(Name::Throttled, outcome.throttled.into());
        }
        count(Name::ReviewLatency, u64::try_from(latency.as_millis()).unwrap_or(u64::MAX));
        for rule in &outcome.denied_by {
            counts.add(now_ms, Name::Denied, Dimension::Rule(rule.id()), 1);
        }
        // Always by cluster: a rotation waits for these two.
        if let (Some(name), Some(cluster)) = (token_in_use(caller), &caller.cluster) {
            counts.add(now_ms, name, Dimension::Cluster(cluster.clone()), 1);
        }
        queue.urgent |= failed || outcome.broke_glass || outcome.decision == ReviewDecision::Denied;
    }

    /// Counts a mutation.
    pub fn record_mutation(&self, caller: &Caller, outcome: &MutationOutcome, now_ms: u64) {
        let cluster = self.counted(caller);
        let counts = &mut self.out.queue().counts;
        let mut count = |name, value| counts.add_also_for(cluster, now_ms, name, value);
        let rewritten = outcome.changes.iter().filter(|change| change.rewritten).count();
        let pinned = outcome.changes.iter().filter(|change| change.pinned).count();
        for (name, changed) in [(Name::Rewritten, rewritten), (Name::Pinned, pinned)] {
            if changed > 0 {
                count(name, u64::try_from(changed).unwrap_or(u64::MAX));
            }
        }
        count(Name::RegistryCalls, outcome.registry_calls.into());
        if outcome.throttled > 0 {
            count(Name::Throttled, outcome.throttled.into());
        }
    }

    /// Starts a put if one is due, and waits for it for [`HOLD`] at most.
    pub async fn send_if_due(&self, now_ms: u64) {
        let due = self.out.queue().due(now_ms);
        if let Some(batch) = due {
            let mut put = self.out.start(batch);
            if timeout(HOLD, &mut put).await.is_err() {
                *self.put() = Some(put);
            }
        }
    }

    /// Sends all that waits, for the last time, within [`LAST_PUT`]. What is left is reported.
    pub async fn send_last(&self, now_ms: u64) {
        let last = async {
            let started = self.put().take();
            if let Some(put) = started {
                let _whatever_its_result = put.await;
            }
            loop {
                let next = self.out.queue().next(now_ms);
                let Some(batch) = next else { break };
                // What fails is in the queue again, and there is no time to try it once more.
                if !self.out.start(batch).await.unwrap_or(false) {
                    break;
                }
            }
        };
        let _in_time = timeout(LAST_PUT, last).await;
        let left = self.out.queue().left();
        self.out.report_dropped(left, "the sandbox ended before CloudWatch took them".to_owned());
    }

    /// A panic elsewhere must not take the put with it.
    fn put(&self) -> MutexGuard<'_, Option<JoinHandle<bool>>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Out {
    /// Puts a batch in a task of its own: what waits for it may stop waiting, and the put continues. Its result
    /// is whether CloudWatch took the batch.
    fn start(self: &Arc<Self>, batch: Batch) -> JoinHandle<bool> {
        let out = Arc::clone(self);
        tokio::spawn(async move { out.put(batch).await })
    }

    async fn put(&self, batch: Batch) -> bool {
        match self.cloudwatch.put(batch.data()).await {
            Ok(()) => {
                self.queue().delivered();
                true
            }
            Err(error) => {
                let dropped = self.queue().failed(batch);
                self.report_dropped(dropped, error);
                false
            }
        }
    }

    fn report_dropped(&self, data: usize, error: String) {
        if data > 0 {
            let message = "metrics were dropped: CloudWatch did not take them";
            self.log.warn(METRICS_DROPPED, message, &Dropped { data, error });
        }
    }

    /// A panic elsewhere must not take the counts with it.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to count about the token or key that a caller sent. Of the clusters that send a token, the absence of
/// `PreviousToken` is enough; a rotation of a key must see a review with the new one.
fn token_in_use(caller: &Caller) -> Option<Name> {
    match (caller.previous_token, caller.via.as_deref()) {
        (true, _) => Some(Name::PreviousToken),
        (false, Some("url")) => Some(Name::CurrentUrlKey),
        (false, _) => None,
    }
}

#[cfg(test)]
mod tests;
