//! `mode`, and which of several counts.

use serde_json::json;

use end_to_end::policed::{Keep, Policed};
use end_to_end::support::{sum, until_metrics};
use end_to_end::told::{ADMITTED, MUTABLE, audited, denied, deployment, pod, told, warned};

#[tokio::test]
async fn the_narrowest_mode_counts() {
    let policed = Policed::open().await;
    let (deny, warn, audit) =
        (denied("open:1", MUTABLE), warned("open:1", MUTABLE), audited("open:1", MUTABLE));
    let cases = [
        // The document's, and the rule's, which comes before it.
        ("", &deny),
        ("mode: warn", &warn),
        ("mode: audit", &audit),
        ("rules: {tag-immutability: {mode: warn}}", &warn),
        ("rules: {tag-immutability: {mode: audit}}", &audit),
        ("mode: warn\nrules: {tag-immutability: {mode: deny}}", &deny),
        ("mode: warn\nrules: {scan-findings: {mode: deny}}", &warn),
        // A namespace's own mode comes before both, and its rule before that.
        ("namespaces: [{names: [shop], mode: warn}]", &warn),
        ("namespaces: [{names: [other], mode: warn}]", &deny),
        (
            "rules: {tag-immutability: {mode: audit}}\nnamespaces: [{names: [shop], mode: warn}]",
            &warn,
        ),
        (
            "mode: audit\nnamespaces: [{names: [shop], rules: {tag-immutability: warn}, mode: deny}]",
            &warn,
        ),
        (
            "rules: {tag-immutability: {mode: warn}}\nnamespaces: [{names: [shop], rules: {pinned: deny}}]",
            &warn,
        ),
        // The most specific name counts.
        (
            "namespaces: [{names: ['*'], mode: deny}, {names: ['sh*'], mode: warn}, {names: ['s*'], mode: audit}]",
            &warn,
        ),
        ("namespaces: [{names: ['sho*'], mode: audit}, {names: [shop], mode: warn}]", &warn),
    ];
    for (document, expected) in cases {
        assert_eq!(policed.under(document, &pod("open:1")).await, *expected, "{document}");
    }
    // A controller is warned of what denies its Pods; what is only audited there is only audited here.
    policed.write("");
    let answer = told(&policed.answer(&deployment("open:1")).await);
    assert_eq!(answer, warn.replace("spec.containers", "spec.template.spec.containers"));
    policed.write("mode: audit");
    let answer = told(&policed.answer(&deployment("open:1")).await);
    assert_eq!(answer, audit.replace("spec.containers", "spec.template.spec.containers"));
    policed.stop().await;
}

#[tokio::test]
async fn an_audited_violation_is_counted_and_logged() {
    let policed = Policed::start("mode: audit", Keep::Never, &[]).await;
    let answer = policed.answer(&pod("open:1")).await;
    assert_eq!(answer["auditAnnotations"]["decision"], "admitted");
    let policy = answer["auditAnnotations"]["policy"].as_str().unwrap();
    assert!(policy.contains("; tag-immutability audit; "), "{policy}");
    // What is denied sends all that waits.
    policed.under("", &pod("open:1")).await;
    let metrics = until_metrics(&policed.stack, |metrics| metrics.contains("Denied")).await;
    let cluster = json!([{"Name": "Cluster", "Value": "local"}]);
    for (name, expected) in [("Audited", 1.0), ("Admitted", 1.0), ("Denied", 1.0)] {
        for dimensions in [&json!([]), &cluster] {
            let counted = sum(&metrics, name, dimensions);
            assert!((counted - expected).abs() < 1e-9, "{name} {dimensions}: {counted}");
        }
    }
    let reviews = policed.logged("review");
    assert_eq!(reviews[0]["audited"], json!(["tag-immutability"]), "{reviews:?}");
    policed.stop().await;
}

#[tokio::test]
async fn a_rule_that_denies_is_not_switched_off_by_an_earlier_one_that_only_warns() {
    let policed = Policed::open().await;
    let not_judged = |rule| {
        format!(
            "could not be judged: image-available failed before it; mend that, or set the mode of \
             this rule too [{rule}]"
        )
    };
    let gone = "repository \"clean\" holds no image with tag \"9\"; push it or correct the image \
                [image-available]";
    let (warned_of, denied_for) =
        (|reason: &str| warned("clean:9", reason), |reason: &str| denied("clean:9", reason));
    let warns = |rules: &[&str]| {
        let rules: Vec<String> =
            rules.iter().map(|rule| format!("{rule}: {{mode: warn}}")).collect();
        format!("rules: {{{}}}", rules.join(", "))
    };
    let [tag, push, scan] = ["tag-immutability", "scan-on-push", "scan-findings"];
    for (document, expected) in [
        // Whichever denies silences those after it.
        (String::new(), vec![denied_for(gone)]),
        (warns(&["image-available"]), vec![denied_for(&not_judged(tag)), warned_of(gone)]),
        (
            warns(&["image-available", tag, push]),
            vec![
                denied_for(&not_judged(scan)),
                warned_of(gone),
                warned_of(&not_judged(tag)),
                warned_of(&not_judged(push)),
            ],
        ),
        (
            "mode: warn".to_owned(),
            vec![
                warned_of(gone),
                warned_of(&not_judged(tag)),
                warned_of(&not_judged(push)),
                warned_of(&not_judged(scan)),
            ],
        ),
    ] {
        let answer = policed.under(&document, &pod("clean:9")).await;
        assert_eq!(answer, expected.join("\n"), "{document}");
    }
    assert_eq!(policed.under("", &pod("clean:1")).await, ADMITTED);
    policed.stop().await;
}
