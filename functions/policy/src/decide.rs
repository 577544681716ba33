//! The plan and what was found, into a verdict.

use std::collections::BTreeMap;

use crate::facts::{Cause, ImageFacts, Inspection, Unavailable};
use crate::image::EcrImage;
use crate::plan::Plan;
use crate::policy::Policy;
use crate::rules::{Case, Outcome, Rule};
use crate::verdict::{JudgedImage, Verdict, Violation};

/// An image that nobody looked up is as good as one that could not be.
const NOT_LOOKED_UP: Inspection =
    Inspection::Unavailable(Unavailable { operation: "the look-up", cause: Cause::Internal });

/// Judges every image of `plan` by every rule. An image that `inspections` lacks is judged as one
/// whose look-up failed.
pub fn decide(
    plan: &Plan,
    inspections: &BTreeMap<EcrImage, Inspection>,
    policy: &Policy,
) -> Verdict {
    let mut images = Vec::with_capacity(plan.subjects.len());
    let mut violations = Vec::new();
    for subject in &plan.subjects {
        let inspection = subject
            .lookup
            .as_ref()
            .ok()
            .and_then(|image| inspections.get(image))
            .unwrap_or(&NOT_LOOKED_UP);
        let case = Case { lookup: subject.lookup.as_ref(), inspection, policy };
        for rule in Rule::ALL {
            let Outcome::Judged(reasons) = rule.check(&case) else {
                continue;
            };
            violations.extend(reasons.into_iter().map(|reason| Violation {
                path: subject.path.clone(),
                image: subject.image.clone(),
                rule,
                effect: plan.enforcement.min(reason.effect()),
                reason,
            }));
        }
        let digest = match (&subject.lookup, inspection) {
            (Ok(_), Inspection::Inspected(facts)) => Some(facts.digest.clone()),
            _ => None,
        };
        images.push(JudgedImage {
            path: subject.path.clone(),
            image: subject.image.clone(),
            digest,
        });
    }
    Verdict { images, violations }
}

/// Whether an image with these facts would be denied or warned of by any rule.
pub fn violates(image: &EcrImage, facts: &ImageFacts, policy: &Policy) -> bool {
    let inspection = Inspection::Inspected(facts.clone().into());
    let case = Case { lookup: Ok(image), inspection: &inspection, policy };
    Rule::ALL.into_iter().any(|rule| match rule.check(&case) {
        Outcome::Judged(reasons) => !reasons.is_empty(),
        Outcome::NotApplicable => false,
    })
}
