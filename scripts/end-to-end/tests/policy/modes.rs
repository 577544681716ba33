//! `mode`: which of several counts is proved in functions/policy.

use serde_json::json;

use end_to_end::outcome::{MUTABLE, audited, denied, deployment, outcome, pod, warned};
use end_to_end::policed::{CLUSTER_METRICS, Keep, Policed};
use end_to_end::support::{sum, until_metrics};

#[tokio::test]
async fn a_mode_of_the_document_or_of_a_namespace_counts() {
    let policed = Policed::open().await;
    let (deny, warn, audit) =
        (denied("open:1", MUTABLE), warned("open:1", MUTABLE), audited("open:1", MUTABLE));
    let cases = [
        ("", &deny),
        ("mode: warn", &warn),
        ("mode: audit", &audit),
        ("namespaces: [{names: [shop], mode: warn}]", &warn),
    ];
    for (document, expected) in cases {
        assert_eq!(policed.under(document, &pod("open:1")).await, *expected, "{document}");
    }
    // A controller is warned of what denies its Pods; what is only audited there is only audited here.
    policed.write("");
    let answer = outcome(&policed.answer(&deployment("open:1")).await);
    assert_eq!(answer, warn.replace("spec.containers", "spec.template.spec.containers"));
    policed.write("mode: audit");
    let answer = outcome(&policed.answer(&deployment("open:1")).await);
    assert_eq!(answer, audit.replace("spec.containers", "spec.template.spec.containers"));
    policed.stop().await;
}

#[tokio::test]
async fn an_audited_violation_is_counted_and_logged() {
    let policed = Policed::start("mode: audit", Keep::Never, &CLUSTER_METRICS).await;
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
