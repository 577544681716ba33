//! `facts` of a case: what Amazon ECR says of the image. What is left out complies with every rule.

use std::collections::BTreeMap;

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::facts::{
    Cause, ConfigFacts, Content, Finding, Findings, Fix, ImageConfig, ImageFacts, ImageScan,
    Inspection, PlatformFacts, RepositoryFacts, Scan, Scanning, SigningFacts, SigningState,
    SigningStatus, Unavailable,
};
use ecr_admission_policy::image::{EcrImage, ImageId};
use ecr_admission_policy::mutability::TagMutability;
use ecr_admission_policy::names::{Digest, SigningProfile};
use ecr_admission_policy::policy::signed::SignedPolicy;
use serde::Deserialize;

use super::present;
use super::words::{self, Found, Instant, Word};

/// What ECR says of an image of one platform.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(crate) struct Facts {
    found: Found,
    #[serde(deserialize_with = "words::tag_mutability")]
    tag_mutability: Word,
    #[serde(deserialize_with = "words::scan_frequency")]
    scan_frequency: Word,
    scan: WrittenScan,
    config: WrittenConfig,
    /// Without it, every profile that the policy lists has signed the image.
    #[serde(deserialize_with = "present")]
    signing: Option<Vec<WrittenSigning>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenSigning {
    profile: SigningProfile,
    #[serde(default = "complete", deserialize_with = "words::signing_status")]
    status: Word,
    #[serde(default)]
    failure_code: String,
    #[serde(default)]
    failure_reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct WrittenScan {
    #[serde(deserialize_with = "words::scan_status")]
    status: Word,
    completed_at: Instant,
    feed_updated_at: Instant,
    findings: Vec<WrittenFinding>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenFinding {
    #[serde(default, deserialize_with = "present")]
    cve: Option<String>,
    #[serde(deserialize_with = "words::severity")]
    severity: Word,
    #[serde(default, deserialize_with = "present")]
    package: Option<String>,
    #[serde(default, deserialize_with = "present")]
    fixed_in: Option<String>,
    #[serde(default = "unsaid", deserialize_with = "words::fix_available")]
    fix_available: Word,
    #[serde(default, deserialize_with = "present")]
    first_observed_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct WrittenConfig {
    user: String,
    exposed_ports: Vec<String>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            found: Found::default(),
            tag_mutability: Word("IMMUTABLE"),
            scan_frequency: Word("SCAN_ON_PUSH"),
            scan: WrittenScan::default(),
            config: WrittenConfig::default(),
            signing: None,
        }
    }
}

impl Default for WrittenScan {
    fn default() -> Self {
        let (completed_at, feed_updated_at) = (Instant::default(), Instant::default());
        Self { status: Word("COMPLETE"), completed_at, feed_updated_at, findings: vec![] }
    }
}

impl Default for WrittenConfig {
    fn default() -> Self {
        Self { user: "1000".to_owned(), exposed_ports: vec![] }
    }
}

fn complete() -> Word {
    Word("COMPLETE")
}

/// ECR does not say.
fn unsaid() -> Word {
    Word("")
}

impl Facts {
    /// What a look-up of the image at `now` would have found, under a policy that lists these profiles.
    pub(crate) fn inspection(
        &self,
        image: &EcrImage,
        signed: &SignedPolicy,
        now: Timestamp,
    ) -> Inspection {
        match self.found {
            Found::NoImage => Inspection::ImageNotFound,
            Found::NoRepository => Inspection::RepositoryNotFound,
            Found::Unknown => Inspection::Unavailable(Unavailable {
                operation: "ecr:DescribeRepositories",
                cause: Cause::Internal,
            }),
            Found::Image => Inspection::Inspected(self.image(image, signed, now).into()),
        }
    }

    fn image(&self, image: &EcrImage, signed: &SignedPolicy, now: Timestamp) -> ImageFacts {
        let WrittenConfig { user, exposed_ports } = &self.config;
        let (user, exposed_ports) = (user.clone(), exposed_ports.clone());
        let config = ConfigFacts::Read(ImageConfig { user, exposed_ports, os: String::new() });
        ImageFacts {
            repository: RepositoryFacts {
                mutability: TagMutability::new(self.tag_mutability.0, vec![]),
                scanning: Scanning::Effective(self.scan_frequency.0.into()),
            },
            digest: digest(&image.id),
            content: Content::Image(PlatformFacts::new(self.scan.scan(now), config)),
            checkpoint: None,
            signing: SigningFacts::Read(self.signing(signed)),
        }
    }

    fn signing(&self, signed: &SignedPolicy) -> Vec<SigningStatus> {
        let complete = |profile: &SigningProfile| SigningStatus {
            profile: profile.to_string(),
            state: SigningState::Complete,
        };
        match &self.signing {
            Some(written) => written.iter().map(WrittenSigning::status).collect(),
            None => signed.profiles.iter().map(complete).collect(),
        }
    }
}

impl WrittenSigning {
    fn status(&self) -> SigningStatus {
        let (code, reason) = (self.failure_code.clone(), self.failure_reason.clone());
        SigningStatus {
            profile: self.profile.to_string(),
            state: SigningState::new(self.status.0, code, reason),
        }
    }
}

#[expect(clippy::expect_used, reason = "64 digits are a digest")]
fn digest(id: &ImageId) -> Digest {
    match id {
        ImageId::Digest(digest) => digest.clone(),
        ImageId::Tag(_) => format!("sha256:{}", "0".repeat(64)).parse().expect("a digest"),
    }
}

impl WrittenScan {
    fn scan(&self, now: Timestamp) -> ImageScan {
        if self.status.0 == "NOT_SCANNED" {
            return ImageScan::NotFound;
        }
        let findings: Vec<Finding> = self.findings.iter().map(WrittenFinding::finding).collect();
        let mut counts = BTreeMap::new();
        for finding in &findings {
            *counts.entry(finding.severity.clone()).or_default() += 1;
        }
        ImageScan::Found(Scan {
            status: self.status.0.into(),
            completed_at: self.completed_at.seen_at(now),
            source_updated_at: self.feed_updated_at.seen_at(now),
            any_open: !findings.is_empty(),
            counts,
            findings: Findings::All(findings),
        })
    }
}

impl WrittenFinding {
    fn finding(&self) -> Finding {
        Finding {
            vulnerability: self.cve.clone(),
            severity: self.severity.0.into(),
            package: self.package.clone(),
            fixed_in: self.fixed_in.clone(),
            fix: Fix::from(self.fix_available.0),
            first_observed_at: self.first_observed_at,
        }
    }
}
