//! Why a rule is violated, and the words for it: what is, with the value; what to do.
//!
//! Lower case, no final period, foreign text quoted.

use std::fmt;
use std::sync::Arc;

use crate::facts::index::{Child, ChildName};
use crate::facts::manifest::NotUnderstood;
use crate::facts::mutability::TagMutability;
use crate::facts::{NoFacts, Scanning};
use crate::image::{EcrImage, ImageId, MalformedImage};
use crate::mode::Mode;
use crate::names::{RepositoryName, Tag};
use crate::policy::Allowed;
#[cfg(doc)]
use crate::policy::denials::Denials;
use crate::policy::excuse::Excuse;
use crate::rule::Rule;
use ecr_admission_text::quote;

mod config;
mod manifest;
mod repository;
mod scan;
mod signing;
mod unavailable;
mod words;

pub use config::ConfigProblem;
pub use manifest::ElsewhereProblem;
pub use scan::{Counts, HiddenFrom, ScanProblem};
pub use signing::SigningProblem;
pub use unavailable::FailedLookup;

use words::WORD;

/// Why a rule is violated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The image string is not an image reference.
    MalformedImage(MalformedImage),
    /// The registry is not ECR private.
    NotEcrPrivate,
    /// The registry is ECR private, of an account, a Region or a repository that is not allowed.
    RegistryNotAllowed {
        /// The image.
        image: EcrImage,
        /// What is allowed.
        allowed: Arc<Allowed>,
    },
    /// The image would be allowed without being looked up if it were named by digest.
    UninspectedTag(EcrImage),
    /// The repository does not exist.
    RepositoryNotFound(EcrImage),
    /// The repository does not hold the image.
    ImageNotFound(EcrImage),
    /// ECR imports the image when it is first pulled, and nobody has pulled it yet.
    NotImportedYet(EcrImage),
    /// The tag moved while the image was looked up.
    TagMoved,
    /// A look-up failed.
    Unavailable(FailedLookup),
    /// A runtime could read the manifest differently.
    NotUnderstood {
        /// The child of the index, if the image is one.
        child: Option<Box<ChildName>>,
        /// Why.
        why: NotUnderstood,
    },
    /// Some of its content may be fetched from outside its repository.
    LayersElsewhere {
        /// The child of the index, if the image is one.
        child: Option<Box<ChildName>>,
        /// What is wrong with that.
        problem: ElsewhereProblem,
    },
    /// The image makes a runtime restore a checkpoint.
    Checkpoint {
        /// The annotation that does.
        annotation: String,
    },
    /// An earlier rule failed that does not deny, and left nothing to evaluate.
    NotEvaluated {
        /// The earlier rule.
        earlier: Rule,
    },
    /// The tag can be overwritten.
    MutableTag {
        /// The repository.
        repository: RepositoryName,
        /// The tag.
        tag: Tag,
        /// What the repository is set to.
        mutability: TagMutability,
    },
    /// The image is named by tag, where pinning is on.
    NotPinned {
        /// Whether the mutating webhook can pin it: it cannot where the image is never looked up.
        pinnable: bool,
    },
    /// Images are not scanned when they are pushed.
    NotScannedOnPush {
        /// The repository.
        repository: RepositoryName,
        /// What the repository is set to.
        scanning: Scanning,
        /// Who does not see what the registry is set to, where only the repository's own flag was read.
        hidden: Option<HiddenFrom>,
    },
    /// The scan, or what it found.
    Scan {
        /// The child of the index, if the image is one.
        child: Option<Box<ChildName>>,
        /// What is wrong with it.
        problem: ScanProblem,
    },
    /// What the image's author says about the container.
    Config {
        /// The child of the index, if the image is one.
        child: Option<Box<ChildName>>,
        /// What is wrong with it.
        problem: ConfigProblem,
    },
    /// Amazon ECR does not say that it signed the image with a profile that the policy lists.
    Signing(SigningProblem),
    /// The index names a child that the repository does not hold.
    PlatformNotFound(Box<ChildName>),
    /// The index holds nothing that a runtime could run.
    IndexWithoutImage,
    /// Indexes are nested deeper than this.
    IndexTooDeep {
        /// The deepest that is opened.
        limit: usize,
    },
    /// The index has more children than this.
    IndexTooLarge {
        /// The maximum that is evaluated.
        limit: usize,
    },
    /// The index, and those in it, have more descriptors than this.
    IndexTooManyDescriptors {
        /// The maximum that is read.
        limit: usize,
    },
    /// Nothing is wrong yet: something by which the image passes expires soon. This warns, whatever the
    /// mode.
    ExpiresSoon {
        /// What expires, such as `the exemption`.
        what: String,
        /// Why, by whom, until when.
        excuse: Excuse,
    },
}

impl Reason {
    /// The strictest mode that it can have, whatever the mode of the rule.
    pub fn mode_limit(&self) -> Mode {
        match self {
            Self::ExpiresSoon { .. } => Mode::Warn,
            Self::Scan { problem, .. } => problem.mode_limit(),
            Self::MalformedImage(_)
            | Self::NotEcrPrivate
            | Self::RegistryNotAllowed { .. }
            | Self::UninspectedTag(_)
            | Self::RepositoryNotFound(_)
            | Self::ImageNotFound(_)
            | Self::NotImportedYet(_)
            | Self::TagMoved
            | Self::Unavailable(_)
            | Self::NotUnderstood { .. }
            | Self::LayersElsewhere { .. }
            | Self::Checkpoint { .. }
            | Self::NotEvaluated { .. }
            | Self::MutableTag { .. }
            | Self::NotPinned { .. }
            | Self::NotScannedOnPush { .. }
            | Self::Config { .. }
            | Self::Signing(_)
            | Self::PlatformNotFound(_)
            | Self::IndexWithoutImage
            | Self::IndexTooDeep { .. }
            | Self::IndexTooLarge { .. }
            | Self::IndexTooManyDescriptors { .. } => Mode::Deny,
        }
    }

    /// Why a rule can say nothing about a child of an index.
    pub(crate) fn of_missing(child: &Child, missing: &NoFacts) -> Self {
        match missing {
            // Somebody may push it later.
            NoFacts::NotInRepository => Self::PlatformNotFound(child.name().into()),
            // `image-available` has said what is wrong.
            NoFacts::NotUnderstood(_) | NoFacts::Unavailable(_) => {
                Self::NotEvaluated { earlier: Rule::ImageAvailable }
            }
        }
    }

    /// Whether it says that a look-up failed.
    pub fn is_failed_lookup(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Scan { problem: ScanProblem::NotAllRead, .. }
                | Self::Config {
                    problem: ConfigProblem::Unavailable(_) | ConfigProblem::NotRead,
                    ..
                }
                | Self::Signing(SigningProblem::Unavailable(_) | SigningProblem::NotRead)
        )
    }
}

/// The alternate form (`{:#}`) is the short one ([`Denials::Short`]): without names of vulnerabilities,
/// and without accounts and repositories that the author of the workload did not write.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedImage(malformed) => write!(
                f,
                "is not a valid image reference ({malformed}); write registry/repository:tag or registry/repository@sha256:<64 hexadecimal digits>"
            ),
            Self::NotEcrPrivate => f.write_str(
                "is not in an Amazon ECR private registry; push it to <account>.dkr.ecr.<region>.amazonaws.com and use that reference",
            ),
            Self::RegistryNotAllowed { image, allowed } => repository::not_allowed(f, image, allowed),
            Self::UninspectedTag(EcrImage { repository, account, region, .. }) => write!(
                f,
                "repository \"{repository}\" of account {account} in {region} is allowed without inspection, but only by digest, since it is not an Amazon EKS add-on account of AWS; name the digest"
            ),
            Self::RepositoryNotFound(image) => write!(
                f,
                "repository \"{}\" does not exist in registry {} in {}; create it or correct the image",
                image.repository, image.account, image.region
            ),
            Self::ImageNotFound(image) => {
                write!(f, "repository \"{}\" holds no image with ", image.repository)?;
                image_id(f, &image.id)?;
                f.write_str("; push it or correct the image")
            }
            Self::NotImportedYet(image) => {
                write!(f, "repository \"{}\" is a pull-through cache and holds no image with ", image.repository)?;
                image_id(f, &image.id)?;
                // ECR imports nothing that is asked for by digest (aws/containers-roadmap issue 2837).
                f.write_str(match image.id {
                    ImageId::Tag(_) => ": not imported yet; pull it once and wait for its scan",
                    ImageId::Digest(_) => ": not imported yet; pull it once by its tag, since Amazon ECR imports nothing by digest, and wait for its scan",
                })
            }
            Self::TagMoved => f.write_str(
                "could not be evaluated: its tag moved to another image while it was looked up; try again, or pin the image by digest",
            ),
            Self::Unavailable(failed) => failed.fmt(f),
            Self::NotUnderstood { child, why } => {
                platform(f, child.as_deref())?;
                why.fmt(f)
            }
            Self::LayersElsewhere { child, problem } => {
                platform(f, child.as_deref())?;
                problem.fmt(f)
            }
            Self::Checkpoint { annotation } => manifest::checkpoint(f, annotation),
            Self::NotEvaluated { earlier } => write!(
                f,
                "could not be evaluated because {earlier} failed; fix that, or also set the mode of this rule"
            ),
            Self::MutableTag { repository, tag, mutability } => {
                write!(f, "repository \"{repository}\" lets tag \"{tag}\" be overwritten (")?;
                repository::mutability_value(f, mutability)?;
                f.write_str("); set image tag mutability to IMMUTABLE or pin the image by digest")
            }
            Self::NotPinned { pinnable: true } => f.write_str(
                "is not pinned by digest, which this namespace requires; apply the mutating webhook configuration, which pins it, or name the digest",
            ),
            Self::NotPinned { pinnable: false } => f.write_str(
                "is not pinned by digest, which the policy document requires; name the digest, since the mutating webhook cannot pin an image that is not inspected",
            ),
            Self::NotScannedOnPush { repository, scanning, hidden } => {
                repository::not_scanned_on_push(f, repository, scanning, hidden.as_ref())
            }
            Self::Scan { child, problem } => {
                platform(f, child.as_deref())?;
                if f.alternate() { without_names(problem).fmt(f) } else { problem.fmt(f) }
            }
            Self::Config { child, problem } => {
                platform(f, child.as_deref())?;
                problem.fmt(f)
            }
            Self::Signing(problem) => problem.fmt(f),
            Self::PlatformNotFound(child) => {
                platform(f, Some(child))?;
                f.write_str("is named by the image index but is not in the repository; push the image again with all its platforms")
            }
            Self::IndexWithoutImage => f.write_str(
                "is an image index without an image to evaluate; push an image for at least one platform",
            ),
            Self::IndexTooDeep { limit } => write!(
                f,
                "is an image index nested more than {limit} deep; push an index that names its images directly"
            ),
            Self::IndexTooLarge { limit } => write!(
                f,
                "is an image index with more than {limit} images (the maximum); push an index with fewer platforms"
            ),
            Self::IndexTooManyDescriptors { limit } => write!(
                f,
                "is an image index with more than {limit} entries, including those of nested indexes; push an index with fewer entries"
            ),
            // What expires may be named after a vulnerability; owner and reason are the operator's words.
            Self::ExpiresSoon { excuse, .. } if f.alternate() => write!(
                f,
                "passes only by an exemption or acceptance, which expires soon ({}); fix the image or ask for an extension",
                excuse.expires
            ),
            Self::ExpiresSoon { what, excuse } => write!(f, "passes only by {what}, which expires soon ({excuse}); fix the image or renew the exception"),
        }
    }
}

/// The problem without the findings that it names; their counts stay.
fn without_names(problem: &ScanProblem) -> ScanProblem {
    let mut problem = problem.clone();
    if let ScanProblem::Findings { worst, .. } = &mut problem {
        worst.clear();
    }
    problem
}

fn image_id(f: &mut fmt::Formatter<'_>, id: &ImageId) -> fmt::Result {
    match id {
        ImageId::Tag(tag) => write!(f, "tag \"{tag}\""),
        ImageId::Digest(digest) => write!(f, "digest {digest}"),
    }
}

/// Which child of an index the words that follow are about.
fn platform(f: &mut fmt::Formatter<'_>, child: Option<&ChildName>) -> fmt::Result {
    let Some(child) = child else { return Ok(()) };
    let (platform, digest) = (child.platform.to_string(), child.digest.short());
    if platform.is_empty() {
        write!(f, "an unnamed platform ({digest}…) ")
    } else {
        write!(f, "platform {} ({digest}…) ", quote(&platform, WORD))
    }
}
