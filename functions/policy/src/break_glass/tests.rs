use super::*;

fn allowed(groups: &[&str]) -> BreakGlass {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    BreakGlass { groups, clusters: Clusters::default() }
}

#[test]
fn only_the_groups_of_the_policy_use_break_glass_and_only_with_a_reason() {
    let allowed = allowed(&["oncall", "system:masters"]);
    let annotation = |reason: &str| Asked::Annotation(reason.to_owned());
    for (policy, asked, groups, expected) in [
        (
            Some(&allowed),
            annotation(" outage 7\n"),
            &["dev", "oncall"][..],
            r#"admitted by break-glass (group "oncall"): "outage 7";"#,
        ),
        (Some(&allowed), annotation("x"), &["system:masters"], "admitted by break-glass"),
        (Some(&allowed), annotation("x"), &["dev"], "is ignored: you are in none"),
        (Some(&allowed), annotation("x"), &["oncall2", "on"], "is ignored: you are in none"),
        (Some(&allowed), annotation("x"), &[], "is ignored: you are in none"),
        (Some(&allowed), annotation(" "), &["oncall"], "is ignored: it gives no reason"),
        (None, annotation("x"), &["oncall"], "is ignored: the policy allows nobody"),
        // Who may not learns so first.
        (Some(&allowed), Asked::OldAnnotation, &["dev"], "is ignored: you are in none"),
        (None, Asked::AnnotationOfPod, &["oncall"], "is ignored: the policy allows nobody"),
        (
            Some(&allowed),
            Asked::OldAnnotation,
            &["oncall"],
            "annotation ecr-admission/break-glass is ignored: this request does not change it",
        ),
        (
            Some(&allowed),
            Asked::AnnotationOfPod,
            &["oncall"],
            "annotation ecr-admission/break-glass is ignored: it does not count for an ephemeral container",
        ),
    ] {
        assert_ruling(policy, &asked, groups, expected);
    }
}

#[test]
fn every_ephemeral_container_must_give_a_reason() {
    let allowed = allowed(&["oncall"]);
    let variable =
        |reasons: &[&str]| Asked::Variable(reasons.iter().map(ToString::to_string).collect());
    for (reasons, groups, expected) in [
        (
            &["outage 7"][..],
            &["oncall"][..],
            r#"admitted by break-glass (group "oncall"): "outage 7";"#,
        ),
        (&["a ", " a", "b"], &["oncall"], r#"(group "oncall"): "a; b";"#),
        (
            &["outage 7", ""],
            &["oncall"],
            "variable ECR_ADMISSION_BREAK_GLASS is ignored: it gives no reason; write one as its value in every ephemeral container",
        ),
        (&[" \t", "outage 7"], &["oncall"], "is ignored: it gives no reason"),
        (&[], &["oncall"], "is ignored: it gives no reason"),
        (&["outage 7"], &["dev"], "variable ECR_ADMISSION_BREAK_GLASS is ignored: you are in none"),
    ] {
        assert_ruling(Some(&allowed), &variable(reasons), groups, expected);
    }
}

#[test]
fn an_endless_reason_is_not_kept_whole() {
    let asked = Asked::Variable(vec!["a".repeat(1_000_000), "b".to_owned()]);
    let ruling = Ruling::of(Some(&allowed(&["oncall"])), None, &asked, &["oncall".to_owned()]);
    let Ruling::Honored { reason, .. } = ruling else { panic!("{ruling}") };
    assert_eq!(reason.chars().count(), LONGEST_REASON);
    assert!(reason.ends_with("a; b"), "{reason}");
}

fn assert_ruling(policy: Option<&BreakGlass>, asked: &Asked, groups: &[&str], expected: &str) {
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let message = Ruling::of(policy, None, asked, &groups).to_string();
    assert!(message.contains(expected), "{message}");
}

#[test]
fn groups_that_everybody_or_every_controller_is_in_are_refused() {
    for group in [
        "system:authenticated",
        "system:unauthenticated",
        "system:serviceaccounts",
        "system:serviceaccounts:kube-system",
        "system:nodes",
        "",
        " ",
    ] {
        assert!(group.parse::<Group>().is_err(), "{group}");
    }
}

#[test]
fn elsewhere_than_in_the_listed_clusters_nobody_uses_break_glass() {
    let policy: BreakGlass =
        serde_json::from_str(r#"{"groups": ["oncall"], "clusters": ["blue", "prod-*"]}"#).unwrap();
    let asked = Asked::Annotation("outage 7".to_owned());
    let ruling = |cluster, groups: &[&str]| {
        let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
        Ruling::of(Some(&policy), cluster, &asked, &groups).to_string()
    };
    for cluster in ["blue", "prod-eu"] {
        let text = ruling(Some(cluster), &["oncall"]);
        assert!(text.starts_with("admitted by break-glass"), "{cluster}: {text}");
    }
    for cluster in [Some("green"), Some("blue-2"), Some(""), None] {
        for groups in [&["oncall"][..], &["dev"]] {
            assert_eq!(
                ruling(cluster, groups),
                "annotation ecr-admission/break-glass is ignored: the policy allows nobody to use \
                 break-glass in this cluster"
            );
        }
    }
}
