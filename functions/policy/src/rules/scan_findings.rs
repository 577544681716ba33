//! `scan-findings`: a finished scan, and nothing in it that counts.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Case, Outcome};
use crate::facts::{
    Content, Finding, Findings, ImageScan, NAMED, PlatformFacts, Scan, ScanStatus, Severity,
};
use crate::image::EcrImage;
use crate::index::{Child, ChildName, Index};
use crate::policy::scan_findings::{Accepted, ScanPolicy, Weight};
use crate::reason::{Counts, Reason, ScanProblem};
use crate::timestamp::Timestamp;

pub(crate) fn check(case: &Case<'_>) -> Outcome {
    let Some((image, facts)) = case.inspected() else { return Outcome::Unjudged };
    let judge = Judge { policy: &case.policy.scan_findings, image, now: case.now };
    Outcome::Judged(match &facts.content {
        Content::Image(facts) => judge.platform(facts, None),
        Content::Index(Index::TooDeep | Index::TooManyChildren | Index::TooManyDescriptors)
        | Content::NotUnderstood(_) => return Outcome::Unjudged,
        Content::Index(Index::Children(children)) => {
            let mut children = case.children(children).peekable();
            if children.peek().is_none() {
                vec![Reason::IndexWithoutImage]
            } else {
                children.flat_map(|child| judge.child(child)).collect()
            }
        }
    })
}

struct Judge<'a> {
    policy: &'a ScanPolicy,
    image: &'a EcrImage,
    now: Timestamp,
}

impl Judge<'_> {
    fn child(&self, child: &Child) -> Vec<Reason> {
        match &child.facts {
            Ok(facts) => self.platform(facts, Some(child)),
            Err(missing) => vec![Reason::of_missing(child, missing)],
        }
    }

    fn platform(&self, facts: &PlatformFacts, child: Option<&Child>) -> Vec<Reason> {
        let child: Option<ChildName> = child.map(Child::name);
        let (problems, ending) = match &facts.scan {
            ImageScan::NotFound => (vec![ScanProblem::NotFound], vec![]),
            ImageScan::Found(scan) => self.scan(scan),
        };
        let problems = problems
            .into_iter()
            .map(|problem| Reason::Scan { child: child.clone().map(Box::new), problem });
        let ending = ending.into_iter().map(|accepted| Reason::EndsSoon {
            what: format!("the acceptance of {}", accepted.vulnerability),
            excuse: accepted.excuse.clone(),
        });
        problems.chain(ending).collect()
    }

    /// What is wrong, and what is accepted by an entry that ends soon.
    fn scan(&self, scan: &Scan) -> (Vec<ScanProblem>, Vec<&Accepted>) {
        let no_result = |problem| (vec![problem], vec![]);
        let has_result = scan.completed_at.is_some() || !scan.counts.is_empty();
        match &scan.status {
            // Enhanced scanning has answered COMPLETE with neither time, counts nor findings, and with
            // findings seconds later (aws/aws-sdk issue 289).
            ScanStatus::Complete if scan.counted || has_result => {}
            ScanStatus::Complete => return no_result(ScanProblem::NoResultYet("COMPLETE")),
            // An enhanced scan is ACTIVE before it has a result, and stays so.
            ScanStatus::Active if has_result => {}
            ScanStatus::Active => return no_result(ScanProblem::NoResultYet("ACTIVE")),
            ScanStatus::Other(word) => {
                let effect = self.policy.statuses.effect(word);
                return no_result(ScanProblem::Status { word: word.clone(), effect });
            }
        }
        let mut problems = self.age(scan);
        let (findings, ending) = self.findings(scan);
        problems.extend(findings);
        let limit = self.policy.severity_limit;
        let unrated: Counts = worst_first(&scan.counts)
            .filter(|(severity, _)| severity.is_unrated() && !limit.denies(severity))
            .collect();
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
        let counts: Counts =
            worst_first(&scan.counts).filter(|(severity, _)| limit.denies(severity)).collect();
        if counts.is_empty() {
            return (vec![], vec![]);
        }
        if !self.policy.filters() {
            let read = scan.findings.read().iter().filter(|it| limit.denies(&it.severity));
            let worst = named(read.collect());
            return (vec![ScanProblem::Findings { counts, limit, worst }], vec![]);
        }
        let Findings::All(read) = &scan.findings else {
            return (vec![ScanProblem::NotAllRead], vec![]);
        };
        let read: Vec<&Finding> = read.iter().filter(|it| limit.denies(&it.severity)).collect();
        let found = count(&read);
        if counts.iter().any(|(severity, count)| found.get(severity).unwrap_or(&0) < count) {
            return (vec![ScanProblem::NotAllRead], vec![]);
        }
        self.weigh(&read)
    }

    fn weigh(&self, findings: &[&Finding]) -> (Vec<ScanProblem>, Vec<&Accepted>) {
        let (mut denying, mut graced, mut ending) = (vec![], vec![], vec![]);
        let mut first_end: Option<Timestamp> = None;
        for finding in findings {
            match self.policy.weigh(finding, self.image, self.now) {
                Weight::Denies => denying.push(*finding),
                Weight::InGrace(until) => {
                    first_end = Some(first_end.map_or(until, |first| first.min(until)));
                    graced.push(*finding);
                }
                Weight::Accepted(accepted) => {
                    if accepted.excuse.ends_soon(self.now) && !ending.contains(&accepted) {
                        ending.push(accepted);
                    }
                }
                Weight::Ignored => {}
            }
        }
        let mut problems = vec![];
        if !denying.is_empty() {
            let (counts, limit) = (count(&denying), self.policy.severity_limit);
            let counts = worst_first(&counts).collect();
            problems.push(ScanProblem::Findings { counts, limit, worst: named(denying) });
        }
        if let Some(until) = first_end {
            let counts = worst_first(&count(&graced)).collect();
            problems.push(ScanProblem::InGrace { counts, until });
        }
        (problems, ending)
    }
}

fn count(findings: &[&Finding]) -> BTreeMap<Severity, u64> {
    let mut counts = BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity.clone()).or_default() += 1;
    }
    counts
}

/// What was found at all, the most severe first.
fn worst_first(counts: &BTreeMap<Severity, u64>) -> impl Iterator<Item = (Severity, u64)> {
    let found = counts.iter().rev().filter(|(_, count)| **count > 0);
    found.map(|(severity, count)| (severity.clone(), *count))
}

/// The worst of these: the most severe, of those what can be fixed, in the order of their names.
fn named(mut findings: Vec<&Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| {
        (
            Reverse(&finding.severity),
            finding.fixed_in.is_none(),
            &finding.vulnerability,
            &finding.package,
        )
    });
    findings.into_iter().take(NAMED).cloned().collect()
}

#[cfg(test)]
#[path = "scan_findings_tests.rs"]
mod tests;
