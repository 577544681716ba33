//! What Amazon ECR says about its own signing of an image (`DescribeImageSigningStatus`). It is ECR's word:
//! nobody has read a signature.

use super::unavailable::Unavailable;

/// The longest text of a signing status that is only shown, in characters. A longer one is cut when it is
/// read.
pub const LONGEST_SIGNING_TEXT: usize = 128;

/// The signing statuses of an image, one for each signing profile that a rule of its registry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningFacts {
    /// Nobody asked for them.
    NotRead,
    /// All of them, in the order in which ECR lists them.
    Read(Vec<SigningStatus>),
    /// They were to be read, and could not be.
    Unavailable(Unavailable),
}

impl SigningFacts {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Read(statuses) => statuses.iter().map(SigningStatus::bytes).sum(),
            Self::NotRead | Self::Unavailable(_) => 0,
        }
    }
}

/// The signing status of an image for one signing profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningStatus {
    /// `signingProfileArn`, as it came. It is kept in full, or cut where it is longer than a profile's ARN can be.
    pub profile: String,
    /// How far the signing came.
    pub state: SigningState,
}

impl SigningStatus {
    fn bytes(&self) -> usize {
        let texts = match &self.state {
            SigningState::InProgress | SigningState::Complete => 0,
            SigningState::Failed { code, reason } => code.len() + reason.len(),
            SigningState::Unknown(word) => word.len(),
        };
        size_of::<Self>() + self.profile.len() + texts
    }
}

/// `status` of an image's signing. Only one of its words says that there is a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningState {
    /// `IN_PROGRESS`.
    InProgress,
    /// `COMPLETE`: the signature was generated.
    Complete,
    /// `FAILED`.
    Failed {
        /// `failureCode`; empty when absent.
        code: String,
        /// `failureReason`; empty when absent.
        reason: String,
    },
    /// Any other word.
    Unknown(String),
}

impl SigningState {
    /// A status in ECR's word, with `failureCode` and `failureReason`, each empty when absent.
    pub fn new(word: &str, code: String, reason: String) -> Self {
        match word {
            "IN_PROGRESS" => Self::InProgress,
            "COMPLETE" => Self::Complete,
            "FAILED" => Self::Failed { code, reason },
            other => Self::Unknown(other.to_owned()),
        }
    }
}
