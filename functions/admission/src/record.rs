//! What became of a review: the one log line it leaves, and what its counts are made from.

use std::collections::BTreeSet;

use ecr_admission_policy::Rule;
use ecr_admission_policy::mutate::Change;
use ecr_admission_policy::verdict::{EvaluatedImage, Violation};
use serde::Serialize;

mod bounded;
mod line;

pub use bounded::{Listed, NAMED, bounded};
pub(crate) use line::TEXT;
pub use line::{Line, MutationLine};

/// What became of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Allowed, perhaps with warnings.
    Admitted,
    /// Not allowed.
    Denied,
    /// Allowed without judgement, for its namespace.
    Ignored,
}

impl Decision {
    /// The word for it in logs and audit annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Denied => "denied",
            Self::Ignored => "ignored",
        }
    }
}

/// Whether the policy that judged is the one that the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAge {
    /// It is, but for the seconds that a copy may be kept.
    Current,
    /// It may not be: the document could not be read again, and the last good copy judged.
    Outdated,
}

/// What there is to count and to log of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub decision: Decision,
    /// Whether its author was warned.
    pub warned: bool,
    /// Whether something could not be judged: a look-up failed, or the request could not be read.
    pub failed: bool,
    /// The rules that denied it.
    pub denied_by: BTreeSet<Rule>,
    /// The rules that its author was warned of.
    pub warned_of: BTreeSet<Rule>,
    /// The rules that were violated and only audited.
    pub audited: BTreeSet<Rule>,
    /// Whether it was admitted by break-glass.
    pub broke_glass: bool,
    /// Which policy judged it.
    pub policy: PolicyAge,
    /// What is wrong with its images, in whatever mode; what denies comes first.
    pub violations: Listed<Violation>,
    /// The images that were judged.
    pub images: Listed<EvaluatedImage>,
    /// The calls of the ECR API that it took.
    pub registry_calls: u32,
    /// Those of them that ECR refused for their rate.
    pub throttled: u32,
    /// The images whose facts were remembered.
    pub cache_hits: usize,
}

impl Outcome {
    /// A review that was decided without judging an image.
    pub fn unjudged(decision: Decision) -> Self {
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
    /// How many were to get a digest and could not.
    pub not_pinned: usize,
    /// The calls of the ECR API that it took.
    pub registry_calls: u32,
    /// Those of them that ECR refused for their rate.
    pub throttled: u32,
    /// The images whose facts were remembered.
    pub cache_hits: usize,
}
