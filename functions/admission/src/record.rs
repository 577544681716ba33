//! What each request leaves behind: one log line, and counts for CloudWatch.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use ecr_admission_lambda::Log;
use serde::Serialize;

use crate::arrival::Arrival;
use crate::bounded::bounded;
use crate::events::{BREAK_GLASS, EVENT_UNREADABLE, MUTATION, NOT_A_REVIEW, REVIEW, REVIEW_FAILED};
use crate::gateway::Caller;
use crate::metrics::Metrics;
use crate::outcome::{MutationOutcome, Outcome};
use crate::review::{Answer, Review, UserInfo};

mod line;

use line::{Line, MutationLine, TEXT};

/// Logs and counts.
#[derive(Debug)]
pub struct Recorder {
    log: Log,
    metrics: Arc<Metrics>,
}

#[derive(Serialize)]
struct EventFields<'a> {
    error: &'a str,
}

#[derive(Serialize)]
struct BodyFields<'a> {
    cluster: Option<&'a str>,
    via: Option<&'a str>,
    source_ip: Option<IpAddr>,
    error: &'a str,
}

#[derive(Serialize)]
struct BreakGlassFields<'a> {
    uid: Cow<'a, str>,
    cluster: Option<&'a str>,
    user: Option<Cow<'a, str>>,
    group: &'a str,
    reason: Cow<'a, str>,
}

impl Recorder {
    /// Writes to this log and adds to these counts.
    pub fn new(log: Log, metrics: Arc<Metrics>) -> Self {
        Self { log, metrics }
    }

    /// An event that could not be read.
    pub fn unreadable_event(&self, message: &str, error: &str) {
        self.log.error(EVENT_UNREADABLE, message, &EventFields { error });
    }

    /// A request with no review in its body.
    pub fn not_a_review(&self, caller: &Caller, source_ip: Option<IpAddr>, error: &str) {
        let (cluster, via) = (caller.cluster.as_deref(), caller.via.as_deref());
        let fields = BodyFields { cluster, via, source_ip, error };
        self.log.warn(NOT_A_REVIEW, "the request is not an AdmissionReview", &fields);
    }

    /// A denied request that is admitted by break-glass.
    pub fn break_glass(
        &self,
        caller: &Caller,
        uid: &str,
        user: &UserInfo,
        group: &str,
        reason: &str,
    ) {
        let user = user.username.as_deref().map(|user| bounded(user, TEXT));
        let (uid, reason) = (bounded(uid, TEXT), bounded(reason, TEXT));
        let fields =
            BreakGlassFields { uid, cluster: caller.cluster.as_deref(), user, group, reason };
        self.log.warn(BREAK_GLASS, "break-glass", &fields);
    }

    /// A review that was answered.
    pub fn review(
        &self,
        arrival: &Arrival,
        caller: &Caller,
        review: &Review<'_>,
        answer: &Answer,
        outcome: &Outcome,
    ) {
        let elapsed = arrival.elapsed();
        self.metrics.record(caller, outcome, elapsed, arrival.now_ms);
        let request = review.request.as_ref().ok();
        // Where the author reads a short denial, the full one is an audit annotation.
        let full = answer.audit_annotations.get("denial").map(String::as_str);
        let denial = full.or(answer.denial.as_deref());
        let line = Line::new(&review.uid, caller, request, outcome, denial, elapsed);
        if outcome.failed {
            self.log.error(REVIEW_FAILED, "review could not be evaluated", &line);
        } else {
            self.log.info(REVIEW, "review", &line);
        }
    }

    /// A request to the mutating webhook in which there was something to do.
    pub fn mutation(
        &self,
        arrival: &Arrival,
        caller: &Caller,
        review: &Review<'_>,
        outcome: &MutationOutcome,
    ) {
        self.metrics.record_mutation(caller, outcome, arrival.now_ms);
        let request = review.request.as_ref().ok();
        let line = MutationLine::new(&review.uid, caller, request, outcome, arrival.elapsed());
        self.log.info(MUTATION, "mutation", &line);
    }
}
