//! Reading the token secret: which version, and why that may fail.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tokens::{NotTokens, SecretVersion};

/// A staging label of Secrets Manager: which version of the token secret is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// AWSCURRENT: the version in force.
    Current,
    /// AWSPREVIOUS: the version that was in force before the last rotation. A cluster that shows a token of
    /// it has not taken up its new one yet.
    Previous,
}

impl Stage {
    /// The label as Secrets Manager knows it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// Reads the token secret.
pub trait ReadSecret {
    /// The version that has the label `stage` now.
    fn read(&self, stage: Stage) -> impl Future<Output = Result<SecretVersion, Unreadable>>;
}

/// A version of the token secret could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {} version of the token secret could not be read: {cause}", .stage.label())]
pub struct Unreadable {
    /// Which version.
    pub stage: Stage,
    /// Why.
    pub cause: Cause,
}

/// Why the secret could not be read. None of these quotes the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no secret with this name or ARN, or none of its versions has the label.
    NotFound(String),
    /// The secret was deleted and can still be restored.
    MarkedForDeletion,
    /// IAM does not allow this function to read the secret; the text is that of Secrets Manager and names
    /// the principal and the action.
    NotAuthorized(String),
    /// Any other denial, such as that of the KMS key, which has the same error code.
    AccessDenied(String),
    /// Too many requests.
    Throttled,
    /// No answer in time.
    TimedOut,
    /// No connection, and why.
    Unreachable(String),
    /// Any other refusal, as Secrets Manager words it.
    Refused(String),
    /// An answer that is not one of Secrets Manager. Its text is not repeated: it may hold the
    /// secret.
    BadAnswer,
    /// The secret is binary, or its text is not a JSON object.
    NotTokens,
    /// Nothing was read so far.
    NotYetRead,
}

impl Cause {
    /// Whether an operator took the secret away, or its content; an outage otherwise.
    ///
    /// Expired or unknown credentials and a clock that is off are outages as well: they say nothing about
    /// the secret.
    pub fn is_definite(&self) -> bool {
        match self {
            Self::NotFound(_)
            | Self::MarkedForDeletion
            | Self::NotAuthorized(_)
            | Self::NotTokens => true,
            Self::AccessDenied(_)
            | Self::Throttled
            | Self::TimedOut
            | Self::Unreachable(_)
            | Self::Refused(_)
            | Self::BadAnswer
            | Self::NotYetRead => false,
        }
    }
}

impl From<NotTokens> for Cause {
    fn from(NotTokens: NotTokens) -> Self {
        Self::NotTokens
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(secret) => write!(
                f,
                "there is no secret \"{secret}\", or it has no such version; \
                 set TOKEN_SECRET_ARN to a secret of this account and Region"
            ),
            Self::MarkedForDeletion => {
                f.write_str("the secret is marked for deletion; restore it with aws secretsmanager restore-secret")
            }
            Self::NotAuthorized(text) => {
                write!(
                    f,
                    "access denied: {text}; grant the function's role secretsmanager:GetSecretValue on the secret"
                )
            }
            Self::AccessDenied(text) => {
                write!(
                    f,
                    "access denied: {text}; grant the function's role kms:Decrypt on the key of the secret"
                )
            }
            Self::Throttled => f.write_str("Secrets Manager throttled the call; the next call tries again"),
            Self::TimedOut => f.write_str("Secrets Manager did not answer in time; the next call tries again"),
            Self::Unreachable(text) => write!(f, "no connection to Secrets Manager: {text}"),
            Self::Refused(text) => write!(f, "Secrets Manager refused: {text}"),
            Self::BadAnswer => f.write_str("the answer is not from Secrets Manager"),
            Self::NotYetRead => f.write_str("it has not been read yet"),
            Self::NotTokens => {
                f.write_str("it is not a JSON object of cluster names and tokens; store one in it")
            }
        }
    }
}
