//! What Amazon ECR says of one image. A word that this crate does not know is kept as it came, and no
//! rule ever passes on it.

use std::collections::BTreeMap;

use crate::index::Index;
use crate::mutability::TagMutability;
use crate::names::Digest;

/// What came of looking one image up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// Repository and image were found, and every fact could be read.
    Inspected(Box<ImageFacts>),
    /// ECR has no such repository.
    RepositoryNotFound,
    /// The repository holds no such image.
    ImageNotFound,
    /// A look-up failed: nothing is known against the image, and nothing for it.
    Unavailable(Unavailable),
}

/// A look-up that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// The API operation, such as `ecr:DescribeRepositories`.
    pub operation: &'static str,
    /// Why it failed.
    pub cause: Cause,
}

/// Why a look-up failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// AWS refused it for its rate.
    Throttled,
    /// The function's role, or the repository's policy, does not allow it.
    AccessDenied,
    /// No answer came before the review had to be answered.
    TimedOut,
    /// AWS answered with an error of its own, or with something that could not be read.
    Internal,
}

/// The facts of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// What its repository is set to.
    pub repository: RepositoryFacts,
    /// The digest that the tag or digest stands for now.
    pub digest: Digest,
    /// One image, or an index of several.
    pub content: Content,
}

/// What a repository is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Whether a tag can be overwritten.
    pub mutability: TagMutability,
    /// When its images are scanned.
    pub scanning: Scanning,
}

/// When the images of a repository are scanned, and which answer says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanning {
    /// The effective frequency (`BatchGetRepositoryScanningConfiguration`).
    Effective(ScanFrequency),
    /// The repository's own `scanOnPush` flag: all that can be read in another account's registry.
    RepositoryFlag(bool),
}

/// `scanFrequency` of a repository's effective scanning configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanFrequency {
    /// Once, when an image is pushed.
    ScanOnPush,
    /// When an image is pushed, and again when a new vulnerability becomes known.
    ContinuousScan,
    /// Only when somebody asks.
    Manual,
    /// A word that this version does not know.
    Unknown(String),
}

/// One image or several under one digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An image of one platform, with its scan.
    Image(ImageScan),
    /// An image index: ECR scans its children, not the index.
    Index(Index),
}

/// What `DescribeImageScanFindings` says of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageScan {
    /// The image was never scanned (`ScanNotFoundException`).
    NotFound,
    /// There is a scan.
    Found(Scan),
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// How far it came.
    pub status: ScanStatus,
    /// Whether `imageScanCompletedAt` was sent.
    pub completed: bool,
    /// How many findings there are of each severity.
    pub findings: BTreeMap<Severity, u64>,
}

/// `imageScanStatus.status`. Only two of its words can say that a result is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanStatus {
    /// A basic scan that ended.
    Complete,
    /// An enhanced (continuous) scan that goes on; its first result may still be missing.
    Active,
    /// Any other word, known or not: there is no result to judge.
    Other(String),
}

/// The severity of a finding, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `UNDEFINED`: the source of the finding gave none.
    Undefined,
    /// `UNTRIAGED`: nobody has given it one yet.
    Untriaged,
    /// `INFORMATIONAL`.
    Informational,
    /// `LOW`.
    Low,
    /// `MEDIUM`.
    Medium,
    /// `HIGH`.
    High,
    /// `CRITICAL`.
    Critical,
    /// A word that this version does not know; it sorts, and is judged, above all others.
    Unknown(String),
}

impl From<&str> for ScanStatus {
    fn from(word: &str) -> Self {
        match word {
            "COMPLETE" => Self::Complete,
            "ACTIVE" => Self::Active,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<&str> for ScanFrequency {
    fn from(word: &str) -> Self {
        match word {
            "SCAN_ON_PUSH" => Self::ScanOnPush,
            "CONTINUOUS_SCAN" => Self::ContinuousScan,
            "MANUAL" => Self::Manual,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl From<&str> for Severity {
    fn from(word: &str) -> Self {
        match word {
            "UNDEFINED" => Self::Undefined,
            "UNTRIAGED" => Self::Untriaged,
            "INFORMATIONAL" => Self::Informational,
            "LOW" => Self::Low,
            "MEDIUM" => Self::Medium,
            "HIGH" => Self::High,
            "CRITICAL" => Self::Critical,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl Severity {
    /// Whether nobody has said how severe the finding is.
    pub fn is_unrated(&self) -> bool {
        matches!(self, Self::Undefined | Self::Untriaged)
    }

    /// The word that ECR uses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Untriaged => "UNTRIAGED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
            Self::Unknown(word) => word,
        }
    }
}
