//! What an event says in addition to its review: when it arrived, how long the answer may take, in which account, and
//! from which cluster it came.

use std::time::Duration;

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::names::AccountId;
use lambda_runtime::Context;
use tokio::time::Instant;

use crate::gateway::Call;
use crate::inspect::Budget;
use crate::policy_copy::timestamp;
use crate::{account, deadline};

/// The arrival of one request. Made once and handed down, so that everything in a review happens at the
/// same instant and within the same budget.
#[derive(Debug)]
pub struct Arrival {
    /// The wall clock, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// What the look-ups may use.
    pub budget: Budget,
    /// The account of the function; `None` when its ARN cannot be read.
    pub own_account: Option<AccountId>,
    /// The cluster that the authorizer knows the caller as; `None` when it names none, so that nothing that the
    /// policy document allows in single clusters is allowed.
    pub cluster: Option<String>,
    started: Instant,
}

impl Arrival {
    /// The arrival of `call` at `now_ms`.
    pub fn new(now_ms: u64, call: &Call, context: &Context) -> Self {
        let started = Instant::now();
        let arrived_ms = call.arrived_ms.unwrap_or(now_ms);
        let left = deadline::budget(now_ms, arrived_ms, call.timeout, context.deadline);
        Self {
            now_ms,
            budget: Budget::new(started + left),
            own_account: account::of_function_arn(&context.invoked_function_arn),
            cluster: call.caller.cluster.clone(),
            started,
        }
    }

    /// The arrival at `now_ms` of what came with no event, from `cluster`, for a function of `own_account`: its look-ups
    /// must be over by `deadline`.
    pub fn without_event(
        now_ms: u64,
        deadline: Instant,
        own_account: AccountId,
        cluster: String,
    ) -> Self {
        let (budget, started) = (Budget::new(deadline), Instant::now());
        let (own_account, cluster) = (Some(own_account), Some(cluster));
        Self { now_ms, budget, own_account, cluster, started }
    }

    /// The instant of the arrival, as the policy core has it.
    pub fn timestamp(&self) -> Timestamp {
        timestamp(self.now_ms)
    }

    /// How long ago that was.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
