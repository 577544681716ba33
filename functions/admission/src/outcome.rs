//! The outcome of a review: what its log line and its counts are made from.

use std::collections::BTreeSet;

use ecr_admission_policy::Rule;
use ecr_admission_policy::mutate::Change;
use ecr_admission_policy::verdict::{EvaluatedImage, Violation};
use serde::Serialize;

use crate::bounded::Listed;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReviewDecision {
    /// Allowed, perhaps with warnings.
    Admitted,
    /// Not allowed.
    Denied,
    /// Allowed without evaluation, because of its namespace.
    Ignored,
}

impl ReviewDecision {
    /// The word for it in logs and audit annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Denied => "denied",
            Self::Ignored => "ignored",
        }
    }
}

/// Whether the policy in force is the one that the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAge {
    /// It is, except for the seconds that a copy may be kept.
    Current,
    /// It may not be: the document could not be read again, and the last good copy was in force.
    Outdated,
}

/// What there is to count and to log of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was decided.
    pub decision: ReviewDecision,
    /// Whether its author was warned.
    pub warned: bool,
    /// Whether something could not be evaluated: a look-up failed, or the request could not be read.
    pub failed: bool,
    /// The rules that denied it.
    pub denied_by: BTreeSet<Rule>,
    /// The rules that its author was warned of.
    pub warned_of: BTreeSet<Rule>,
    /// The rules that were violated and only audited.
    pub audited: BTreeSet<Rule>,
    /// Whether it was admitted by break-glass.
    pub broke_glass: bool,
    /// Which policy was in force.
    pub policy: PolicyAge,
    /// What is wrong with its images, in any mode; what denies comes first.
    pub violations: Listed<Violation>,
    /// The images that were evaluated.
    pub images: Listed<EvaluatedImage>,
    /// Which of them were allowed without being looked up.
    pub not_inspected: Option<String>,
    /// The ECR API calls that it took.
    pub registry_calls: u32,
    /// How many of those calls ECR throttled.
    pub throttled: u32,
    /// The images whose facts came from the cache.
    pub cache_hits: usize,
}

impl Outcome {
    /// A review that was decided without evaluating an image.
    pub fn unevaluated(decision: ReviewDecision) -> Self {
        Self {
            decision,
            warned: false,
            failed: false,
            denied_by: BTreeSet::new(),
            warned_of: BTreeSet::new(),
            audited: BTreeSet::new(),
            broke_glass: false,
            policy: PolicyAge::Current,
            violations: Listed::default(),
            images: Listed::default(),
            not_inspected: None,
            registry_calls: 0,
            throttled: 0,
            cache_hits: 0,
        }
    }
}

/// What there is to count and to log of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutationOutcome {
    /// The images that were replaced.
    pub changes: Vec<Change>,
    /// How many could not be pinned.
    pub not_pinned: usize,
    /// The ECR API calls that it took.
    pub registry_calls: u32,
    /// How many of those calls ECR throttled.
    pub throttled: u32,
    /// The images whose facts came from the cache.
    pub cache_hits: usize,
}
