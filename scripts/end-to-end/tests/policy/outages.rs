//! A policy's secret that cannot be read: it never loosens the policy, and the image is not
//! blamed for it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use end_to_end::outcome::{ADMITTED, MUTABLE, audited, deployment, outcome, pod};
use end_to_end::policed::{Keep, Policed, lines};
use end_to_end::support::{self, sum, until_metrics, until_metrics_may_leave};

/// What kube-apiserver gives a review, as the rendered webhook configurations have it.
const VALIDATE: &str = "/validate?timeout=5s";

const UNAVAILABLE: &str = "policy_unavailable";

/// The denial of what a policy would have evaluated.
fn unavailable(why: &str) -> String {
    format!(
        "denied: policy unavailable: {why}; see the function's log, and check the document with \
         deploy/policy check"
    )
}

/// The outcome of a review.
async fn asked(policed: &Policed, review: &Value) -> String {
    let reply = policed.stack.review(VALIDATE, review).await.unwrap();
    outcome(&support::response(&reply))
}

#[tokio::test]
async fn without_a_good_copy_nothing_is_evaluated_and_everything_else_continues() {
    let missing = "POLICY_SECRET=arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf";
    let policed =
        Policed::start("mode: audit", Keep::Seconds(60), &["--admission-env", missing]).await;
    let denied = unavailable("its secret does not exist");
    assert_eq!(asked(&policed, &pod("clean:1")).await, denied);
    assert_eq!(asked(&policed, &pod("open:1")).await, denied);
    // A controller's author is warned: its Pods will be denied.
    let answer = asked(&policed, &deployment("clean:1")).await;
    assert_eq!(answer, denied.replace("denied: ", "warned: "));
    // What no policy evaluates is admitted.
    let mut ignored = pod("open:1");
    ignored["request"]["namespace"] = json!("kube-system");
    assert_eq!(asked(&policed, &ignored).await, ADMITTED);
    let mut deleted = pod("open:1");
    deleted["request"]["operation"] = json!("DELETE");
    assert_eq!(asked(&policed, &deleted).await, ADMITTED);
    // The mutating webhook leaves everything alone, rewrites of the parameters included.
    let reply = policed.stack.review("/mutate?timeout=5s", &pod("clean:1")).await.unwrap();
    let response = support::response(&reply);
    assert_eq!((&response["allowed"], response.get("patch")), (&json!(true), None));
    // It asks no glass.
    let mut glass = pod("clean:1");
    glass["request"]["userInfo"]["groups"] = json!(["system:masters"]);
    glass["request"]["object"]["metadata"]["annotations"] =
        json!({"ecr-admission/break-glass": "incident"});
    until_metrics_may_leave().await;
    assert_eq!(asked(&policed, &glass).await, denied);

    let failed = |metrics: &str| sum(metrics, "Failed", &json!([])) > 3.5;
    let metrics = until_metrics(&policed.stack, failed).await;
    let denials = sum(&metrics, "Denied", &json!([]));
    assert!((denials - 3.0).abs() < 1e-9, "{metrics}");
    assert!(!metrics.contains("\"Rule\""), "no rule denied:\n{metrics}");
    let calls = policed.stack.calls().await.unwrap();
    assert!(!calls.iter().any(|call| call.contains("Describe")), "{calls:?}");
    let log = policed.stop().await.log;
    let error = lines(&log, UNAVAILABLE);
    assert_eq!(error[0]["level"], "ERROR");
    let text = error[0]["error"].as_str().unwrap();
    assert!(text.contains("ResourceNotFoundException"), "{text}");
}

#[tokio::test]
async fn a_bad_document_from_the_start_is_reported_with_its_place() {
    let policed = Policed::start("mode: sometimes", Keep::Seconds(60), &[]).await;
    assert_eq!(asked(&policed, &pod("clean:1")).await, unavailable("it is not a policy document"));
    let error = policed.logged(UNAVAILABLE);
    let text = error[0]["error"].as_str().unwrap();
    assert!(text.contains(": line 2, column 7: the word is unknown; "), "{text}");
    assert!(!policed.stack.log().contains("sometimes"), "{}", policed.stack.log());
    // Fixed, it applies to the very next review, however long a copy is kept.
    policed.write("mode: audit");
    assert_eq!(asked(&policed, &pod("open:1")).await, audited("open:1", MUTABLE));
    policed.stop().await;
}

/// As when `PolicySecret` is the ARN of another secret.
#[tokio::test]
async fn a_secret_that_is_not_a_document_has_none_of_its_text_in_the_log() {
    let policed = Policed::start("", Keep::Never, &[]).await;
    for (text, detail) in [
        (r#"{"username": "tiger", "password": "hunter2"}"#, "line 1, column 2: the key is unknown"),
        ("hunter2-tiger", "line 1, column 1: the value is of the wrong type"),
        ("'hunter2 tiger", "line 1, column 15: the text is not YAML"),
    ] {
        policed.hold(text);
        let answer = asked(&policed, &pod("open:1")).await;
        assert_eq!(answer, unavailable("it is not a policy document"));
        let end = format!(": {detail}; deploy/policy check shows what is wrong");
        policed.until_logged(UNAVAILABLE, |error| error.ends_with(&end)).await;
    }
    // A byte order mark makes no difference.
    policed.hold("\u{feff}apiVersion: ecr-admission/v1\nmode: audit\n");
    assert_eq!(asked(&policed, &pod("open:1")).await, audited("open:1", MUTABLE));
    let log = policed.stop().await.log;
    assert!(!log.contains("hunter2") && !log.contains("tiger"), "{log}");
}

#[tokio::test]
async fn a_secret_that_is_gone_from_the_start_is_missed() {
    let policed = Policed::start("", Keep::Seconds(60), &[]).await;
    policed.remove();
    assert_eq!(asked(&policed, &pod("clean:1")).await, unavailable("its secret does not exist"));
    policed.write("");
    assert_eq!(asked(&policed, &pod("clean:1")).await, ADMITTED);
    policed.stop().await;
}

#[tokio::test]
async fn every_failure_of_the_first_reading_has_its_own_word() {
    let cases = [
        ("throttle", "reading its secret was throttled"),
        ("access-denied", "access to its secret was denied"),
        ("server-error", "reading its secret failed"),
        ("malformed", "reading its secret failed"),
        ("reset", "reading its secret failed"),
        ("hang", "reading its secret timed out"),
    ];
    let mut running = JoinSet::new();
    for (kind, why) in cases {
        running.spawn(async move {
            let fault = format!("GetSecretValue@ecr-admission/policy={kind}");
            let policed = Policed::start("", Keep::Seconds(60), &["--fault", &fault]).await;
            assert_eq!(asked(&policed, &pod("clean:1")).await, unavailable(why), "{kind}");
            let log = policed.stop().await.log;
            assert!(!lines(&log, UNAVAILABLE).is_empty(), "{kind}: {log}");
        });
    }
    running.join_all().await;
}

#[tokio::test]
async fn the_last_good_copy_is_used_while_the_secret_cannot_be_read() {
    // The first reading is right, though late (1.5 s); all others fail.
    let cases = ["throttle", "access-denied", "server-error", "malformed", "reset", "hang"];
    let mut running = JoinSet::new();
    for kind in cases {
        running.spawn(async move {
            let fault = |kind: &str| format!("GetSecretValue@ecr-admission/policy={kind}");
            let (late, fails) = (fault("slow:1"), fault(kind));
            let faults = ["--fault", &late, "--fault", &fails];
            let policed = Policed::start("mode: audit", Keep::Seconds(2), &faults).await;
            assert_eq!(asked(&policed, &pod("open:1")).await, audited("open:1", MUTABLE), "{kind}");
            tokio::time::sleep(Duration::from_millis(2_100)).await;
            assert_eq!(asked(&policed, &pod("open:1")).await, audited("open:1", MUTABLE), "{kind}");
            until_metrics(&policed.stack, |metrics| metrics.contains("Failed")).await;
            let log = policed.stop().await.log;
            let logged = lines(&log, "policy_unreadable");
            assert!(!logged.is_empty(), "{kind}: {log}");
        });
    }
    running.join_all().await;
}

#[tokio::test]
async fn one_lost_reading_is_made_again() {
    for kind in ["throttle:1", "server-error:1", "reset:1"] {
        let fault = format!("GetSecretValue@ecr-admission/policy={kind}");
        let policed = Policed::start("", Keep::Seconds(60), &["--fault", &fault]).await;
        assert_eq!(asked(&policed, &pod("clean:1")).await, ADMITTED, "{kind}");
        policed.stop().await;
    }
}
