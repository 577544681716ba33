//! The ids of the rules, a closed set.

use std::fmt;

use serde::Deserialize;

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
    /// Amazon ECR says that it was signed with a profile that the operator lists, where any is listed.
    Signed,
}

impl Rule {
    /// All rules, in the order in which they are evaluated and reported.
    pub const ALL: [Self; 8] = [
        Self::EcrRegistry,
        Self::ImageAvailable,
        Self::TagImmutability,
        Self::Pinned,
        Self::ScanOnPush,
        Self::ScanFindings,
        Self::ImageConfig,
        Self::Signed,
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
            Self::Signed => "signed",
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
            Self::Pinned => "the image is pinned by digest; evaluated only where pinning is on",
            Self::ScanOnPush => {
                "the effective scan frequency of the repository is SCAN_ON_PUSH or CONTINUOUS_SCAN"
            }
            Self::ScanFindings => {
                "the scan is complete and has no finding at or above the severity limit, for every platform of an index"
            }
            Self::ImageConfig => {
                "the image exposes no forbidden port and does not run as root, for every platform of an index; evaluated only where the policy document asks for it"
            }
            Self::Signed => {
                "Amazon ECR reports that it signed the image with an AWS Signer profile that the policy document lists; evaluated only where it lists any"
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
