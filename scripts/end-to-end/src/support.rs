//! A stack of the two functions that ship, and reviews of Pods.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use local_cloud::build;
use local_cloud::client::Reply;
use local_cloud::stack::Stack;
use serde_json::{Value, json};

/// The registry of the stack.
pub const REGISTRY: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
/// Where reviews go.
pub const VALIDATE: &str = "/validate?timeout=10s";

/// The two functions that ship, built once for all tests of this file: cargo takes a second to find
/// out that there is nothing to do.
pub fn functions() -> &'static [PathBuf; 2] {
    static BUILT: OnceLock<[PathBuf; 2]> = OnceLock::new();
    BUILT.get_or_init(|| {
        [("ecr-admission", "admission"), ("ecr-admission-authorizer", "authorizer")]
            .map(|(package, binary)| build::build(package, "--bin", binary).unwrap())
    })
}

/// The program that stands in for AWS, built once.
pub fn local_cloud() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build::build("local-cloud", "--bin", "local-cloud").unwrap())
}

/// A running stack over the sample catalogue.
pub async fn stack(args: &[&str]) -> Stack {
    let [admission, authorizer] = functions();
    let options = Stack::options().program(local_cloud());
    options.admission(admission).authorizer(authorizer).args(args).start().await.unwrap()
}

/// The name of an image in the stack's registry.
pub fn image(name: &str) -> String {
    format!("{REGISTRY}/{name}")
}

/// A review of a new Pod with these container images.
pub fn pod(uid: &str, images: &[&str]) -> Value {
    let containers: Vec<Value> = images
        .iter()
        .enumerate()
        .map(|(n, image)| json!({"name": format!("c{n}"), "image": image}))
        .collect();
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": uid,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p",
            "namespace": "shop",
            "operation": "CREATE",
            "userInfo": {"username": "admin"},
            "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}},
            "oldObject": null,
        },
    })
}

/// The `response` of an answer that must be there.
pub fn response(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut answer: Value = reply.json().unwrap();
    answer["response"].take()
}

/// The denial's message; panics when the Pod is admitted.
pub fn denial(reply: &Reply) -> String {
    let response = response(reply);
    assert_eq!(response["allowed"], false, "{response}");
    response["status"]["message"].as_str().unwrap().to_owned()
}

/// Waits until a denial is sent at once again: a sandbox sends metrics once a second at most.
pub async fn until_metrics_may_leave() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

/// Waits until what CloudWatch received satisfies `found`.
pub async fn until_metrics(stack: &Stack, found: impl Fn(&str) -> bool) -> String {
    let started = Instant::now();
    loop {
        let metrics = stack.metrics().await.unwrap();
        if found(&metrics) {
            return metrics;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "not in time; so far:\n{metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The sum of a metric with exactly these dimensions, over all that CloudWatch received.
pub fn sum(metrics: &str, name: &str, dimensions: &Value) -> f64 {
    metrics
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|datum| datum["MetricName"] == name)
        .filter(|datum| match datum["Dimensions"].as_array() {
            Some(found) => json!(found) == *dimensions,
            None => dimensions == &json!([]),
        })
        .map(|datum| datum["StatisticValues"]["Sum"].as_f64().unwrap())
        .sum()
}
