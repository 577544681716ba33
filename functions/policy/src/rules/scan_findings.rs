//! `scan-findings`: a finished scan, and nothing in it that counts.

use std::collections::BTreeMap;

use super::case::{Case, Evaluation};
use crate::facts::index::{Child, ChildName, Index};
use crate::facts::{
    Content, Finding, Findings, ImageScan, PlatformFacts, Scan, ScanStatus, Severity, Worst,
};
use crate::image::EcrImage;
use crate::policy::scan_findings::{Accepted, ScanPolicy, Weight};
use crate::reason::{Counts, HiddenFrom, Reason, ScanProblem};
use crate::timestamp::Timestamp;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let Some((image, facts)) = case.inspected() else { return Evaluation::Skipped };
    let hidden = case.hidden_from(image, &facts.repository.scanning);
    let (policy, cluster) = (&case.policy.scan_findings, case.policy.cluster.as_deref());
    let check = ScanCheck { policy, image, cluster, hidden, now: case.now };
    Evaluation::Evaluated(match &facts.content {
        Content::Image(facts) => check.platform(facts, None),
        Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
        | Content::NotUnderstood(_) => return Evaluation::Skipped,
        Content::Index(Index::Children(children)) => {
            let mut children = case.children(children).peekable();
            if children.peek().is_none() {
                vec![Reason::IndexWithoutImage]
            } else {
                children.flat_map(|child| check.child(child)).collect()
            }
        }
    })
}

struct ScanCheck<'a> {
    policy: &'a ScanPolicy,
    image: &'a EcrImage,
    cluster: Option<&'a str>,
    hidden: Option<HiddenFrom>,
    now: Timestamp,
}

impl ScanCheck<'_> {
    fn child(&self, child: &Child) -> Vec<Reason> {
        match &child.facts {
            Ok(facts) => self.platform(facts, Some(child)),
            Err(missing) => vec![Reason::of_missing(child, missing)],
        }
    }

    fn platform(&self, facts: &PlatformFacts, child: Option<&Child>) -> Vec<Reason> {
        let child: Option<ChildName> = child.map(Child::name);
        let (problems, ending) = match &facts.scan {
            ImageScan::NotFound => {
                (vec![ScanProblem::NotFound { hidden: self.hidden.clone() }], vec![])
            }
            ImageScan::Found(scan) => self.scan(scan),
        };
        let problems = problems
            .into_iter()
            .map(|problem| Reason::Scan { child: child.clone().map(Box::new), problem });
        let ending = ending.into_iter().map(|accepted| Reason::ExpiresSoon {
            what: format!("the acceptance of {}", accepted.vulnerability),
            excuse: accepted.excuse.clone(),
        });
        problems.chain(ending).collect()
    }

    /// What is wrong, and what is accepted by an entry that expires soon.
    fn scan(&self, scan: &Scan) -> (Vec<ScanProblem>, Vec<&Accepted>) {
        let no_result = |problem| (vec![problem], vec![]);
        match &scan.status {
            ScanStatus::Complete | ScanStatus::Active if scan.has_result() => {}
            ScanStatus::Complete => return no_result(ScanProblem::NoResultYet("COMPLETE")),
            // An enhanced scan is ACTIVE before it has a result, and stays so.
            ScanStatus::Active => return no_result(ScanProblem::NoResultYet("ACTIVE")),
            ScanStatus::Other(word) => {
                let mode = self.policy.statuses.mode(word);
                return no_result(ScanProblem::Status { word: word.clone(), mode });
            }
        }
        let mut problems = self.age(scan);
        let (findings, ending) = self.findings(scan);
        problems.extend(findings);
        let limit = self.policy.severity_limit;
        let unrated = scan.counts.iter().map(|(severity, count)| (severity, *count));
        let unrated = unrated.filter(|(it, _)| it.is_unrated() && !limit.denies(it)).collect();
        let unrated = worst_first(&unrated);
        if !unrated.is_empty() {
            problems.push(ScanProblem::Unrated(unrated));
        }
        (problems, ending)
    }

    /// A scan, or a feed, that does not say how old it is, is too old.
    fn age(&self, scan: &Scan) -> Vec<ScanProblem> {
        let too_old =
            |at: Option<Timestamp>, days: u16| at.is_none_or(|at| at.plus_days(days) < self.now);
        let (completed_at, updated_at) = (scan.completed_at, scan.source_updated_at);
        let scan_days = self.policy.max_scan_age_days.filter(|days| too_old(completed_at, *days));
        let feed_days = self.policy.max_feed_age_days.filter(|days| too_old(updated_at, *days));
        let scan = scan_days.map(|days| ScanProblem::TooOld { completed_at, days });
        let feed = feed_days.map(|days| ScanProblem::FeedTooOld { updated_at, days });
        scan.into_iter().chain(feed).collect()
    }

    fn findings(&self, scan: &Scan) -> (Vec<ScanProblem>, Vec<&Accepted>) {
        let limit = self.policy.severity_limit;
        let read: Vec<&Finding> =
            scan.findings.read().iter().filter(|it| limit.denies(&it.severity)).collect();
        let mut counts = count(&read);
        for (severity, n) in scan.counts.iter().filter(|(severity, _)| limit.denies(severity)) {
            let count = counts.entry(severity).or_default();
            *count = (*count).max(*n);
        }
        counts.retain(|_, count| *count > 0);
        if counts.is_empty() {
            return (vec![], vec![]);
        }
        match &scan.findings {
            _ if !self.policy.filters() => (vec![self.denied(&counts, 0, &read)], vec![]),
            Findings::Some(_) => (vec![ScanProblem::NotAllRead], vec![]),
            Findings::All(_) => self.weigh(counts, &read),
        }
    }

    /// `counts` has every finding at or above the limit, and those that are not among `findings` deny:
    /// nothing is known of them by which they could pass.
    fn weigh<'f>(
        &self,
        mut counts: BTreeMap<&'f Severity, u64>,
        findings: &[&'f Finding],
    ) -> (Vec<ScanProblem>, Vec<&Accepted>) {
        let accepted = self.policy.accepted_in(self.image, self.cluster, self.now);
        let (mut denying, mut graced, mut ending) = (vec![], vec![], BTreeMap::new());
        let mut first_end: Option<Timestamp> = None;
        for finding in findings {
            match self.policy.weigh(finding, &accepted, self.now) {
                Weight::Denies => denying.push(*finding),
                Weight::InGrace(until) => {
                    first_end = Some(first_end.map_or(until, |first| first.min(until)));
                    graced.push(*finding);
                }
                Weight::Accepted(accepted) => {
                    if accepted.excuse.expires_soon(self.now) {
                        ending.insert(&accepted.vulnerability, accepted);
                    }
                }
                Weight::Ignored => {}
            }
        }
        for (severity, read) in count(findings) {
            if let Some(count) = counts.get_mut(severity) {
                *count = count.saturating_sub(read);
            }
        }
        let not_listed = counts.values().fold(0, |sum: u64, count| sum.saturating_add(*count));
        for (severity, denied) in count(&denying) {
            let count = counts.entry(severity).or_default();
            *count = count.saturating_add(denied);
        }
        let mut problems = vec![];
        if counts.values().any(|count| *count > 0) {
            problems.push(self.denied(&counts, not_listed, &denying));
        }
        if let Some(until) = first_end {
            problems.push(ScanProblem::InGrace { counts: worst_first(&count(&graced)), until });
        }
        (problems, ending.into_values().collect())
    }

    fn denied(
        &self,
        counts: &BTreeMap<&Severity, u64>,
        not_listed: u64,
        findings: &[&Finding],
    ) -> ScanProblem {
        let mut worst = Worst::default();
        for finding in findings {
            worst.add(*finding);
        }
        ScanProblem::Findings {
            counts: worst_first(counts),
            limit: self.policy.severity_limit,
            not_listed,
            worst: worst.into_vec().into_iter().cloned().collect(),
        }
    }
}

fn count<'a>(findings: &[&'a Finding]) -> BTreeMap<&'a Severity, u64> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.severity).or_default() += 1;
    }
    counts
}

/// What was found at all, the most severe first.
fn worst_first(counts: &BTreeMap<&Severity, u64>) -> Counts {
    let found = counts.iter().rev().filter(|(_, count)| **count > 0);
    found.map(|(severity, count)| ((*severity).clone(), *count)).collect()
}

#[cfg(test)]
mod tests;
