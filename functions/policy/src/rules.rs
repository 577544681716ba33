//! The rules: a closed set, each in a file named after its id.

use std::fmt;

use serde::Deserialize;

use crate::facts::index::Child;
use crate::facts::{ImageFacts, Inspection};
use crate::image::EcrImage;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::timestamp::Timestamp;

pub(crate) mod ecr_registry;
pub(crate) mod image_available;
pub(crate) mod image_config;
pub(crate) mod pinned;
pub(crate) mod scan_findings;
pub(crate) mod scan_on_push;
pub(crate) mod tag_immutability;

/// One rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The image comes from an allowed ECR private registry.
    EcrRegistry,
    /// Its repository and the image exist and could be inspected.
    ImageAvailable,
    /// Its tag cannot be overwritten.
    TagImmutability,
    /// It is pinned by digest, where pinning is on.
    Pinned,
    /// Its repository scans images when they are pushed.
    ScanOnPush,
    /// Its scan is complete and has no finding at or above the limit.
    ScanFindings,
    /// It exposes no forbidden port and does not run as root, where that is asked for.
    ImageConfig,
}

/// One image, as the rules see it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) lookup: Result<&'a EcrImage, &'a Reason>,
    pub(crate) inspection: &'a Inspection,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    /// Whether the image is mounted as a volume. Then nobody starts it, and its artifacts count, too.
    pub(crate) volume: bool,
}

impl<'a> Case<'a> {
    /// The image and its facts: what there is to judge once the first two rules have passed.
    fn inspected(&self) -> Option<(&'a EcrImage, &'a ImageFacts)> {
        match (self.lookup, self.inspection) {
            (Ok(image), Inspection::Inspected(facts)) => Some((image, facts)),
            _ => None,
        }
    }

    /// The children of an index that count. A runtime cannot start an artifact; a volume can hold it.
    fn children(&self, children: &'a [Child]) -> impl Iterator<Item = &'a Child> {
        let volume = self.volume;
        children.iter().filter(move |child| volume || !child.artifact)
    }
}

/// What a rule makes of an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The image, or the policy, is of no concern to the rule.
    NotApplicable,
    /// The rule has nothing to judge, since an earlier one failed.
    Unjudged,
    /// The rule is violated for these reasons; for none, it passes.
    Judged(Vec<Reason>),
}

impl Rule {
    /// All rules, in the order in which they are judged and reported.
    pub const ALL: [Self; 7] = [
        Self::EcrRegistry,
        Self::ImageAvailable,
        Self::TagImmutability,
        Self::Pinned,
        Self::ScanOnPush,
        Self::ScanFindings,
        Self::ImageConfig,
    ];

    /// The name of the rule in messages, metrics, logs and the documentation.
    pub fn id(self) -> &'static str {
        match self {
            Self::EcrRegistry => "ecr-registry",
            Self::ImageAvailable => "image-available",
            Self::TagImmutability => "tag-immutability",
            Self::Pinned => "pinned",
            Self::ScanOnPush => "scan-on-push",
            Self::ScanFindings => "scan-findings",
            Self::ImageConfig => "image-config",
        }
    }

    /// When the rule passes, as the documentation says it.
    pub fn passes_when(self) -> &'static str {
        match self {
            Self::EcrRegistry => {
                "the image is a well-formed reference into an Amazon ECR private registry of an allowed account and Region, and not a checkpoint of a container"
            }
            Self::ImageAvailable => {
                "the repository and the image exist and could be inspected, its manifests are read alike by every container runtime, and no layer comes from elsewhere"
            }
            Self::TagImmutability => {
                "the tag cannot be overwritten, or the image is pinned by digest"
            }
            Self::Pinned => "the image is pinned by digest; judged only where pinning is on",
            Self::ScanOnPush => {
                "the effective scan frequency of the repository is SCAN_ON_PUSH or CONTINUOUS_SCAN"
            }
            Self::ScanFindings => {
                "the scan is complete and has no finding at or above the severity limit, for every platform of an index"
            }
            Self::ImageConfig => {
                "the image exposes no forbidden port and does not run as root, for every platform of an index; judged only where the policy document asks for it"
            }
        }
    }

    /// Judges one image.
    pub(crate) fn check(self, case: &Case<'_>) -> Outcome {
        match self {
            Self::EcrRegistry => ecr_registry::check(case),
            Self::ImageAvailable => image_available::check(case),
            Self::TagImmutability => tag_immutability::check(case),
            Self::Pinned => pinned::check(case),
            Self::ScanOnPush => scan_on_push::check(case),
            Self::ScanFindings => scan_findings::check(case),
            Self::ImageConfig => image_config::check(case),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
