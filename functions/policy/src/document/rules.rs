//! `rules` of a document: the mode of each rule, and its switches.

use std::fmt;
use std::num::NonZeroU16;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use super::excused::WrittenAccepted;
use super::read::{list, present};
use crate::facts::SeverityLimit;
use crate::mode::Mode;
use crate::names::SigningProfile;
use crate::policy::modes::RuleModes;
use crate::policy::scan_findings::{Accepted, Statuses};
use crate::rule::Rule;

/// The maximum number of days in a document.
const MOST_DAYS: u16 = 365;

/// The rules, each with its mode and its switches.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Rules {
    /// The image comes from an allowed Amazon ECR private registry.
    pub(super) ecr_registry: OnlyMode,
    /// The repository and the image exist and could be inspected.
    pub(super) image_available: OnlyMode,
    /// The tag cannot be overwritten, or the image is pinned by digest.
    pub(super) tag_immutability: OnlyMode,
    /// The image is pinned by digest.
    pub(super) pinned: PinnedRule,
    /// The repository scans images on push.
    pub(super) scan_on_push: OnlyMode,
    /// The scan is complete and has no finding that counts.
    pub(super) scan_findings: ScanFindingsRule,
    /// The image exposes no forbidden port and does not run as root.
    pub(super) image_config: ImageConfigRule,
    /// Amazon ECR reports that it signed the image with one of these AWS Signer profiles. Without this key,
    /// the rule is off.
    #[serde(deserialize_with = "present")]
    pub(super) signed: Option<SignedRule>,
}

impl Rules {
    /// The modes that are given.
    pub(super) fn modes(&self) -> RuleModes {
        Rule::ALL
            .into_iter()
            .filter_map(|rule| {
                let mode = match rule {
                    Rule::EcrRegistry => self.ecr_registry.mode,
                    Rule::ImageAvailable => self.image_available.mode,
                    Rule::TagImmutability => self.tag_immutability.mode,
                    Rule::Pinned => self.pinned.mode,
                    Rule::ScanOnPush => self.scan_on_push.mode,
                    Rule::ScanFindings => self.scan_findings.mode,
                    Rule::ImageConfig => self.image_config.mode,
                    Rule::Signed => self.signed.as_ref().and_then(|signed| signed.mode),
                };
                Some((rule, mode?))
            })
            .collect()
    }
}

/// A rule without switches.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct OnlyMode {
    /// What a violation does. Default: the document's `mode`.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
}

/// The rule `pinned`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PinnedRule {
    /// What a violation does. Default: the document's `mode`.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// Whether every namespace takes only images pinned by digest, not just those where the mutating webhook
    /// pins them. Default: `false`.
    #[serde(default)]
    pub(super) required: bool,
}

/// The rule `scan-findings`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ScanFindingsRule {
    /// What a violation does. Default: the document's `mode`.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// The lowest severity of a finding that counts. Default: the parameter `SeverityLimit`.
    #[serde(default, deserialize_with = "present")]
    pub(super) severity_limit: Option<SeverityLimit>,
    /// Whether findings are ignored whose `fixAvailable` is exactly `NO`. Basic scanning does not say, so
    /// that none of its findings is. Default: `false`.
    #[serde(default)]
    pub(super) fixable_only: bool,
    /// For how many days after `firstObservedAt` a finding only warns. Basic scanning does not say, so
    /// that its findings have no grace. Default: 0.
    #[serde(default, deserialize_with = "grace_days")]
    #[cfg_attr(test, schemars(range(min = 0, max = 365)))]
    pub(super) grace_days: u16,
    /// The maximum number of days since the scan (`imageScanCompletedAt`; without it the image is denied). Default: any.
    #[serde(default, deserialize_with = "age_days")]
    #[cfg_attr(test, schemars(range(min = 1, max = 365)))]
    pub(super) max_scan_age_days: Option<u16>,
    /// The maximum number of days since the vulnerability feed of the scan was updated
    /// (`vulnerabilitySourceUpdatedAt`; without it the image is denied). Default: any.
    #[serde(default, deserialize_with = "age_days")]
    #[cfg_attr(test, schemars(range(min = 1, max = 365)))]
    pub(super) max_feed_age_days: Option<u16>,
    /// What a scan without a result does, by its status. Default: `deny`, each.
    #[serde(default)]
    pub(super) statuses: Statuses,
    /// Vulnerabilities that are accepted for a while. Default: none.
    #[serde(default, deserialize_with = "list::<WrittenAccepted, _, _>")]
    #[cfg_attr(test, schemars(with = "Vec<WrittenAccepted>"))]
    pub(super) accepted: Vec<Accepted>,
}

/// The rule `image-config`, which is evaluated when one of its switches is on.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ImageConfigRule {
    /// What a violation does. Default: the document's `mode`.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// Ports that the image must not expose (`ExposedPorts`), whatever the protocol. Default: none.
    #[serde(default)]
    pub(super) forbidden_ports: Vec<NonZeroU16>,
    /// Whether the image must name a user (`User`) that is neither `root` nor a number outside 1 to
    /// 2147483647. What a Pod's
    /// `runAsUser` says is not looked at. Default: `false`.
    #[serde(default)]
    pub(super) non_root: bool,
}

/// The rule `signed`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SignedRule {
    /// What a violation does. Default: the document's `mode`.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// The ARNs of the AWS Signer profiles, without a version. A signature with one of them is enough.
    #[serde(deserialize_with = "profiles")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub(super) profiles: Vec<SigningProfile>,
}

fn profiles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SigningProfile>, D::Error> {
    let profiles = Vec::<SigningProfile>::deserialize(deserializer)?;
    if profiles.is_empty() {
        return Err(D::Error::custom(
            "profiles is empty, which no image could pass; name a signing profile or leave out signed",
        ));
    }
    Ok(profiles)
}

fn grace_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    days(deserializer, 0)
}

fn age_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    days(deserializer, 1).map(Some)
}

fn days<'de, D: Deserializer<'de>>(deserializer: D, least: u16) -> Result<u16, D::Error> {
    deserializer.deserialize_u64(Days { least })
}

/// Checks within the visit, so that an error has the place of the number.
struct Days {
    least: u16,
}

impl Visitor<'_> for Days {
    type Value = u16;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {MOST_DAYS} days", self.least)
    }

    fn visit_u64<E: Error>(self, days: u64) -> Result<u16, E> {
        u16::try_from(days).ok().filter(|days| (self.least..=MOST_DAYS).contains(days)).ok_or_else(
            || E::custom(format!("expected {} to {MOST_DAYS} days, got {days}", self.least)),
        )
    }
}
