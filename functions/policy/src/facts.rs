//! What Amazon ECR says of one image. A word that this crate does not know is kept as it came, and no
//! rule ever passes on it.

use crate::index::Index;
use crate::mutability::TagMutability;
use crate::names::Digest;
use crate::policy::SeverityLimit;

mod scan;

pub use scan::{
    Finding, Findings, Fix, ImageScan, LONGEST_ID, LONGEST_SHOWN, NAMED, Scan, ScanStatus,
    Severity, Worst,
};

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
    /// The same, and AWS names an action other than the operation, such as `inspector2:ListFindings`.
    /// It is one of a fixed list, and never text of AWS.
    ActionDenied(&'static str),
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

impl ImageFacts {
    /// Whether a look-up failed that leaves a single rule without its facts.
    pub fn lacks_something(&self) -> bool {
        let lacks = |facts: &PlatformFacts| matches!(facts.config, Config::Unavailable(_));
        match &self.content {
            Content::Image(facts) => lacks(facts),
            Content::Index(Index::Children(children)) => {
                children.iter().any(|child| child.facts.as_ref().is_some_and(lacks))
            }
            Content::Index(Index::TooDeep | Index::TooManyChildren) => false,
        }
    }

    /// How many findings are kept, over all platforms.
    pub fn findings(&self) -> usize {
        let kept = |facts: &PlatformFacts| match &facts.scan {
            ImageScan::Found(scan) => scan.findings.read().len(),
            ImageScan::NotFound => 0,
        };
        match &self.content {
            Content::Image(facts) => kept(facts),
            Content::Index(Index::Children(children)) => {
                children.iter().filter_map(|child| child.facts.as_ref()).map(kept).sum()
            }
            Content::Index(Index::TooDeep | Index::TooManyChildren) => 0,
        }
    }
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
    /// An image of one platform.
    Image(PlatformFacts),
    /// An image index: ECR scans its children, not the index.
    Index(Index),
}

/// The facts of an image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFacts {
    /// Its scan.
    pub scan: ImageScan,
    /// What its author says about the container.
    pub config: Config,
}

/// The config blob of an image, as far as rules depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Config {
    /// Nobody asked for it.
    NotRead,
    /// It was read.
    Read(ImageConfig),
    /// It was to be read, and could not be.
    Unavailable(Unavailable),
}

/// `config` of an image's config blob (OCI image specification, image configuration).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `User`, such as `1000:1000`; empty when absent, which a runtime takes for root.
    pub user: String,
    /// The keys of `ExposedPorts`, such as `22/tcp`, as they came.
    pub exposed_ports: Vec<String>,
}

/// Which facts a policy needs beside those that are always looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// The severity at and above which findings matter: lower ones need not be kept.
    pub severity_limit: SeverityLimit,
    /// Whether every finding at or above the limit must be read ([`Findings::All`]).
    pub all_findings: bool,
    /// Whether the config of every platform must be read.
    pub config: bool,
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
