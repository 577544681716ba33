//! Why a request is not evaluated.

use std::fmt;

use ecr_admission_policy::Mode;
use ecr_admission_policy::text::{QUOTED, quote};

use crate::review::GroupVersionKind;

/// Why a request is not evaluated. Its text is what the author reads: what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The AdmissionRequest could not be read.
    UnreadableRequest(String),
    /// The operation is none that Kubernetes has.
    UnknownOperation(String),
    /// The kind is not supported: it could start anything.
    UnknownKind(GroupVersionKind),
    /// The images of the object could not be read.
    UnreadableObject {
        /// The kind of the object.
        kind: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The ARN of the function does not name its account.
    UnknownAccount,
    /// There are more images to look up than the operator allows.
    TooManyImages {
        /// The kind of the object.
        kind: String,
        /// How many distinct images there are to look up.
        images: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// No policy is in force, for this reason.
    PolicyUnavailable(String),
}

impl Refusal {
    /// This refusal of a workload for which a violation does `mode`.
    pub fn under(self, mode: Mode) -> Refused {
        Refused { refusal: self, mode }
    }
}

/// A request that is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// What that does to it. A controller is admitted with a warning, since its Pods are evaluated;
    /// anything else is denied.
    pub mode: Mode,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnreadableRequest(problem) => f.write_str(problem),
            Self::UnknownOperation(operation) => write!(
                f,
                "expected operation CREATE, UPDATE, DELETE or CONNECT, got {}",
                quote(operation, 64)
            ),
            Self::UnknownKind(kind) => write!(
                f,
                "kind {} is not supported; remove it from the rules of the webhook configuration",
                quote(&kind.to_string(), QUOTED)
            ),
            Self::UnreadableObject { kind, problem } => {
                write!(f, "the {kind} could not be read: {problem}")
            }
            Self::UnknownAccount => {
                f.write_str("the account of the function could not be read from its ARN")
            }
            Self::TooManyImages { kind, images, limit } => write!(
                f,
                "the {kind} has {images} distinct images to look up, more than the {limit} allowed; split it or raise the parameter MaxImages"
            ),
            Self::PolicyUnavailable(why) => write!(
                f,
                "policy unavailable: {why}; see the function's log, and check the document with deploy/policy check"
            ),
        }
    }
}
