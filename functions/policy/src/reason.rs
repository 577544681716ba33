//! Why a rule is violated, and the words for it: what is, with the value; what to do.
//!
//! Lower case, no final period, other people's text quoted.

use std::fmt;

use crate::facts::{Cause, ScanFrequency, Scanning, Severity, Unavailable};
use crate::image::{EcrImage, ImageId, MalformedImage};
use crate::index::Child;
use crate::mutability::{ExclusionFilter, TagMutability};
use crate::names::{AccountId, Region, RepositoryName, Tag};
use crate::plan::Enforcement;
use crate::policy::{Policy, SeverityLimit, join};
use crate::text::quote;

/// The longest foreign word inside a reason, in characters. Names of ECR have limits of their own.
const WORD: usize = 64;

/// Why a rule is violated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The image string is no image reference.
    MalformedImage(MalformedImage),
    /// The registry is not ECR private.
    NotEcrPrivate,
    /// The registry is ECR private, of an account or Region that is not allowed.
    RegistryNotAllowed {
        /// The account of the registry.
        account: AccountId,
        /// The Region of the registry.
        region: Region,
        /// What is allowed.
        policy: Box<Policy>,
    },
    /// The repository does not exist.
    RepositoryNotFound(EcrImage),
    /// The repository does not hold the image.
    ImageNotFound(EcrImage),
    /// A look-up failed.
    Unavailable(Unavailable),
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
    NotPinned,
    /// Images are not scanned when they are pushed.
    NotScannedOnPush {
        /// The account of the registry.
        account: AccountId,
        /// The repository.
        repository: RepositoryName,
        /// What the repository is set to.
        scanning: Scanning,
    },
    /// There is no scan result to judge.
    NoScanResult {
        /// The child of the index, if the image is one.
        child: Option<Box<Child>>,
        /// Why there is none.
        problem: ScanProblem,
    },
    /// The scan has findings at or above the limit.
    Findings {
        /// The child of the index, if the image is one.
        child: Option<Box<Child>>,
        /// How many, by severity, the most severe first.
        counts: Vec<(Severity, u64)>,
        /// The limit.
        limit: SeverityLimit,
    },
    /// The scan has findings that nobody has given a severity. This warns, whatever the enforcement.
    UnratedFindings {
        /// The child of the index, if the image is one.
        child: Option<Box<Child>>,
        /// How many, by severity.
        counts: Vec<(Severity, u64)>,
    },
    /// The index names a child that the repository does not hold.
    PlatformNotFound(Box<Child>),
    /// The index holds nothing that a runtime could run.
    IndexWithoutImage,
    /// Indexes lie in one another deeper than this.
    IndexTooDeep {
        /// The deepest that is opened.
        limit: usize,
    },
    /// The index has more children than this.
    IndexTooLarge {
        /// The most that are judged.
        limit: usize,
    },
}

/// Why there is no scan result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanProblem {
    /// The image was never scanned.
    NotFound,
    /// The scan is ACTIVE, and no result has come yet.
    NoResultYet,
    /// The scan has a status under which there is no result.
    Status(String),
}

impl Reason {
    /// What the reason does to the workload where the rule is enforced.
    pub fn effect(&self) -> Enforcement {
        match self {
            Self::UnratedFindings { .. } => Enforcement::Warn,
            Self::MalformedImage(_)
            | Self::NotEcrPrivate
            | Self::RegistryNotAllowed { .. }
            | Self::RepositoryNotFound(_)
            | Self::ImageNotFound(_)
            | Self::Unavailable(_)
            | Self::MutableTag { .. }
            | Self::NotPinned
            | Self::NotScannedOnPush { .. }
            | Self::NoScanResult { .. }
            | Self::Findings { .. }
            | Self::PlatformNotFound(_)
            | Self::IndexWithoutImage
            | Self::IndexTooDeep { .. }
            | Self::IndexTooLarge { .. } => Enforcement::Deny,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedImage(malformed) => write!(
                f,
                "is not a valid image reference ({malformed}); write registry/repository:tag or registry/repository@sha256:<64 hexadecimal digits>"
            ),
            Self::NotEcrPrivate => f.write_str(
                "is not in an Amazon ECR private registry; push it to <account>.dkr.ecr.<region>.amazonaws.com and name it there",
            ),
            Self::RegistryNotAllowed { account, region, policy } => registry_not_allowed(f, account, region, policy),
            Self::RepositoryNotFound(image) => write!(
                f,
                "repository \"{}\" does not exist in registry {} in {}; create it or correct the image",
                image.repository, image.account, image.region
            ),
            Self::ImageNotFound(image) => {
                write!(f, "repository \"{}\" holds no image with ", image.repository)?;
                match &image.id {
                    ImageId::Tag(tag) => write!(f, "tag \"{tag}\"")?,
                    ImageId::Digest(digest) => write!(f, "digest {digest}")?,
                }
                f.write_str("; push it or correct the image")
            }
            Self::Unavailable(Unavailable { operation, cause }) => unavailable(f, operation, *cause),
            Self::MutableTag { repository, tag, mutability } => {
                write!(f, "repository \"{repository}\" lets tag \"{tag}\" be overwritten (")?;
                mutability_value(f, mutability)?;
                f.write_str("); set image tag mutability to IMMUTABLE or pin the image by digest")
            }
            Self::NotPinned => f.write_str(
                "is not pinned by digest, which this namespace requires; apply the mutating webhook configuration, which pins it, or name the digest",
            ),
            Self::NotScannedOnPush { account, repository, scanning } => {
                not_scanned_on_push(f, account, repository, scanning)
            }
            Self::NoScanResult { child, problem } => {
                platform(f, child.as_deref())?;
                no_scan_result(f, problem)
            }
            Self::Findings { child, counts, limit } => {
                platform(f, child.as_deref())?;
                f.write_str("has ")?;
                severity_counts(f, counts)?;
                write!(f, " (severity limit {limit}); rebuild it with fixed packages and push it under a new tag")
            }
            Self::UnratedFindings { child, counts } => {
                platform(f, child.as_deref())?;
                f.write_str("has ")?;
                severity_counts(f, counts)?;
                f.write_str(", which nobody has rated; look at them in the scan findings of the image")
            }
            Self::PlatformNotFound(child) => {
                platform(f, Some(child))?;
                f.write_str("is named by the image index but is not in the repository; push the image again with all its platforms")
            }
            Self::IndexWithoutImage => f.write_str(
                "is an image index that holds no image to judge; push an image for at least one platform",
            ),
            Self::IndexTooDeep { limit } => write!(
                f,
                "is an image index with more than {limit} indexes in one another; push an index that names its images directly"
            ),
            Self::IndexTooLarge { limit } => write!(
                f,
                "is an image index with more than {limit} images, the most that are judged; push an index with fewer platforms"
            ),
        }
    }
}

/// Names the values that are not allowed, and what is.
fn registry_not_allowed(
    f: &mut fmt::Formatter<'_>,
    account: &AccountId,
    region: &Region,
    policy: &Policy,
) -> fmt::Result {
    let mut refused = vec![];
    if !policy.registry_ids.contains(account) {
        refused.push(format!("account {account} (allowed: {})", some(&join(&policy.registry_ids))));
    }
    if !policy.regions.contains(region) {
        refused.push(format!("Region {region} (allowed: {})", some(&join(&policy.regions))));
    }
    write!(
        f,
        "is in a registry that is not allowed: {}; use an allowed registry or add this one to the RegistryIds and RegistryRegion parameters",
        refused.join(" and ")
    )
}

/// As many of the allowed names as a message has room for.
fn some(names: &str) -> String {
    crate::text::cut(names, 128)
}

fn unavailable(f: &mut fmt::Formatter<'_>, operation: &str, cause: Cause) -> fmt::Result {
    let (what, todo) = match cause {
        Cause::Throttled => ("was throttled", "try again in a minute"),
        Cause::AccessDenied => (
            "was answered access denied",
            "allow it to the admission function's role and, for a registry of another account, in the repository's policy",
        ),
        Cause::TimedOut => ("timed out", "try again, and see the function's log if it goes on"),
        Cause::Internal => ("failed", "try again, and see the function's log if it goes on"),
    };
    write!(f, "could not be judged: {operation} {what}; {todo}")
}

fn mutability_value(f: &mut fmt::Formatter<'_>, mutability: &TagMutability) -> fmt::Result {
    let (word, filters) = match mutability {
        TagMutability::Mutable => ("MUTABLE", None),
        TagMutability::Immutable => ("IMMUTABLE", None),
        TagMutability::MutableWithExclusion(filters) => ("MUTABLE_WITH_EXCLUSION", Some(filters)),
        TagMutability::ImmutableWithExclusion(filters) => {
            ("IMMUTABLE_WITH_EXCLUSION", Some(filters))
        }
        TagMutability::Unknown(word) => return unknown_word(f, word),
    };
    f.write_str(word)?;
    for (position, filter) in filters.into_iter().flatten().enumerate() {
        f.write_str(if position == 0 { ": " } else { ", " })?;
        match filter {
            ExclusionFilter::Wildcard(pattern) => f.write_str(&quote(pattern, WORD))?,
            ExclusionFilter::Unknown { filter_type, filter } => {
                write!(
                    f,
                    "{} of the unknown type {}",
                    quote(filter, WORD),
                    quote(filter_type, WORD)
                )?;
            }
        }
    }
    Ok(())
}

fn not_scanned_on_push(
    f: &mut fmt::Formatter<'_>,
    account: &AccountId,
    repository: &RepositoryName,
    scanning: &Scanning,
) -> fmt::Result {
    write!(f, "repository \"{repository}\" does not scan images on push (")?;
    match scanning {
        Scanning::Effective(ScanFrequency::ScanOnPush) => f.write_str("SCAN_ON_PUSH")?,
        Scanning::Effective(ScanFrequency::ContinuousScan) => f.write_str("CONTINUOUS_SCAN")?,
        Scanning::Effective(ScanFrequency::Manual) => f.write_str("MANUAL")?,
        Scanning::Effective(ScanFrequency::Unknown(word)) => unknown_word(f, word)?,
        Scanning::RepositoryFlag(flag) => write!(
            f,
            "scanOnPush is {flag}; the effective scanning configuration of account {account} cannot be read from another account"
        )?,
    }
    f.write_str("); turn on scan on push in the registry's scanning configuration")
}

fn no_scan_result(f: &mut fmt::Formatter<'_>, problem: &ScanProblem) -> fmt::Result {
    match problem {
        ScanProblem::NotFound => f.write_str("was never scanned; start a scan or push it again"),
        ScanProblem::NoResultYet => {
            f.write_str("has no scan result yet (ACTIVE); wait for its first scan")
        }
        ScanProblem::Status(word) => {
            let todo = match word.as_str() {
                "PENDING" | "IN_PROGRESS" => "wait for the scan to end",
                "FAILED" | "FINDINGS_UNAVAILABLE" => "start the scan again",
                "UNSUPPORTED_IMAGE" => "build it on a base image that the scanner supports",
                "SCAN_ELIGIBILITY_EXPIRED" => {
                    "push it again or extend how long the registry scans images"
                }
                "LIMIT_EXCEEDED" => "wait a day: the registry's scan limit was reached",
                "IMAGE_ARCHIVED" => "restore the image from the archive",
                _ => "see the scan status of the image in Amazon ECR",
            };
            let known = word.len() <= WORD
                && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                && !word.is_empty();
            let shown = if known { word.clone() } else { quote(word, WORD) };
            write!(f, "has no scan result (scan status {shown}); {todo}")
        }
    }
}

/// Which child of an index the words that follow are about.
fn platform(f: &mut fmt::Formatter<'_>, child: Option<&Child>) -> fmt::Result {
    let Some(child) = child else { return Ok(()) };
    let (platform, digest) = (child.platform.to_string(), child.digest.short());
    if platform.is_empty() {
        write!(f, "the platform without a name ({digest}…) ")
    } else {
        write!(f, "platform {} ({digest}…) ", quote(&platform, WORD))
    }
}

fn severity_counts(f: &mut fmt::Formatter<'_>, counts: &[(Severity, u64)]) -> fmt::Result {
    for (position, (severity, count)) in counts.iter().enumerate() {
        f.write_str(if position == 0 { "" } else { ", " })?;
        write!(f, "{count} ")?;
        if let Severity::Unknown(word) = severity {
            f.write_str(&quote(word, WORD))?;
        } else {
            f.write_str(severity.as_str())?;
        }
    }
    let total = counts.iter().fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
    f.write_str(if total == 1 { " finding" } else { " findings" })
}

fn unknown_word(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    write!(f, "{}, which this version of ecr-admission does not know", quote(word, WORD))
}
