//! What is wrong with the signing of an image, and the words for it.

use std::fmt;

use super::unavailable::FailedLookup;
use super::words::{WORD, unknown_word};
use crate::facts::LONGEST_SIGNING_TEXT;
use crate::names::LONGEST_SIGNING_PROFILE;
use ecr_admission_text::quote;

/// What is wrong with the signing of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SigningProblem {
    /// Amazon ECR has no signing status for a profile that the policy lists.
    NotSigned {
        /// The first profile for which it has one.
        other: Option<String>,
    },
    /// The signing by this profile has not ended yet.
    InProgress {
        /// The profile.
        profile: String,
    },
    /// The signing by this profile failed.
    Failed {
        /// The profile.
        profile: String,
        /// `failureCode`; empty when absent.
        code: String,
        /// `failureReason`; empty when absent.
        reason: String,
    },
    /// The signing by this profile has a status that this version does not know.
    Unknown {
        /// The profile.
        profile: String,
        /// The status.
        word: String,
    },
    /// The signing statuses could not be read.
    Unavailable(FailedLookup),
    /// The signing statuses were not looked up.
    NotRead,
}

/// The alternate form (`{:#}`) names no profile, whose ARN has an account in it, and repeats no reason of
/// AWS, which may name more.
impl fmt::Display for SigningProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = f.alternate();
        match self {
            Self::NotSigned { other } => {
                f.write_str("is not signed with a listed signing profile (Amazon ECR reports ")?;
                match other {
                    None => f.write_str("none")?,
                    Some(_) if short => f.write_str("others only")?,
                    Some(other) => write!(f, "{} only", quote(other, LONGEST_SIGNING_PROFILE))?,
                }
                f.write_str("); add its repository to the registry's signing configuration and push it again")
            }
            Self::InProgress { profile } => {
                f.write_str("is still being signed")?;
                by(f, profile)?;
                f.write_str("; try again in a minute")
            }
            Self::Failed { profile, code, reason } => {
                f.write_str("could not be signed")?;
                by(f, profile)?;
                f.write_str(": ")?;
                if code.is_empty() {
                    f.write_str("Amazon ECR reports no failure code")?;
                } else {
                    write!(f, "failure code {}", quote(code, WORD))?;
                }
                if !short && !reason.is_empty() {
                    write!(f, " ({})", quote(reason, LONGEST_SIGNING_TEXT))?;
                }
                f.write_str("; correct the cause and push it again")
            }
            Self::Unknown { profile, word } => {
                f.write_str("is not known to be signed")?;
                by(f, profile)?;
                f.write_str(": its signing status is ")?;
                unknown_word(f, word)?;
                f.write_str("; see the signing status of the image in Amazon ECR")
            }
            Self::Unavailable(failed) => failed.fmt(f),
            Self::NotRead => f.write_str(
                "could not be evaluated: its signing status was not read; try again; if it persists, see the function's log",
            ),
        }
    }
}

fn by(f: &mut fmt::Formatter<'_>, profile: &str) -> fmt::Result {
    if f.alternate() {
        return Ok(());
    }
    write!(f, " with {}", quote(profile, LONGEST_SIGNING_PROFILE))
}
