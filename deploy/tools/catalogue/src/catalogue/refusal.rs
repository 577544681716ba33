//! Errors that ECR answers with instead of what the catalogue holds.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The answer of one operation about a repository, an image or a layer.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Refusal {
    pub(crate) operation: Operation,
    /// The tag or digest of the image, or the digest of the layer; `None` for the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<String>,
    pub(crate) code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

/// An operation that can be refused.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    BatchGetImage,
    BatchGetRepositoryScanningConfiguration,
    DescribeImageScanFindings,
    DescribeImageSigningStatus,
    DescribeRepositories,
    GetDownloadUrlForLayer,
}

impl Operation {
    /// Whether its answer has failures of single items.
    pub(crate) fn has_failures(self) -> bool {
        matches!(self, Self::BatchGetImage | Self::BatchGetRepositoryScanningConfiguration)
    }
}

/// What is answered.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[serde(into = "String")]
pub(crate) enum Code {
    /// The whole call fails with this exception.
    Exception(&'static str),
    /// The image or the repository is among the failures of the call, with this code.
    Failure(String),
    /// Nothing is known: [`NOT_RECORDED`].
    NotRecorded,
}

/// The code of an answer that a recording does not hold. It is none of ECR: what was not heard must not pass for what
/// ECR does not hold.
pub const NOT_RECORDED: &str = "NotRecorded";

/// The exceptions that say something about a repository, an image or a layer. All others are about the moment or the
/// caller: throttling, a failure of ECR, credentials that expired.
const EXCEPTIONS: [&str; 11] = [
    "AccessDeniedException",
    "ImageNotFoundException",
    "InvalidParameterException",
    "LayerInaccessibleException",
    "LayersNotFoundException",
    "RepositoryNotFoundException",
    "ScanNotFoundException",
    "UnableToGetUpstreamImageException",
    "UnableToGetUpstreamLayerException",
    "UnsupportedImageTypeException",
    "ValidationException",
];

impl Code {
    /// The exception, if it says something about what was asked for.
    pub(crate) fn exception(code: &str) -> Option<Self> {
        EXCEPTIONS.into_iter().find(|known| *known == code).map(Self::Exception)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Self::exception(&text) {
            Some(exception) => Ok(exception),
            None if text.ends_with("Exception") => {
                let expected = EXCEPTIONS.join(", ");
                Err(D::Error::custom(format!(r#"expected one of {expected}, got "{text}""#)))
            }
            None if text == NOT_RECORDED => Ok(Self::NotRecorded),
            None => Ok(Self::Failure(text)),
        }
    }
}

impl From<Code> for String {
    fn from(code: Code) -> String {
        match code {
            Code::Exception(code) => code.to_owned(),
            Code::Failure(code) => code,
            Code::NotRecorded => NOT_RECORDED.to_owned(),
        }
    }
}
