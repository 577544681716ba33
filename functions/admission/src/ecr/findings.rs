//! Findings, basic or enhanced, as the pages of `DescribeImageScanFindings` bring them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecr::types::{
    EnhancedImageScanFinding, FindingSeverity, ImageScanFinding, ImageScanFindings,
    VulnerablePackage,
};
use aws_smithy_types::DateTime;
use ecr_admission_policy::Timestamp;
use ecr_admission_policy::facts::{Finding, Findings, Fix, NAMED, Needs, Severity};
use ecr_admission_policy::text::cut;

/// The most characters of a text of a finding that are kept.
const LONGEST: usize = 128;

pub(super) type Counts = BTreeMap<Severity, u64>;

/// The findings of a scan that were read up to now.
pub(super) struct Tally {
    needs: Needs,
    /// Every finding counts, whatever status an enhanced one has.
    counts: Counts,
    kept: Vec<Finding>,
}

impl Tally {
    pub(super) fn new(needs: Needs) -> Self {
        Self { needs, counts: Counts::new(), kept: vec![] }
    }

    /// Takes the findings of a page in.
    pub(super) fn add(&mut self, page: &ImageScanFindings) {
        let basic = page.findings().iter().map(basic);
        for finding in basic.chain(page.enhanced_findings().iter().map(enhanced)) {
            *self.counts.entry(finding.severity.clone()).or_default() += 1;
            if self.needs.severity_limit.denies(&finding.severity) {
                self.kept.push(finding);
            }
        }
        self.kept.sort_by(|a, b| rank(a).cmp(&rank(b)));
        if !self.needs.all_findings {
            self.kept.truncate(NAMED);
        }
    }

    /// Whether there are as many findings of every severity that matters as `counts` says, or more.
    pub(super) fn agrees_with(&self, counts: &Counts) -> bool {
        let read = |severity| self.counts.get(severity).copied().unwrap_or_default();
        let mut needed =
            counts.iter().filter(|(severity, _)| self.needs.severity_limit.denies(severity));
        needed.all(|(severity, count)| read(severity) >= *count)
    }

    /// How many findings were read of each severity, and those to keep.
    pub(super) fn finish(self) -> (Counts, Findings) {
        let findings = if self.needs.all_findings { Findings::All } else { Findings::Some };
        (self.counts, findings(self.kept))
    }
}

/// The worst first; of these, what can be fixed.
fn rank(finding: &Finding) -> impl Ord + '_ {
    let Finding { severity, fixed_in, vulnerability, package, .. } = finding;
    (Reverse(severity), fixed_in.is_none(), vulnerability.is_none(), vulnerability, package)
}

/// The service's own counts; `None` if one is negative.
pub(super) fn counts(counts: &HashMap<FindingSeverity, i32>) -> Option<Counts> {
    let read = |(severity, count): (&FindingSeverity, &i32)| {
        Some((severity.as_str().into(), u64::try_from(*count).ok()?))
    };
    counts.iter().map(read).collect()
}

/// An instant, to the second.
pub(super) fn timestamp(instant: &DateTime) -> Timestamp {
    Timestamp::from_seconds(instant.secs())
}

/// Basic scanning names the package in an attribute, and does not say whether there is a fix.
fn basic(finding: &ImageScanFinding) -> Finding {
    let package = finding.attributes().iter().find(|attribute| attribute.key() == "package_name");
    Finding {
        vulnerability: text(finding.name()),
        severity: finding.severity().map_or("", |severity| severity.as_str()).into(),
        package: text(package.and_then(|attribute| attribute.value())),
        fixed_in: None,
        fix: Fix::Possible,
        first_observed_at: None,
    }
}

/// An enhanced finding can be about several packages: it is told by one that has a fixed version, if
/// any has.
fn enhanced(finding: &EnhancedImageScanFinding) -> Finding {
    let details = finding.package_vulnerability_details();
    let packages = details.map_or(&[][..], |details| details.vulnerable_packages());
    let fixed = packages.iter().find(|package| fixed_in(package).is_some());
    let package = fixed.or(packages.first());
    Finding {
        vulnerability: text(details.and_then(|details| details.vulnerability_id())),
        severity: finding.severity().unwrap_or_default().into(),
        package: text(package.and_then(VulnerablePackage::name)),
        fixed_in: text(package.and_then(fixed_in)),
        fix: finding.fix_available().map_or(Fix::Possible, Fix::from),
        first_observed_at: finding.first_observed_at().map(timestamp),
    }
}

/// Amazon Inspector says in a word that there is no fixed version.
fn fixed_in(package: &VulnerablePackage) -> Option<&str> {
    package.fixed_in_version().filter(|version| !matches!(*version, "" | "NotAvailable"))
}

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| cut(text, LONGEST))
}
