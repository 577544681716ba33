//! Waits while a service refuses calls for their rate.
//!
//! A review of the function must be answered in seconds, and is denied when ECR is too busy. Here there is time: a try
//! that is refused for its rate does not count, so that only the deadline of the run ends the waiting. Shortly before
//! it, the refusal is the result: it says more than that time is up. Other failures still end a call after a few tries.

use std::time::Duration;

use aws_sdk_ecr::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ecr::error::BoxError;
use aws_smithy_runtime::client::retries::classifiers::run_classifiers_on_ctx;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::retries::classifiers::{RetryAction, RetryReason};
use aws_smithy_types::retry::ErrorKind;
use tokio::time::Instant;

/// The longest wait before the second try. It doubles with each further one, and is shortened at random.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// The longest wait before any try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Gives a call another try for each one that was refused for its rate, while there is time for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitOutThrottling {
    /// When the run must be over.
    pub(super) deadline: Instant,
}

impl WaitOutThrottling {
    /// Settings for clients that wait.
    pub(super) fn added_to(self, config: Builder) -> Builder {
        let retries = RetryConfig::standard()
            .with_max_attempts(super::ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(LONGEST_BACKOFF);
        // The SDK's own bucket of retries would be empty soon.
        let partition = RetryPartition::custom("ecr-admission-check")
            .token_bucket(TokenBucket::unlimited())
            .build();
        config.retry_config(retries).retry_partition(partition).interceptor(self)
    }
}

impl Intercept for WaitOutThrottling {
    fn name(&self) -> &'static str {
        "WaitOutThrottling"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let action = run_classifiers_on_ctx(components.retry_classifiers(), context.inner());
        let RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) = action else {
            return Ok(());
        };
        if kind == ErrorKind::ThrottlingError
            && let Some(retries) = config.load::<RetryConfig>().cloned()
        {
            let is_time = Instant::now() + LONGEST_BACKOFF < self.deadline;
            let attempts = if is_time { retries.max_attempts().saturating_add(1) } else { 1 };
            config.interceptor_state().store_put(retries.with_max_attempts(attempts));
        }
        Ok(())
    }
}
