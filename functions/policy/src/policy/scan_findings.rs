//! What the `scan-findings` rule accepts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::clusters::Clusters;
use super::excuse::Excuse;
use super::registry_scope::RegistryScope;
use crate::facts::SeverityLimit;
use crate::facts::{Finding, Fix};
use crate::image::EcrImage;
use crate::mode::Mode;
use crate::timestamp::Timestamp;

/// The switches of the `scan-findings` rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPolicy {
    /// The lowest severity of a finding that denies.
    pub severity_limit: SeverityLimit,
    /// Whether findings without a fix are ignored.
    pub fixable_only: bool,
    /// For how many days after it was first observed a finding only warns.
    pub grace_days: u16,
    /// The maximum number of days since the scan; `None` for any.
    pub max_scan_age_days: Option<u16>,
    /// The maximum number of days since the scan's vulnerability feed was updated; `None` for any.
    pub max_feed_age_days: Option<u16>,
    /// What a scan without a result does.
    pub statuses: Statuses,
    /// The vulnerabilities that are accepted for a while.
    pub accepted: Vec<Accepted>,
}

impl ScanPolicy {
    /// The switches off, and this limit.
    pub fn new(severity_limit: SeverityLimit) -> Self {
        Self {
            severity_limit,
            fixable_only: false,
            grace_days: 0,
            max_scan_age_days: None,
            max_feed_age_days: None,
            statuses: Statuses::default(),
            accepted: vec![],
        }
    }

    /// Whether a finding at the limit may be let through in any cluster: then every finding must be read. It is the
    /// same for all clusters, so that they share what is remembered of an image.
    pub fn filters(&self) -> bool {
        self.fixable_only || self.grace_days > 0 || !self.accepted.is_empty()
    }

    /// What is accepted now in an image that this cluster runs, by vulnerability: of several entries the first.
    pub fn accepted_in(
        &self,
        image: &EcrImage,
        cluster: Option<&str>,
        now: Timestamp,
    ) -> AcceptedIn<'_> {
        let mut accepted = BTreeMap::new();
        for entry in self.accepted.iter().filter(|entry| entry.covers(image, cluster, now)) {
            accepted.entry(name_of(&entry.vulnerability)).or_insert(entry);
        }
        accepted
    }

    /// The weight of a finding at or above the limit, where this is accepted.
    pub fn weigh<'a>(
        &self,
        finding: &Finding,
        accepted: &AcceptedIn<'a>,
        now: Timestamp,
    ) -> Weight<'a> {
        if self.fixable_only && finding.fix == Fix::No {
            return Weight::Ignored;
        }
        let vulnerability = finding.vulnerability.as_deref().map(name_of);
        if let Some(accepted) = vulnerability.and_then(|name| accepted.get(&name).copied()) {
            return Weight::Accepted(accepted);
        }
        let observed = finding.first_observed_at.filter(|_| self.grace_days > 0);
        match observed.map(|observed| observed.plus_days(self.grace_days)) {
            Some(until) if now < until => Weight::InGrace(until),
            _ => Weight::Denies,
        }
    }
}

/// What is accepted in one image, by vulnerability.
pub type AcceptedIn<'a> = BTreeMap<String, &'a Accepted>;

/// The name of a vulnerability, as names are compared. Databases write the same name in other cases, such
/// as `GHSA-` and `ghsa-`.
fn name_of(vulnerability: &str) -> String {
    vulnerability.to_ascii_lowercase()
}

/// How a finding at or above the limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight<'a> {
    /// It denies.
    Denies,
    /// It warns until then.
    InGrace(Timestamp),
    /// The operator accepts it.
    Accepted(&'a Accepted),
    /// Nobody can do anything about it yet.
    Ignored,
}

/// A vulnerability that the operator accepts for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its name, such as `CVE-2026-1234`, compared without case.
    pub vulnerability: String,
    /// The images for which it is accepted.
    pub scope: RegistryScope,
    /// The clusters in which it is accepted.
    pub clusters: Clusters,
    /// Why, by whom, how long.
    pub excuse: Excuse,
}

impl Accepted {
    fn covers(&self, image: &EcrImage, cluster: Option<&str>, now: Timestamp) -> bool {
        self.scope.contains(image) && self.clusters.contain(cluster) && self.excuse.holds_at(now)
    }
}

/// What each status without a scan result does where the rule is enforced: `deny`, `warn` or `audit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default, rename_all = "SCREAMING_SNAKE_CASE")]
pub struct Statuses {
    /// The scan waits.
    pub pending: Mode,
    /// The scan runs.
    pub in_progress: Mode,
    /// The scan failed.
    pub failed: Mode,
    /// The scanner does not know the image's operating system or media type.
    pub unsupported_image: Mode,
    /// Amazon Inspector no longer scans the image, since its re-scan duration has passed.
    pub scan_eligibility_expired: Mode,
}

impl Default for Statuses {
    fn default() -> Self {
        Self {
            pending: Mode::Deny,
            in_progress: Mode::Deny,
            failed: Mode::Deny,
            unsupported_image: Mode::Deny,
            scan_eligibility_expired: Mode::Deny,
        }
    }
}

impl Statuses {
    /// What a scan of this status does. A word without a switch denies.
    pub fn mode(&self, word: &str) -> Mode {
        match word {
            "PENDING" => self.pending,
            "IN_PROGRESS" => self.in_progress,
            "FAILED" => self.failed,
            "UNSUPPORTED_IMAGE" => self.unsupported_image,
            "SCAN_ELIGIBILITY_EXPIRED" => self.scan_eligibility_expired,
            _ => Mode::Deny,
        }
    }
}
