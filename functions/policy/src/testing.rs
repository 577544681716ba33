//! A policy, images and facts that tests start from, in this crate and, by the feature `testing`, in others.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may panic")]

use crate::facts::SeverityLimit;
use crate::facts::mutability::TagMutability;
use crate::facts::{
    ConfigFacts, Content, Findings, ImageFacts, ImageScan, PlatformFacts, RepositoryFacts, Scan,
    ScanStatus, Scanning, SigningFacts,
};
use crate::image::{EcrImage, ImageId};
use crate::names::Digest;
use crate::policy::Policy;
use crate::timestamp::Timestamp;

/// 2026-11-20 at noon, UTC.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

/// The account whose registry the policy allows.
pub const ACCOUNT: &str = "123456789012";

/// The registry that the policy allows.
pub const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";

/// The policy that allows one registry, with the severity limit `CRITICAL`.
pub fn policy() -> Policy {
    Policy::new(
        [ACCOUNT.parse().unwrap()].into(),
        ["us-east-1".parse().unwrap()].into(),
        SeverityLimit::Critical,
    )
}

/// A digest of one hexadecimal digit, repeated.
pub fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

/// An image in the repository `pay` of the allowed registry.
pub fn image(id: ImageId) -> EcrImage {
    EcrImage {
        account: ACCOUNT.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: "pay".parse().unwrap(),
        id,
    }
}

/// The image `pay:<tag>`.
pub fn tagged(tag: &str) -> EcrImage {
    image(ImageId::Tag(tag.parse().unwrap()))
}

/// The image `pay`, by the digest `a…a`.
pub fn pinned() -> EcrImage {
    image(ImageId::Digest(digest('a')))
}

/// A repository with these settings, in ECR's words.
pub fn repository(mutability: &str, frequency: &str) -> RepositoryFacts {
    RepositoryFacts {
        mutability: TagMutability::new(mutability, vec![]),
        scanning: Scanning::Effective(frequency.into()),
    }
}

/// A scan with this status and this many findings of each severity, none of which was read.
pub fn scan(status: &str, findings: &[(&str, u64)]) -> ImageScan {
    ImageScan::Found(Scan {
        status: ScanStatus::from(status),
        // Like ECR: a scan that ended says when it did.
        completed_at: (status == "COMPLETE").then_some(NOW),
        source_updated_at: None,
        any_open: findings.iter().any(|(_, count)| *count > 0),
        counts: findings.iter().map(|(severity, count)| ((*severity).into(), *count)).collect(),
        findings: Findings::Some(vec![]),
    })
}

/// An image of one platform with this scan, whose config was not looked up.
pub fn platform(scan: ImageScan) -> PlatformFacts {
    PlatformFacts::new(scan, ConfigFacts::NotRead)
}

/// An image that every rule passes.
pub fn clean() -> ImageFacts {
    ImageFacts {
        repository: repository("IMMUTABLE", "SCAN_ON_PUSH"),
        digest: digest('a'),
        content: Content::Image(platform(scan("COMPLETE", &[]))),
        checkpoint: None,
        signing: SigningFacts::NotRead,
    }
}
