//! Counts for CloudWatch: the only module, with its children, that names `aws_sdk_cloudwatch`.
//!
//! Counts wait in the sandbox and leave after an answer: when [`INTERVAL`] has passed since the last
//! put, or when something was denied, failed or was admitted by break-glass. A put that fails goes along with the next one and is
//! then dropped. Nothing here can change an answer.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::Builder;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::types::MetricDatum;
use ecr_admission_lambda::{Log, Sdk, Service, error_text};
use serde::Serialize;
use tokio::time::timeout;

use crate::events::METRICS_DROPPED;
use crate::gateway::Caller;
use crate::outcome::{MutationOutcome, Outcome, PolicyAge, ReviewDecision};

mod counts;
mod datum;

use counts::{Counts, Dimension, Name};

/// How long counts wait at most, once another review comes.
pub const INTERVAL: Duration = Duration::from_secs(10);

/// How long a put may hold the next review.
pub const PUT: Duration = Duration::from_secs(1);

/// How long the last put may take: Lambda gives a sandbox that ends 500 ms.
pub const LAST_PUT: Duration = Duration::from_millis(400);

/// The most data of one `PutMetricData` (API reference).
const DATA: usize = 1_000;

/// The counts of a sandbox, and the way out for them.
#[derive(Debug)]
pub struct Metrics {
    sdk: Sdk,
    /// Made for the first put, which nobody waits for, and not in the init phase.
    client: OnceLock<Client>,
    namespace: String,
    by_cluster: bool,
    log: Log,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    /// What a put did not deliver.
    failed: Vec<MetricDatum>,
    urgent: bool,
    last_put_ms: u64,
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
        let state = State { last_put_ms: now_ms, ..State::default() };
        let (sdk, client) = (sdk.clone(), OnceLock::new());
        Self { sdk, client, namespace, by_cluster, log, state: Mutex::new(state) }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            // One try: what fails goes along with the next put.
            let config = Builder::from(&self.sdk.config_for(Service::CloudWatch))
                .retry_config(RetryConfig::disabled())
                .build();
            Client::from_conf(config)
        })
    }

    /// The cluster that counts by itself, if any does.
    fn counted<'a>(&self, caller: &'a Caller) -> Option<&'a str> {
        caller.cluster.as_deref().filter(|_| self.by_cluster)
    }

    /// Counts a review.
    pub fn record(&self, caller: &Caller, outcome: &Outcome, latency: Duration, now_ms: u64) {
        let cluster = self.counted(caller);
        let mut state = self.state();
        let counts = &mut state.counts;
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
        state.urgent |= failed || outcome.broke_glass || outcome.decision == ReviewDecision::Denied;
    }

    /// Counts a mutation.
    pub fn record_mutation(&self, caller: &Caller, outcome: &MutationOutcome, now_ms: u64) {
        let cluster = self.counted(caller);
        let counts = &mut self.state().counts;
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

    /// Sends what waits, if it is time to.
    pub async fn send_if_due(&self, now_ms: u64) {
        let due = {
            let state = self.state();
            let since_put = Duration::from_millis(now_ms.saturating_sub(state.last_put_ms));
            // After a failed put even a denial waits: a CloudWatch that hangs must not cost every
            // review its second.
            since_put >= INTERVAL || (state.urgent && state.failed.is_empty())
        };
        if due {
            self.send(now_ms, PUT).await;
        }
    }

    /// Sends all that waits, for the last time.
    pub async fn send_last(&self, now_ms: u64) {
        self.send(now_ms, LAST_PUT).await;
    }

    async fn send(&self, now_ms: u64, limit: Duration) {
        let (again, new) = {
            let mut state = self.state();
            state.urgent = false;
            state.last_put_ms = now_ms;
            let counts = std::mem::take(&mut state.counts);
            (std::mem::take(&mut state.failed), datum::data(counts))
        };
        if again.is_empty() && new.is_empty() {
            return;
        }
        let data: Vec<MetricDatum> = again.iter().chain(&new).cloned().collect();
        let result = timeout(limit, self.put(&data)).await;
        let error = match result {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(elapsed) => format!("no answer within {} ms ({elapsed})", limit.as_millis()),
        };
        if !again.is_empty() {
            let fields = Dropped { data: again.len(), error };
            self.log.warn(
                METRICS_DROPPED,
                "metrics were dropped: CloudWatch did not take them twice",
                &fields,
            );
        }
        self.state().failed = new;
    }

    async fn put(&self, data: &[MetricDatum]) -> Result<(), String> {
        for data in data.chunks(DATA) {
            let request = self.client().put_metric_data().namespace(&self.namespace);
            let sent = request.set_metric_data(Some(data.to_vec())).send().await;
            sent.map_err(error_text)?;
        }
        Ok(())
    }

    /// A panic elsewhere must not take the counts with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
