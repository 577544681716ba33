//! Facts that the tests of this crate start from.

use crate::facts::{
    Content, ImageFacts, ImageScan, Inspection, RepositoryFacts, Scan, ScanStatus, Scanning,
};
use crate::image::{EcrImage, ImageId};
use crate::mutability::TagMutability;
use crate::names::Digest;
use crate::policy::{Policy, SeverityLimit};
use crate::rules::{Case, Outcome};

pub(crate) fn policy() -> Policy {
    Policy {
        registry_ids: ["123456789012".parse().unwrap()].into(),
        regions: ["us-east-1".parse().unwrap()].into(),
        severity_limit: SeverityLimit::Critical,
        pinned: false,
    }
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
        completed: false,
        findings: findings.iter().map(|(severity, count)| ((*severity).into(), *count)).collect(),
    })
}

/// An image that every rule passes.
pub(crate) fn clean() -> ImageFacts {
    ImageFacts {
        repository: RepositoryFacts {
            mutability: TagMutability::Immutable,
            scanning: Scanning::Effective("SCAN_ON_PUSH".into()),
        },
        digest: digest('a'),
        content: Content::Image(scan("COMPLETE", &[])),
    }
}

/// What one rule makes of an image.
pub(crate) fn case(
    image: &EcrImage,
    inspection: &Inspection,
    check: fn(&Case<'_>) -> Outcome,
) -> Outcome {
    check(&Case { lookup: Ok(image), inspection, policy: &policy() })
}
