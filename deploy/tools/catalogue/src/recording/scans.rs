//! Scans, page by page.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::answers::{Attribute, Basic, Enhanced, Findings, Page, Status, VulnerablePackage};
use super::heard::Said;
use crate::catalogue::ScanType;
use crate::catalogue::refusal::Code;
use crate::catalogue::scan::{Finding, Package, Scan, SeverityCounts};
use crate::catalogue::word::Word;

/// What was heard of scans, by the tags and digests that they were asked for by.
#[derive(Debug, Default)]
pub(super) struct Scans(BTreeMap<String, Said<ScanHeard>>);

/// A scan, as far as its pages were read.
#[derive(Clone, Debug)]
pub(super) struct ScanHeard {
    pub(super) digest: String,
    /// `None` where it cannot be written: it changed between two pages, for example.
    pub(super) scan: Option<Scan>,
    /// Leads to the next page.
    token: Option<String>,
}

/// What was heard of the scan of a tag or digest.
pub(super) enum Of<'a> {
    Scan(&'a ScanHeard),
    NoImage,
    Refused(&'a Code, Option<&'a String>),
    Nothing,
}

impl Scans {
    pub(super) fn begun(&mut self, id: String, page: Page) {
        // An answer about a digest need not repeat it.
        let asked = id.starts_with("sha256:").then(|| id.clone());
        let echoed = page.image_id.as_ref().and_then(|it| it.digest()).map(ToOwned::to_owned);
        let Some(digest) = asked.or(echoed) else {
            self.0.remove(&id);
            return;
        };
        let token = page.next_token.clone();
        self.0.insert(id, Said::Held(ScanHeard { digest, scan: read(page), token }));
    }

    pub(super) fn continued(&mut self, id: &str, token: &str, page: Page) {
        let Some(Said::Held(heard)) = self.0.get_mut(id) else { return };
        if heard.token.as_deref() != Some(token) {
            return;
        }
        let echoed = page.image_id.as_ref().and_then(|it| it.digest());
        let moved = echoed.is_some_and(|digest| digest != heard.digest);
        heard.token.clone_from(&page.next_token);
        heard.scan = match (heard.scan.take(), read(page)) {
            (Some(scan), Some(further)) if !moved => joined(scan, further),
            _ => None,
        };
    }

    pub(super) fn not_found(&mut self, id: String) {
        self.0.insert(id, Said::NotFound);
    }

    pub(super) fn refused(&mut self, id: String, code: Code, message: Option<String>) {
        self.0.insert(id, Said::Refused { code, message });
    }

    pub(super) fn of(&self, id: &str) -> Of<'_> {
        match self.0.get(id) {
            Some(Said::Held(heard)) => Of::Scan(heard),
            Some(Said::NotFound) => Of::NoImage,
            Some(Said::Refused { code, message }) => Of::Refused(code, message.as_ref()),
            None => Of::Nothing,
        }
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// The scan of an image: the one of which most is known.
    pub(super) fn of_digest(&self, digest: &str) -> Option<Scan> {
        let held = self.0.values().filter_map(|said| match said {
            Said::Held(heard) if heard.digest == digest => heard.finished(),
            Said::Held(_) | Said::NotFound | Said::Refused { .. } => None,
        });
        held.max_by_key(|scan| (!scan.incomplete, scan.findings.as_ref().map_or(0, Vec::len)))
    }
}

impl ScanHeard {
    fn finished(&self) -> Option<Scan> {
        let scan = self.scan.clone()?;
        Some(Scan { incomplete: self.token.is_some(), ..scan })
    }
}

/// The scan with the findings of a further page; `None` where that is of another scan.
fn joined(scan: Scan, further: Scan) -> Option<Scan> {
    let same_status = further.status.is_none() || further.status == scan.status;
    let same_time = further.completed_at.is_none() || further.completed_at == scan.completed_at;
    let same_counts = further.severity_counts == SeverityCounts::Absent
        || further.severity_counts == scan.severity_counts;
    let kind = scan.kind.or(further.kind);
    let same_type = further.kind.is_none() || further.kind == kind;
    if !(same_status && same_time && same_counts && same_type) {
        return None;
    }
    let findings = match (scan.findings, further.findings) {
        (Some(one), Some(other)) => Some([one, other].concat()),
        (one, other) => one.or(other),
    };
    Some(Scan { kind, findings, ..scan })
}

/// A page as a scan; `None` where a catalogue cannot hold it.
fn read(page: Page) -> Option<Scan> {
    let Status { status, description } =
        page.image_scan_status.unwrap_or(Status { status: None, description: None });
    let said = page.image_scan_findings.unwrap_or_default();
    let Findings { findings, enhanced_findings, .. } = said;
    let is_listed = |is_empty: Option<bool>| is_empty == Some(false);
    let basic = is_listed(findings.as_ref().map(Vec::is_empty));
    let enhanced = is_listed(enhanced_findings.as_ref().map(Vec::is_empty));
    let kind = match (basic, enhanced) {
        (true, true) => return None,
        (true, false) => Some(ScanType::Basic),
        (false, true) => Some(ScanType::Enhanced),
        (false, false) => None,
    };
    let is_given = findings.is_some() || enhanced_findings.is_some();
    let basic = findings.unwrap_or_default().into_iter().map(basic_finding);
    let enhanced = enhanced_findings.unwrap_or_default().into_iter().map(enhanced_finding);
    let all: Option<Vec<Finding>> = basic.map(Some).chain(enhanced).collect();
    Some(Scan {
        kind,
        status,
        description,
        completed_at: said.image_scan_completed_at.map(moment).transpose().ok()?,
        vulnerability_source_updated_at: said
            .vulnerability_source_updated_at
            .map(moment)
            .transpose()
            .ok()?,
        severity_counts: said
            .finding_severity_counts
            .map_or(SeverityCounts::Absent, SeverityCounts::Given),
        incomplete: false,
        findings: Some(all?).filter(|_| is_given),
    })
}

/// Seconds since the Unix epoch as an instant, to the millisecond, never later.
#[allow(clippy::cast_possible_truncation, reason = "the number is checked by Timestamp")]
fn moment(seconds: f64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_millisecond((seconds * 1000.0).floor() as i64)
}

fn basic_finding(finding: Basic) -> Finding {
    let attribute = |key: &str| {
        let mut attributes = finding.attributes.iter();
        let found = attributes.find(|Attribute { key: it, .. }| it.as_deref() == Some(key));
        found.and_then(|attribute| attribute.value.clone())
    };
    Finding {
        package: attribute("package_name"),
        version: attribute("package_version"),
        name: finding.name,
        severity: finding.severity,
        ..Finding::default()
    }
}

fn enhanced_finding(finding: Enhanced) -> Option<Finding> {
    let details = finding.package_vulnerability_details;
    let (name, packages) =
        details.map_or((None, vec![]), |it| (it.vulnerability_id, it.vulnerable_packages));
    let mut packages: Vec<Package> = packages.into_iter().map(package).collect();
    let (package, packages) = match packages.as_mut_slice() {
        [] => (Package::default(), None),
        [only] if only.name.is_some() => (std::mem::take(only), None),
        _ => (Package::default(), Some(packages)),
    };
    let mut read = Finding {
        name,
        severity: finding.severity,
        package: package.name,
        version: package.version,
        fixed_in: package.fixed_in,
        packages,
        first_observed_at: finding.first_observed_at.map(moment).transpose().ok()?,
        ..Finding::default()
    };
    if read.fix_available() != finding.fix_available.as_deref() {
        read.fix_available = Word::Given(finding.fix_available);
    }
    if finding.status.as_deref() != Some("ACTIVE") {
        read.status = Word::Given(finding.status);
    }
    Some(read)
}

fn package(package: VulnerablePackage) -> Package {
    let VulnerablePackage { name, version, fixed_in_version } = package;
    Package { name, version, fixed_in: fixed_in_version }
}
