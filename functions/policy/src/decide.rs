//! The plan and what was found, into a verdict.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Cause, Inspection, Unavailable};
use crate::image::EcrImage;
use crate::mode::Mode;
use crate::plan::{Plan, PlannedImage};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::rule::Rule;
use crate::rules::ecr_registry::AllowedImage;
use crate::rules::{Case, Evaluation};
use crate::timestamp::Timestamp;
use crate::verdict::{EvaluatedImage, Verdict, Violation};

/// An image that was not looked up counts as one whose look-up failed.
const NOT_LOOKED_UP: Inspection =
    Inspection::Unavailable(Unavailable { operation: "the look-up", cause: Cause::Internal });

/// Evaluates every image of `plan` by every rule, at the instant `now`. An image that `inspections` lacks
/// is evaluated as one whose look-up failed.
pub fn decide(
    plan: &Plan,
    inspections: &BTreeMap<EcrImage, Inspection>,
    policy: &Policy,
    now: Timestamp,
) -> Verdict {
    let mut images = Vec::with_capacity(plan.images.len());
    let mut violations = Vec::new();
    let mut violating = BTreeSet::new();
    for planned in &plan.images {
        let (allowed, uninspected) = match &planned.allowed {
            Ok(AllowedImage { image, uninspected }) => (Ok(image), *uninspected),
            Err(reason) => (Err(reason), false),
        };
        let to_inspect = allowed.ok().filter(|_| !uninspected);
        let inspection =
            to_inspect.and_then(|image| inspections.get(image)).unwrap_or(&NOT_LOOKED_UP);
        let volume = planned.path.is_volume();
        let case = Case { allowed, uninspected, inspection, policy, now, volume };
        let found = violations_of(planned, &case, plan.mode);
        if let (Some(image), false) = (to_inspect, found.is_empty()) {
            violating.insert(image.clone());
        }
        violations.extend(found);
        let digest = match (to_inspect, inspection) {
            (Some(_), Inspection::Inspected(facts)) => Some(facts.digest.clone()),
            _ => None,
        };
        images.push(EvaluatedImage {
            path: planned.path.clone(),
            image: planned.image.clone(),
            digest,
            uninspected,
        });
    }
    Verdict { violating, ..Verdict::new(images, violations) }
}

/// The violations of one image, in the order of the rules.
///
/// When an earlier rule failed and left a later one nothing to evaluate, the later one is silent if the
/// earlier one denies. If it only warns or audits, the later one is violated in its own mode: a missing
/// fact that only warns never switches off a rule that denies.
fn violations_of(planned: &PlannedImage, case: &Case<'_>, limit: Mode) -> Vec<Violation> {
    let Case { policy, now, .. } = *case;
    let mut violations = vec![];
    let mut failed = None;
    for rule in Rule::ALL {
        let reasons = match (rule.check(case), failed) {
            (Evaluation::NotApplicable, _)
            | (Evaluation::Skipped, None | Some((_, Mode::Deny))) => {
                continue;
            }
            (Evaluation::Skipped, Some((earlier, _))) => vec![Reason::NotEvaluated { earlier }],
            // The same of a part of the image.
            (Evaluation::Evaluated(mut reasons), Some((_, Mode::Deny))) => {
                reasons.retain(|reason| !matches!(reason, Reason::NotEvaluated { .. }));
                reasons
            }
            (Evaluation::Evaluated(reasons), _) => reasons,
        };
        if reasons.is_empty() {
            continue;
        }
        let exemption = policy.exemption(rule, case.allowed.ok());
        let mode = exemption.map_or(policy.modes.of(rule), |_| Mode::Audit);
        // The strictest of those that failed says whether the later ones are silent.
        failed = match failed {
            Some((earlier, strictest)) if strictest >= mode => Some((earlier, strictest)),
            _ => Some((rule, mode)),
        };
        let violation = |reason: Reason, limit: Mode| Violation {
            path: planned.path.clone(),
            image: planned.image.clone(),
            rule,
            mode: limit.min(reason.mode_limit()),
            excuse: exemption.map(|exemption| exemption.excuse.clone()),
            reason,
        };
        violations.extend(reasons.into_iter().map(|reason| {
            // What expires soon warns whatever the mode: the day after, it may deny.
            let expires_soon = matches!(reason, Reason::ExpiresSoon { .. });
            violation(reason, if expires_soon { limit } else { limit.min(mode) })
        }));
        if let Some(exemption) = exemption.filter(|it| it.excuse.expires_soon(now)) {
            let (what, excuse) = ("the exemption".to_owned(), exemption.excuse.clone());
            violations.push(violation(Reason::ExpiresSoon { what, excuse }, limit));
        }
    }
    violations
}
