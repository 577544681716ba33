//! Break-glass: who may use it, and that its use is visible.

use serde_json::{Value, json};

use end_to_end::outcome::{ADMITTED, MUTABLE, denied, deployment, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed, lines};
use end_to_end::support::{image, sum, until_metrics};

const DOCUMENT: &str = "breakGlass: {groups: [oncall, 'system:masters']}";
const USED: &str =
    "admitted by break-glass (group \"oncall\"): \"incident 4711\"; this was counted and logged";

/// The review, annotated, of somebody in these groups.
fn asking(mut review: Value, groups: &[&str], reason: &Value) -> Value {
    review["request"]["userInfo"] = json!({"username": "alice", "groups": groups});
    review["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/break-glass": reason});
    review
}

#[tokio::test]
async fn a_listed_group_gets_its_pod_in_and_it_is_reported_counted_and_logged() {
    let policed = Policed::start(DOCUMENT, Keep::Never, &[]).await;
    let review = asking(pod("open:1"), &["dev", "oncall"], &json!(" incident 4711 "));
    let answer = policed.answer(&review).await;
    assert_eq!(outcome(&answer), format!("warned: {USED}\n{}", warned("open:1", MUTABLE)));
    assert_eq!(answer["auditAnnotations"]["break-glass"], USED);
    assert_eq!(answer["auditAnnotations"]["decision"], "admitted");

    let metrics = until_metrics(&policed.stack, |metrics| metrics.contains("BreakGlass")).await;
    let cluster = json!([{"Name": "Cluster", "Value": "local"}]);
    for (name, expected) in
        [("BreakGlass", 1.0), ("Admitted", 1.0), ("Warned", 1.0), ("Denied", 0.0)]
    {
        for dimensions in [&json!([]), &cluster] {
            let counted = sum(&metrics, name, dimensions);
            assert!((counted - expected).abs() < 1e-9, "{name} {dimensions}: {counted}");
        }
    }
    let log = policed.stop().await.log;
    let glass = lines(&log, "break_glass");
    assert_eq!(glass.len(), 1, "{log}");
    for (field, value) in [
        ("level", "WARN"),
        ("uid", "u"),
        ("cluster", "local"),
        ("user", "alice"),
        ("group", "oncall"),
        ("reason", "incident 4711"),
    ] {
        assert_eq!(glass[0][field], value, "{field}");
    }
}

#[tokio::test]
async fn for_anybody_else_it_is_ignored_and_said_so() {
    let policed = Policed::start(DOCUMENT, Keep::Never, &[]).await;
    let reason = json!("incident 4711");
    let not_in_group = "you are in none of the groups that may use break-glass";
    let ignored = |why: &str| {
        let annotation = "annotation ecr-admission/break-glass is ignored";
        format!("{}\nwarned: {annotation}: {why}", denied("open:1", MUTABLE))
    };
    for (groups, reason, why) in [
        (&["dev", "system:authenticated"][..], &reason, not_in_group),
        (&["Oncall", "oncall-2"], &reason, not_in_group),
        (&[], &reason, not_in_group),
        // A Pod that a controller makes carries the controller's groups.
        (&["system:serviceaccounts", "system:serviceaccounts:kube-system"], &reason, not_in_group),
        (&["oncall"], &json!("  "), "it gives no reason; write one as its value"),
    ] {
        let answer = policed.answer(&asking(pod("open:1"), groups, reason)).await;
        assert_eq!(outcome(&answer), ignored(why), "{groups:?}");
        assert_eq!(answer["auditAnnotations"].get("break-glass"), None);
    }
    let nobody = ignored("the policy allows nobody to use break-glass");
    let review = asking(pod("open:1"), &["oncall"], &reason);
    assert_eq!(policed.under("", &review).await, nobody);

    policed.write(DOCUMENT);
    // A label does not do it.
    let mut labelled = asking(pod("open:1"), &["oncall"], &reason);
    let metadata = labelled["request"]["object"]["metadata"].as_object_mut().unwrap();
    let annotations = metadata.remove("annotations").unwrap();
    metadata.insert("labels".to_owned(), annotations);
    assert_eq!(outcome(&policed.answer(&labelled).await), denied("open:1", MUTABLE));
    // What is admitted anyway breaks nothing, and a controller is admitted anyway.
    let good = policed.answer(&asking(pod("clean:1"), &["oncall"], &reason)).await;
    assert_eq!(outcome(&good), ADMITTED);
    let controller = policed.answer(&asking(deployment("open:1"), &["oncall"], &reason)).await;
    let warning = warned("open:1", MUTABLE).replace("spec.c", "spec.template.spec.c");
    assert_eq!(outcome(&controller), warning);
    let stopped = policed.stop().await;
    assert_eq!(lines(&stopped.log, "break_glass"), [] as [Value; 0]);
}

/// Anybody who may edit a Pod may have written the annotation that it has.
#[tokio::test]
async fn only_what_the_request_itself_writes_breaks_the_glass() {
    let policed = Policed::start(DOCUMENT, Keep::Never, &[]).await;
    let updated = |old: &Value, new: &Value| {
        let mut review = new.clone();
        review["request"]["operation"] = json!("UPDATE");
        review["request"]["oldObject"] = old["request"]["object"].clone();
        review
    };
    let with = |name: &str, reason: &str| asking(pod(name), &["oncall"], &json!(reason));
    let annotation = "warned: annotation ecr-admission/break-glass is ignored";
    let kept = updated(&with("clean:1", "incident 4711"), &with("open:1", "incident 4711"));
    assert_eq!(
        outcome(&policed.answer(&kept).await),
        format!(
            "{}\n{annotation}: this request does not change it; write the reason for this request as its value",
            denied("open:1", MUTABLE)
        )
    );
    let changed = updated(&with("clean:1", "incident 4710"), &with("open:1", "incident 4711"));
    let answer = policed.answer(&changed).await;
    assert_eq!(outcome(&answer), format!("warned: {USED}\n{}", warned("open:1", MUTABLE)));

    // An ephemeral container takes no annotation.
    let debugged = |reason: Option<&str>| {
        let old = with("clean:1", "incident 4711");
        let mut review = updated(&old, &old);
        review["request"]["subResource"] = json!("ephemeralcontainers");
        let env = reason.map(|it| json!([{"name": "ECR_ADMISSION_BREAK_GLASS", "value": it}]));
        review["request"]["object"]["spec"]["ephemeralContainers"] =
            json!([{"name": "debugger", "image": image("open:1"), "env": env}]);
        review
    };
    let ephemeral = |line: String| line.replace("spec.containers", "spec.ephemeralContainers");
    assert_eq!(
        outcome(&policed.answer(&debugged(None)).await),
        ephemeral(format!(
            "{}\n{annotation}: it does not count for an ephemeral container; set variable ECR_ADMISSION_BREAK_GLASS to the reason, as with kubectl debug --env",
            denied("open:1", MUTABLE)
        ))
    );
    let answer = policed.answer(&debugged(Some("incident 4711"))).await;
    assert_eq!(
        outcome(&answer),
        ephemeral(format!("warned: {USED}\n{}", warned("open:1", MUTABLE)))
    );
    let log = policed.stop().await.log;
    assert_eq!(lines(&log, "break_glass").len(), 2, "{log}");
}
