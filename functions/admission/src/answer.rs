//! What was decided: the answer for kube-apiserver, and the outcome that is logged and counted.

use std::collections::BTreeMap;

use ecr_admission_policy::policy::denials::Denials;
use ecr_admission_policy::text::cut;
use ecr_admission_policy::verdict::{EvaluatedImage, Violation, WARNING, limit_warnings};
use ecr_admission_policy::{Decision, Mode, Policy, Verdict};

use crate::bounded::Listed;
use crate::inspect::Budget;
use crate::outcome::{Outcome, PolicyAge, ReviewDecision};
use crate::patch::Operation;
use crate::refusal::Refused;
use crate::review::Answer;

/// The answer to a request with nothing to evaluate.
pub fn unevaluated(decision: ReviewDecision) -> (Answer, Outcome) {
    let annotations = [("decision".to_owned(), decision.as_str().to_owned())];
    let answer = Answer { audit_annotations: annotations.into(), ..Answer::default() };
    (answer, Outcome::unevaluated(decision))
}

/// The answer to a request that is not evaluated.
pub fn refused(refused: &Refused) -> (Answer, Outcome) {
    let message = refused.refusal.to_string();
    let decision = match refused.mode {
        Mode::Deny => ReviewDecision::Denied,
        Mode::Warn | Mode::Audit => ReviewDecision::Admitted,
    };
    let (mut answer, mut outcome) = unevaluated(decision);
    outcome.failed = true;
    match refused.mode {
        Mode::Deny => answer.denial = Some(message),
        Mode::Warn | Mode::Audit => {
            outcome.warned = true;
            answer.warnings = vec![cut(&message, WARNING)];
        }
    }
    (answer, outcome)
}

/// The answer to a request whose images were evaluated.
pub fn evaluated(
    verdict: &Verdict,
    policy: &Policy,
    budget: &Budget,
    cache_hits: usize,
) -> (Answer, Outcome) {
    let decision = match verdict.decision() {
        Decision::Admit => ReviewDecision::Admitted,
        Decision::Deny => ReviewDecision::Denied,
    };
    let mut audit_annotations = BTreeMap::from([
        ("decision".to_owned(), decision.as_str().to_owned()),
        ("policy".to_owned(), policy.to_string()),
    ]);
    let digest = |image: &EvaluatedImage| Some((image.path.clone(), image.digest.clone()?));
    let digests: Listed<_> = verdict.images.iter().filter_map(digest).collect();
    for (path, digest) in digests.named {
        audit_annotations.insert(annotation(path.as_str()), digest.to_string());
    }
    if digests.omitted > 0 {
        audit_annotations.insert("images-omitted".to_owned(), digests.omitted.to_string());
    }
    let not_inspected = verdict.not_inspected();
    if let Some(images) = &not_inspected {
        audit_annotations.insert("not-inspected".to_owned(), images.clone());
    }
    if let Some(audited) = verdict.audited() {
        audit_annotations.insert("audited".to_owned(), audited);
    }
    if let (true, Some(request)) = (verdict.is_broken_glass(), &verdict.break_glass) {
        audit_annotations.insert("break-glass".to_owned(), request.to_string());
    }
    if policy.denials == Denials::Short {
        // The operator reads what the author does not.
        let full = [("denial", verdict.message()), ("warned", verdict.warned())];
        let full = full.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
        audit_annotations.extend(full);
    }
    let warnings = verdict.warnings_in(policy.denials);
    let outcome = Outcome {
        decision,
        warned: !warnings.is_empty(),
        failed: verdict.has_failed_lookup(),
        denied_by: verdict.rules(Mode::Deny),
        warned_of: verdict.rules(Mode::Warn),
        audited: verdict.rules(Mode::Audit),
        broke_glass: verdict.is_broken_glass(),
        policy: PolicyAge::Current,
        registry_calls: budget.calls(),
        throttled: budget.throttled(),
        cache_hits,
        violations: strictest_first(verdict).cloned().collect(),
        images: verdict.images.iter().cloned().collect(),
        not_inspected,
    };
    (
        Answer {
            denial: verdict.denial(policy.denials),
            warnings,
            audit_annotations,
            ..Answer::default()
        },
        outcome,
    )
}

/// All violations: those that deny, then those that warn, then those that are only audited.
fn strictest_first(verdict: &Verdict) -> impl Iterator<Item = &Violation> {
    let of = |mode| verdict.violations.iter().filter(move |it| it.mode == mode);
    [Mode::Deny, Mode::Warn, Mode::Audit].into_iter().flat_map(of)
}

/// The answer of the mutating webhook.
pub fn mutated(patch: Vec<Operation>, warnings: Vec<String>) -> Answer {
    Answer { warnings: limit_warnings([], warnings, |warning| warning), patch, ..Answer::default() }
}

/// The audit annotation for an image. kube-apiserver drops a name that is not a qualified name of at
/// most 63 characters, so brackets become dots and the end, which every path shares, is left out.
fn annotation(path: &str) -> String {
    let path = path.trim_end_matches(".reference").trim_end_matches(".image");
    path.replace('[', ".").replace(']', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_is_a_qualified_name_of_at_most_63_characters() {
        for (path, expected) in [
            ("spec.containers[0].image", "spec.containers.0"),
            ("spec.volumes[12].image.reference", "spec.volumes.12"),
            (
                "spec.jobTemplate.spec.template.spec.ephemeralContainers[99].image",
                "spec.jobTemplate.spec.template.spec.ephemeralContainers.99",
            ),
        ] {
            assert_eq!(annotation(path), expected);
            assert!(expected.len() <= 63);
        }
    }
}
