//! What Amazon ECR says of one image. A word that this crate does not know is kept as it came, and no
//! rule ever passes on it.

use std::sync::Arc;

use crate::names::Digest;

pub mod index;
pub mod manifest;
pub mod mutability;
mod platform;
mod scan;
mod severity_limit;
mod signing;
mod unavailable;

use index::{Child, Index};
use manifest::NotUnderstood;
use mutability::TagMutability;

pub use index::NoFacts;
pub use platform::{ConfigFacts, ImageConfig, PlatformFacts};
pub use severity_limit::{InvalidSeverityLimit, SeverityLimit};
pub use signing::{LONGEST_SIGNING_TEXT, SigningFacts, SigningState, SigningStatus};
pub use unavailable::{Cause, Unavailable};

pub use scan::{
    Finding, Findings, Fix, ImageScan, LONGEST_ID, LONGEST_SHOWN, NAMED, Scan, ScanStatus,
    Severity, Worst,
};

/// The result of looking up one image.
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

/// The facts of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// What its repository is set to.
    pub repository: RepositoryFacts,
    /// The digest that the tag or digest means now.
    pub digest: Digest,
    /// One image, or an index of several.
    pub content: Content,
    /// The first annotation, anywhere in the image, that makes a runtime restore a checkpoint.
    pub checkpoint: Option<String>,
    /// What ECR says about its signing of this digest: of an index, not of its children.
    pub signing: SigningFacts,
}

impl ImageFacts {
    /// Whether a failed look-up leaves a rule without its facts, even if only of one child.
    pub fn is_incomplete(&self) -> bool {
        let lacks = |facts: &PlatformFacts| matches!(facts.config, ConfigFacts::Unavailable(_));
        if matches!(self.signing, SigningFacts::Unavailable(_)) {
            return true;
        }
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
            + self.signing.bytes()
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
