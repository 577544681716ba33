//! `scan-findings`: a finished scan, and nothing in it at or above the severity limit.

use super::{Case, Outcome};
use crate::facts::{Content, ImageScan, Scan, ScanStatus};
use crate::index::{Child, Index, MAX_CHILDREN, MAX_DEPTH};
use crate::policy::SeverityLimit;
use crate::reason::{Reason, ScanProblem};

pub(crate) fn check(case: &Case<'_>) -> Outcome {
    let Some((_, facts)) = case.inspected() else {
        return Outcome::NotApplicable;
    };
    let limit = case.policy.severity_limit;
    Outcome::Judged(match &facts.content {
        Content::Image(scan) => scanned(scan, limit, None),
        Content::Index(Index::TooDeep) => vec![Reason::IndexTooDeep { limit: MAX_DEPTH }],
        Content::Index(Index::TooManyChildren) => {
            vec![Reason::IndexTooLarge { limit: MAX_CHILDREN }]
        }
        Content::Index(Index::Children(children)) if children.is_empty() => {
            vec![Reason::IndexWithoutImage]
        }
        Content::Index(Index::Children(children)) => {
            children.iter().flat_map(|child| judge(child, limit)).collect()
        }
    })
}

fn judge(child: &Child, limit: SeverityLimit) -> Vec<Reason> {
    match &child.scan {
        Some(scan) => scanned(scan, limit, Some(child)),
        None => vec![Reason::PlatformNotFound(child.clone().into())],
    }
}

fn scanned(scan: &ImageScan, limit: SeverityLimit, child: Option<&Child>) -> Vec<Reason> {
    let child = || child.map(|child| Box::new(child.clone()));
    let problem = |problem| vec![Reason::NoScanResult { child: child(), problem }];
    let Scan { status, completed, findings } = match scan {
        ImageScan::NotFound => return problem(ScanProblem::NotFound),
        ImageScan::Found(scan) => scan,
    };
    match status {
        ScanStatus::Complete => {}
        // An enhanced scan is ACTIVE before it has a result, and stays so.
        ScanStatus::Active if *completed || !findings.is_empty() => {}
        ScanStatus::Active => return problem(ScanProblem::NoResultYet),
        ScanStatus::Other(word) => return problem(ScanProblem::Status(word.clone())),
    }
    let of = |denied: bool| -> Vec<_> {
        findings
            .iter()
            .rev()
            .filter(|(severity, count)| **count > 0 && limit.denies(severity) == denied)
            .map(|(severity, count)| (severity.clone(), *count))
            .collect()
    };
    let denied = of(true);
    let unrated: Vec<_> = of(false).into_iter().filter(|(s, _)| s.is_unrated()).collect();
    let mut reasons = vec![];
    if !denied.is_empty() {
        reasons.push(Reason::Findings { child: child(), counts: denied, limit });
    }
    if !unrated.is_empty() {
        reasons.push(Reason::UnratedFindings { child: child(), counts: unrated });
    }
    reasons
}

#[cfg(test)]
#[path = "scan_findings_tests.rs"]
mod tests;
