//! Facts that the tests of this crate start from.

use crate::facts::SeverityLimit;
use crate::facts::mutability::TagMutability;
use crate::facts::{
    ConfigFacts, Content, Findings, ImageFacts, ImageScan, Inspection, PlatformFacts,
    RepositoryFacts, Scan, ScanStatus, Scanning,
};
use crate::image::{EcrImage, ImageId};
use crate::names::Digest;
use crate::policy::Policy;
use crate::rules::{Case, Evaluation};
use crate::timestamp::Timestamp;

/// 2026-11-20 at noon, UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

pub(crate) fn policy() -> Policy {
    Policy::new(
        ["123456789012".parse().unwrap()].into(),
        ["us-east-1".parse().unwrap()].into(),
        SeverityLimit::Critical,
    )
}

pub(crate) fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

pub(crate) fn image(id: ImageId) -> EcrImage {
    EcrImage {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: "pay".parse().unwrap(),
        id,
    }
}

pub(crate) fn tagged(tag: &str) -> EcrImage {
    image(ImageId::Tag(tag.parse().unwrap()))
}

pub(crate) fn pinned() -> EcrImage {
    image(ImageId::Digest(digest('a')))
}

pub(crate) fn scan(status: &str, findings: &[(&str, u64)]) -> ImageScan {
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

/// An image of one platform with this scan, and nobody asked for its config.
pub(crate) fn platform(scan: ImageScan) -> PlatformFacts {
    PlatformFacts::new(scan, ConfigFacts::NotRead)
}

/// An image that every rule passes.
pub(crate) fn clean() -> ImageFacts {
    ImageFacts {
        repository: RepositoryFacts {
            mutability: TagMutability::Immutable,
            scanning: Scanning::Effective("SCAN_ON_PUSH".into()),
        },
        digest: digest('a'),
        content: Content::Image(platform(scan("COMPLETE", &[]))),
        checkpoint: None,
    }
}

/// What one rule makes of an image.
pub(crate) fn case(
    image: &EcrImage,
    inspection: &Inspection,
    check: fn(&Case<'_>) -> Evaluation,
) -> Evaluation {
    check(&Case { lookup: Ok(image), inspection, policy: &policy(), now: NOW, volume: false })
}
