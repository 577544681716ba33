//! Why a workload is refused before any of its images is evaluated.

use std::fmt;

/// Why nothing is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The workload has more distinct images to look up than the limit.
    TooManyImages {
        /// The kind of the workload, such as `Pod`.
        kind: String,
        /// How many it has.
        images: usize,
        /// How many it may have.
        limit: usize,
    },
    /// There is a policy document, and no good copy of it.
    PolicyUnavailable {
        /// Why it could not be read.
        why: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyImages { kind, images, limit } => write!(
                f,
                "the {kind} has {images} distinct images to look up, more than the {limit} allowed; split it or raise the parameter MaxImages"
            ),
            Self::PolicyUnavailable { why } => write!(
                f,
                "policy unavailable: {why}; see the function's log, and check the document with deploy/policy check"
            ),
        }
    }
}
