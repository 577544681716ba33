//! Findings, basic or enhanced, as the pages of `DescribeImageScanFindings` bring them.
//!
//! ECR says twice how many findings there are: by its counts, and by what it lists. The two differ in the
//! middle of an update, or where Amazon Inspector suppresses findings. Then the larger number counts, and
//! nothing is ever subtracted from ECR's own counts.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecr::types::{
    EnhancedImageScanFinding, FindingSeverity, ImageScanFinding, ImageScanFindings,
    VulnerablePackage,
};
use aws_smithy_types::DateTime;
use ecr_admission_policy::Timestamp;
use ecr_admission_policy::facts::{
    Finding, Findings, Fix, LONGEST_ID, LONGEST_SHOWN, Severity, Worst,
};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::text::cut;

type Counts = BTreeMap<Severity, u64>;

/// A page with a negative count of findings.
#[derive(Debug)]
pub(super) struct NegativeCount;

/// The findings of a scan that were read so far.
pub(super) struct Tally {
    needs: Needs,
    /// Whether the first page has counts. Only then is a suppressed finding left to them.
    has_counts: bool,
    /// ECR's own counts: of several pages the largest.
    counted: Counts,
    listed: BTreeMap<Severity, Listed>,
    kept: Kept,
}

/// How many findings of one severity were listed.
#[derive(Default)]
struct Listed {
    open: u64,
    suppressed: u64,
    closed: u64,
}

enum Kept {
    Worst(Worst<Finding>),
    All(Vec<Finding>),
}

/// The result for the findings of a scan: fields of [`ecr_admission_policy::facts::Scan`].
pub(super) struct Tallied {
    pub(super) any_open: bool,
    pub(super) counts: Counts,
    pub(super) findings: Findings,
}

impl Tally {
    /// Starts with the first page, if it has any findings or counts.
    pub(super) fn new(
        needs: Needs,
        first: Option<&ImageScanFindings>,
    ) -> Result<Self, NegativeCount> {
        let has_counts = first.is_some_and(|page| page.finding_severity_counts().is_some());
        let kept =
            if needs.all_findings { Kept::All(vec![]) } else { Kept::Worst(Worst::default()) };
        let (counted, listed) = (Counts::new(), BTreeMap::new());
        let mut tally = Self { needs, has_counts, counted, listed, kept };
        tally.add(first)?;
        Ok(tally)
    }

    /// Adds a page.
    pub(super) fn add(&mut self, page: Option<&ImageScanFindings>) -> Result<(), NegativeCount> {
        let Some(page) = page else { return Ok(()) };
        for (severity, count) in
            page.finding_severity_counts().map(counts).transpose()?.unwrap_or_default()
        {
            let largest = self.counted.entry(severity).or_default();
            *largest = count.max(*largest);
        }
        for finding in page.findings() {
            let word = finding.severity().map_or("", FindingSeverity::as_str);
            self.list(word, None, |severity| basic(finding, severity));
        }
        for finding in page.enhanced_findings() {
            let word = finding.severity().unwrap_or_default();
            self.list(word, finding.status(), |severity| enhanced(finding, severity));
        }
        Ok(())
    }

    /// Adds one finding. A status that this version does not know counts as open.
    fn list(&mut self, word: &str, status: Option<&str>, read: impl FnOnce(Severity) -> Finding) {
        let severity = severity(word);
        let listed = self.listed.entry(severity.clone()).or_default();
        let (number, is_kept) = match status {
            Some("CLOSED") => (&mut listed.closed, false),
            Some("SUPPRESSED") => (&mut listed.suppressed, !self.has_counts),
            _ => (&mut listed.open, true),
        };
        *number += 1;
        if is_kept && self.needs.severity_limit.denies(&severity) {
            match &mut self.kept {
                Kept::Worst(worst) => worst.add(read(severity)),
                Kept::All(all) => all.push(read(severity)),
            }
        }
    }

    /// How many of the findings that were listed count against the image.
    fn counting(&self, listed: &Listed) -> u64 {
        if self.has_counts { listed.open } else { listed.open + listed.suppressed }
    }

    /// Whether a finding of this severity denies, or warns because it has no severity.
    fn matters(&self, severity: &Severity) -> bool {
        self.needs.severity_limit.denies(severity) || severity.is_unrated()
    }

    fn counted(&self, severity: &Severity) -> u64 {
        self.counted.get(severity).copied().unwrap_or_default()
    }

    /// After the first page: whether the others matter. They do where ECR sends no counts or lists more
    /// than it counts, and where every finding is needed and there is one.
    pub(super) fn needs_all_pages(&self) -> bool {
        let Needs { severity_limit: limit, all_findings, .. } = self.needs;
        let mut counted = self.counted.iter().filter(|(severity, _)| limit.denies(severity));
        // Of any severity: counts that leave one finding out may leave others out.
        let mut listed = self.listed.iter();
        !self.has_counts
            || (all_findings && counted.any(|(_, count)| *count > 0))
            || listed.any(|(severity, it)| self.counting(it) > self.counted(severity))
    }

    /// After the last page that was read: whether findings are missing that ECR counts, of those that
    /// are needed.
    pub(super) fn lacks_findings(&self) -> bool {
        let listed = |severity| {
            self.listed.get(severity).map_or(0, |it| it.open + it.suppressed + it.closed)
        };
        let limit = self.needs.severity_limit;
        let mut counted = self.counted.iter().filter(|(severity, _)| limit.denies(severity));
        self.needs.all_findings && counted.any(|(severity, count)| listed(severity) < *count)
    }

    /// The result.
    pub(super) fn finish(self) -> Tallied {
        let any_open = self.counted.values().any(|count| *count > 0)
            || self.listed.values().any(|listed| listed.open > 0);
        let mut counts = self.counted.clone();
        for (severity, listed) in &self.listed {
            let listed = self.counting(listed);
            if listed > self.counted(severity) && (!self.has_counts || self.matters(severity)) {
                counts.insert(severity.clone(), listed);
            }
        }
        let findings = match self.kept {
            Kept::Worst(worst) => Findings::Some(worst.into_vec()),
            Kept::All(mut all) => {
                all.sort_by(Finding::rank);
                Findings::All(all)
            }
        };
        Tallied { any_open, counts, findings }
    }
}

/// ECR's own counts. Words of which only the beginning is kept may become one.
fn counts(sent: &HashMap<FindingSeverity, i32>) -> Result<Counts, NegativeCount> {
    let mut counts = Counts::new();
    for (word, count) in sent {
        *counts.entry(severity(word.as_str())).or_default() +=
            u64::try_from(*count).or(Err(NegativeCount))?;
    }
    Ok(counts)
}

/// An instant, to the second.
pub(super) fn timestamp(instant: &DateTime) -> Timestamp {
    Timestamp::from_seconds(instant.secs())
}

/// Basic scanning names the package in an attribute, and does not say whether there is a fix.
fn basic(finding: &ImageScanFinding, severity: Severity) -> Finding {
    let package = finding.attributes().iter().find(|attribute| attribute.key() == "package_name");
    Finding {
        vulnerability: id(finding.name()),
        severity,
        package: shown(package.and_then(|attribute| attribute.value())),
        fixed_in: None,
        fix: Fix::Possible,
        first_observed_at: None,
    }
}

/// An enhanced finding can be about several packages: it is reported by one that has a fixed version, if
/// any has.
fn enhanced(finding: &EnhancedImageScanFinding, severity: Severity) -> Finding {
    let details = finding.package_vulnerability_details();
    let packages = details.map_or(&[][..], |details| details.vulnerable_packages());
    let fixed = packages.iter().find(|package| fixed_in(package).is_some());
    let package = fixed.or(packages.first());
    Finding {
        vulnerability: id(details.and_then(|details| details.vulnerability_id())),
        severity,
        package: shown(package.and_then(VulnerablePackage::name)),
        fixed_in: shown(package.and_then(fixed_in)),
        fix: finding.fix_available().map_or(Fix::Possible, Fix::from),
        first_observed_at: finding.first_observed_at().map(timestamp),
    }
}

/// The word by which Amazon Inspector says that there is no fixed version.
fn fixed_in(package: &VulnerablePackage) -> Option<&str> {
    package.fixed_in_version().filter(|version| !matches!(*version, "" | "NotAvailable"))
}

/// Text that is compared is kept in full or not at all.
fn id(text: Option<&str>) -> Option<String> {
    text.filter(|text| (1..=LONGEST_ID).contains(&text.len())).map(str::to_owned)
}

fn shown(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| cut(text, LONGEST_SHOWN))
}

/// The words that are known are short; of any other only the beginning is shown.
fn severity(word: &str) -> Severity {
    if word.len() <= LONGEST_SHOWN { word.into() } else { cut(word, LONGEST_SHOWN).as_str().into() }
}
