//! What Amazon ECR says of one image. A word that this crate does not know is kept as it came, and no
//! rule ever passes on it.

use std::sync::Arc;

use crate::index::{Child, Index};
use crate::mutability::TagMutability;
use crate::names::Digest;
use crate::policy::SeverityLimit;

pub mod manifest;
mod scan;

use manifest::{Elsewhere, NotUnderstood};

pub use scan::{
    Finding, Findings, Fix, ImageScan, LONGEST_ID, LONGEST_SHOWN, NAMED, Scan, ScanStatus,
    Severity, Worst,
};

/// What came of looking one image up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// Repository and image were found. Shared, since the cache of a sandbox holds the same facts.
    Inspected(Arc<ImageFacts>),
    /// ECR has no such repository.
    RepositoryNotFound,
    /// The repository holds no such image.
    ImageNotFound,
    /// The repository is a pull-through cache into which the image was not imported yet.
    NotImported,
    /// Between two look-ups the tag moved from one image to another, and again when they were repeated.
    Moved,
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
    /// It was not asked for on its own: too many repositories that were asked for with it do not exist.
    NotAsked,
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
    /// The first annotation, anywhere in the image, that makes a runtime restore a checkpoint.
    pub checkpoint: Option<String>,
}

impl ImageFacts {
    /// Whether a look-up failed that leaves a rule without its facts, be it that of one child.
    pub fn lacks_something(&self) -> bool {
        let lacks = |facts: &PlatformFacts| matches!(facts.config, Config::Unavailable(_));
        match &self.content {
            Content::Image(facts) => lacks(facts),
            Content::Index(Index::Children(children)) => {
                children.iter().any(|child| match &child.facts {
                    Ok(facts) => lacks(facts),
                    Err(NoFacts::Unavailable(_)) => true,
                    Err(NoFacts::NotInRepository | NoFacts::NotUnderstood(_)) => false,
                })
            }
            Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
            | Content::NotUnderstood(_) => false,
        }
    }

    /// About how many bytes of memory the facts take: enough to bound what is remembered.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.content {
                Content::Image(facts) => facts.bytes(),
                Content::Index(Index::Children(children)) => {
                    children.iter().map(Child::bytes).sum()
                }
                Content::Index(
                    Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors,
                )
                | Content::NotUnderstood(_) => 0,
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
    /// A manifest that a runtime could read otherwise: nobody knows what would run.
    NotUnderstood(NotUnderstood),
}

/// Why nothing is known of a child of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFacts {
    /// The index names it, but the repository does not hold it.
    NotInRepository,
    /// A runtime could read its manifest otherwise.
    NotUnderstood(NotUnderstood),
    /// A look-up failed.
    Unavailable(Unavailable),
}

/// The facts of an image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFacts {
    /// Its scan.
    pub scan: ImageScan,
    /// What its author says about the container.
    pub config: Config,
    /// What of it may be fetched from elsewhere than its repository; `None` for nothing.
    pub elsewhere: Option<Box<Elsewhere>>,
}

impl PlatformFacts {
    /// The facts of an image that lies in its repository as a whole.
    pub fn new(scan: ImageScan, config: Config) -> Self {
        Self { scan, config, elsewhere: None }
    }

    pub(crate) fn bytes(&self) -> usize {
        let elsewhere = self.elsewhere.as_deref().map_or(0, Elsewhere::bytes);
        size_of::<Self>() + self.scan.bytes() + self.config.bytes() + elsewhere
    }
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

impl Config {
    fn bytes(&self) -> usize {
        match self {
            Self::Read(config) => {
                let ports =
                    config.exposed_ports.iter().map(|port| size_of::<String>() + port.len());
                config.user.len() + ports.sum::<usize>()
            }
            Self::NotRead | Self::Unavailable(_) => 0,
        }
    }
}

/// `config` of an image's config blob (OCI image specification, image configuration).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `User`, such as `1000:1000`; empty when absent, which a runtime takes for root.
    pub user: String,
    /// The keys of `ExposedPorts`, such as `22/tcp`, as they came.
    pub exposed_ports: Vec<String>,
    /// `os` of the blob itself, such as `windows`; empty when absent.
    pub os: String,
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
    /// Whether the config of a platform must be read whose layers may come from elsewhere.
    pub foreign_layers: bool,
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
