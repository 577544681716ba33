use super::*;
use crate::break_glass::{Ignored, Means};
use crate::facts::mutability::TagMutability;
use crate::facts::{Cause, Unavailable};
use crate::reason::FailedLookup;

fn violation(path: &str, image: &str, reason: Reason, mode: Mode) -> Violation {
    Violation {
        path: FieldPath::new(path),
        image: image.to_owned(),
        rule: Rule::TagImmutability,
        reason,
        mode,
        excuse: None,
    }
}

fn mutable(tag: &str) -> Reason {
    Reason::MutableTag {
        repository: "pay".parse().unwrap(),
        tag: tag.parse().unwrap(),
        mutability: TagMutability::Mutable,
    }
}

fn verdict(count: usize, image: &str, mode: Mode) -> Verdict {
    let violations = (0..count)
        .map(|n| violation(&format!("spec.containers[{n}].image"), image, mutable("1.2"), mode))
        .collect();
    Verdict::new(vec![], violations)
}

#[test]
fn a_denial_names_the_image_the_rule_the_reason_and_the_fix() {
    let message = verdict(1, "123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:1.2", Mode::Deny)
        .message()
        .unwrap();
    assert_eq!(
        message,
        "spec.containers[0].image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:1.2\": \
         repository \"pay\" lets tag \"1.2\" be overwritten (MUTABLE); set image tag mutability to \
         IMMUTABLE or pin the image by digest [tag-immutability]"
    );
}

#[test]
fn a_message_never_grows_past_its_limit_and_counts_what_it_leaves_out() {
    for count in 1..40 {
        for image in ["a", "é", &"x".repeat(5000), "\u{1b}[2J\0"] {
            let message = verdict(count, image, Mode::Deny).message().unwrap();
            let written = message.matches("[tag-immutability]").count();
            assert!(message.chars().count() <= MESSAGE, "{count}");
            assert!(written >= 1);
            assert_eq!(
                message.ends_with(&format!("; … and {} more", count - written)),
                written < count
            );
            assert!(message.chars().all(|c| !c.is_control()));
        }
    }
}

#[test]
fn without_a_violation_there_is_no_message() {
    assert_eq!(verdict(0, "", Mode::Deny).message(), None);
    assert_eq!(verdict(3, "a", Mode::Warn).message(), None);
    assert_eq!(verdict(3, "a", Mode::Warn).decision(), Decision::Admit);
}

#[test]
fn warnings_are_few_and_short_and_keep_their_rule() {
    for (count, expected) in [(1, 1), (15, 15), (16, 16), (100, 16)] {
        let warnings = verdict(count, &"x".repeat(5000), Mode::Warn).warnings();
        assert_eq!(warnings.len(), expected);
        for warning in warnings.iter().take(15) {
            assert!(warning.chars().count() <= WARNING, "{warning}");
            assert!(warning.ends_with(" [tag-immutability]"), "{warning}");
        }
        if count > 15 {
            assert_eq!(warnings[15], format!("… and {} more", count - 15));
        }
    }
}

#[test]
fn what_was_not_inspected_is_one_line_that_counts_what_it_leaves_out() {
    let image = |n: usize, uninspected| EvaluatedImage {
        path: FieldPath::new(format!("spec.containers[{n}].image")),
        image: format!("team/app:{n}\u{1b}"),
        digest: None,
        uninspected,
    };
    let line = |images: Vec<EvaluatedImage>| Verdict::new(images, vec![]).not_inspected();
    assert_eq!(line(vec![image(0, false)]), None);
    assert_eq!(
        line(vec![image(0, true), image(1, false), image(2, true)]).as_deref(),
        Some(r#"spec.containers[0].image "team/app:0"; spec.containers[2].image "team/app:2""#)
    );
    let long = line((0..1_000).map(|n| image(n, true)).collect()).unwrap();
    let written = long.matches("team/app").count();
    assert!(
        long.chars().count() <= MESSAGE
            && long.ends_with(&format!("… and {} more", 1_000 - written))
    );
}

#[test]
fn a_failed_look_up_is_seen() {
    let unavailable = Unavailable { operation: "ecr:BatchGetImage", cause: Cause::Throttled };
    let reason = Reason::Unavailable(FailedLookup { unavailable, owner: None });
    let failed = Verdict::new(vec![], vec![violation("a", "b", reason, Mode::Deny)]);
    assert!(failed.has_failed_lookup());
    assert!(!verdict(1, "a", Mode::Deny).has_failed_lookup());
}

#[test]
fn break_glass_turns_denials_into_warnings() {
    let honored = || Ruling::Honored { group: "oncall".to_owned(), reason: "outage 7".to_owned() };
    let mut broken = verdict(1, "a", Mode::Deny);
    broken.apply_break_glass(honored());
    assert!(broken.is_broken_glass() && broken.decision() == Decision::Admit);
    assert_eq!(broken.message(), None);
    assert_eq!(
        broken.warnings()[0],
        "admitted by break-glass (group \"oncall\"): \"outage 7\"; this was counted and logged"
    );
    assert_eq!(broken.warnings().len(), 2);

    let mut ignored = verdict(1, "a", Mode::Deny);
    let (means, why) = (Means::Annotation, Ignored::NotInGroup);
    ignored.apply_break_glass(Ruling::Ignored { means, why });
    assert!(!ignored.is_broken_glass() && ignored.decision() == Decision::Deny);
    assert_eq!(ignored.warnings().len(), 1);

    // What is admitted anyway needs no break-glass.
    let mut admitted = verdict(1, "a", Mode::Warn);
    admitted.apply_break_glass(honored());
    assert!(!admitted.is_broken_glass() && admitted.warnings().len() == 1);
}
