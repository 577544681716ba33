//! The life of the document: when it is read, what an edit does, and what a bad one does not.

use std::time::Duration;

use serde_json::{Value, json};

use end_to_end::outcome::{ADMITTED, MUTABLE, audited, denied, outcome, pod, warned};
use end_to_end::policed::{Keep, Policed, is_read};
use end_to_end::support::{sum, until_metrics, until_metrics_may_leave};

/// When a call arrived, of a line of `/_local/calls`.
fn arrived(call: &str) -> u64 {
    call.split(' ').next().unwrap().parse().unwrap()
}

async fn pass(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn it_is_read_when_a_sandbox_starts_and_then_no_more_for_cache_seconds() {
    let policed = Policed::start("mode: warn", Keep::Seconds(60), &[]).await;
    assert_eq!(policed.reads().await, 0, "no sandbox has started yet");
    for _ in 0..3 {
        assert_eq!(outcome(&policed.answer(&pod("open:1")).await), warned("open:1", MUTABLE));
    }
    // An edit waits for the copy to be so old.
    policed.write("");
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), warned("open:1", MUTABLE));
    assert_eq!(policed.reads().await, 1);
    let version = policed.logged("policy_read")[0]["version"].as_str().unwrap().to_owned();
    let answer = policed.answer(&pod("open:1")).await;
    let policy = answer["auditAnnotations"]["policy"].as_str().unwrap();
    assert!(policy.ends_with(&format!("; document {version}")), "{policy}");
    let log = policed.stop().await.log;
    let line = |text: &str| log.lines().position(|line| line.contains(text)).unwrap();
    assert!(line("policy_read") < line("admission[1] START"), "read in the init phase:\n{log}");
}

#[tokio::test]
async fn an_old_copy_is_read_again_beside_the_look_ups() {
    let latency = 600;
    let args = ["--latency-ms", "600"];
    let policed = Policed::start("", Keep::Seconds(1), &args).await;
    assert_eq!(outcome(&policed.answer(&pod("clean:1")).await), ADMITTED);
    pass(1_100).await;
    policed.stack.reset().await.unwrap();
    assert_eq!(outcome(&policed.answer(&pod("clean:1")).await), ADMITTED);
    let calls = policed.stack.calls().await.unwrap();
    let calls: Vec<&String> = calls.iter().filter(|call| !call.contains("PutMetricData")).collect();
    assert_eq!(calls.len(), 5, "{calls:?}");
    assert_eq!(calls.iter().filter(|call| is_read(call)).count(), 1, "{calls:?}");
    let first = calls.iter().map(|call| arrived(call)).min().unwrap();
    let last = calls.iter().map(|call| arrived(call)).max().unwrap();
    assert!(last - first < latency, "none waits for the answer of another: {calls:?}");
    policed.stop().await;
}

#[tokio::test]
async fn an_edit_takes_effect_and_a_bad_one_does_not() {
    let policed = Policed::start("mode: warn", Keep::Seconds(1), &[]).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), warned("open:1", MUTABLE));
    policed.write("mode: audit");
    pass(1_100).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), audited("open:1", MUTABLE));

    policed.write("mode: audit\nrules:\n  scan-findings:\n    severityLimt: LOW\n");
    pass(1_100).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), audited("open:1", MUTABLE));
    until_metrics(&policed.stack, |metrics| count(metrics, "Failed") > 0.5).await;
    let logged = policed.logged("policy_unreadable");
    assert_eq!((logged.len(), &logged[0]["level"]), (1, &json!("ERROR")));
    let error = logged[0]["error"].as_str().unwrap();
    assert!(error.contains(": line 5, column 5: the key is unknown; "), "{error}");
    assert!(!error.contains("severityLimt"), "{error}");

    // While the copy is one that may be outdated, every review counts; the log says it once a reading.
    until_metrics_may_leave().await;
    policed.answer(&pod("open:1")).await;
    let twice = |metrics: &str| count(metrics, "Failed") > 1.5;
    let metrics = until_metrics(&policed.stack, twice).await;
    assert!(count(&metrics, "Denied") < 0.5, "{metrics}");

    policed.remove();
    pass(1_100).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), audited("open:1", MUTABLE));
    let logged = policed.logged("policy_unreadable");
    let error = logged.last().unwrap()["error"].as_str().unwrap();
    assert!(error.contains("ResourceNotFoundException"), "{error}");

    // And one that is good again.
    policed.write("");
    pass(1_100).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), denied("open:1", MUTABLE));
    policed.stop().await;
}

/// How many of a metric were counted, whatever the cluster.
fn count(metrics: &str, name: &str) -> f64 {
    sum(metrics, name, &json!([]))
}

#[tokio::test]
async fn a_document_that_changes_during_a_review_applies_to_that_review() {
    // Every review finds its copy too old, so that a document changes while it looks images up.
    let policed = Policed::start("mode: warn", Keep::Never, &["--latency-ms", "200"]).await;
    assert_eq!(outcome(&policed.answer(&pod("open:1")).await), warned("open:1", MUTABLE));
    assert_eq!(policed.under("", &pod("open:1")).await, denied("open:1", MUTABLE));
    // What the old one need not look up, and the new one must.
    let root = "rules: {image-config: {nonRoot: true}}";
    let answer = policed.under(root, &pod("configs:root")).await;
    assert!(answer.starts_with("denied: ") && answer.ends_with("[image-config]"), "{answer}");
    let read: Vec<Value> = policed.logged("policy_read");
    assert_eq!(read.len(), 3, "{read:?}");
    policed.stop().await;
}
