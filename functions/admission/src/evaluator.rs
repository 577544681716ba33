//! What admission says of a review: the settings, the policy document and the look-ups, put together.
//!
//! It knows no HTTP, writes no line about a review and counts nothing, so that `deploy/check` says of a manifest what
//! the webhooks would say of its Pods, by the same code.

use ecr_admission_lambda::Log;
use tokio::time::Instant;

use crate::config::Config;
use crate::inspect::InspectImage;
use crate::lookups::Lookups;
use crate::policy_copy::PolicyCopy;
use crate::policy_secret::{LONGEST_READ, PolicySecret, ReadPolicy};
use crate::review::Request;

mod mutate;
mod policy;
mod validate;

pub use mutate::Replacement;
pub use validate::{Evaluation, Validation};

/// Answers reviews. It has no wall clock: its caller says when each arrived.
#[derive(Debug)]
pub struct Evaluator<I, R = PolicySecret> {
    config: Config,
    lookups: Lookups<I>,
    policies: PolicyCopy<R>,
}

impl<I: InspectImage, R: ReadPolicy> Evaluator<I, R> {
    /// An evaluator that looks images up through `inspector`, and the policy document through `reader`; without a
    /// reader the parameters are the policy. What becomes of the document is written to `log`.
    pub fn new(config: Config, inspector: I, reader: Option<R>, log: Log) -> Self {
        let lookups = Lookups::new(inspector, config.cache);
        let policies = PolicyCopy::new(reader, config.cache, log);
        Self { config, lookups, policies }
    }

    /// Reads the policy document before the first review. If it is invalid, that is logged here, and said in
    /// the answer to every review.
    pub async fn prepare(&self, now_ms: u64) {
        self.policies.at_hand(Instant::now() + LONGEST_READ, now_ms).await;
    }

    /// Whether the operator exempts the namespace of the request from both webhooks.
    fn is_ignored(&self, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        namespace.is_some_and(|namespace| self.config.ignored_namespaces.contains(namespace))
    }
}
