//! What the mutating webhook pins, the validating webhook admits without asking AWS again.

use std::fmt::Write;

use local_cloud::stack::Stack;
use serde_json::Value;

use end_to_end::support::{VALIDATE, denial, image, pod, response, stack};

const MUTATE: &str = "/mutate?timeout=10s";

/// The image that `/mutate` gives the first container.
async fn mutated(stack: &Stack, review: &Value) -> String {
    let response = response(&stack.review(MUTATE, review).await.unwrap());
    assert_eq!(response["allowed"], true, "{response}");
    let patch = aws_smithy_types::base64::decode(response["patch"].as_str().unwrap()).unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    patch[1]["value"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_pinned_pod_is_admitted_without_a_further_call() {
    let stack = stack(&["--sandboxes", "1", "--pin-namespaces", "shop"]).await;
    let tagged = image("payments/api:1.4");
    let unpinned = pod("u1", &[&tagged]);
    let message = denial(&stack.review(VALIDATE, &unpinned).await.unwrap());
    assert!(message.ends_with("[pinned]"), "{message}");
    stack.reset().await.unwrap();
    // What led to a denial is soon looked up again.
    tokio::time::sleep(std::time::Duration::from_millis(5_100)).await;

    let pinned = mutated(&stack, &unpinned).await;
    assert!(pinned.starts_with(&format!("{tagged}@sha256:")), "{pinned}");
    let of_ecr = |calls: Vec<String>| {
        calls.into_iter().filter(|call| !call.contains("PutMetricData")).count()
    };
    assert_eq!(of_ecr(stack.calls().await.unwrap()), 4);
    let reply = stack.review(VALIDATE, &pod("u2", &[&pinned])).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true, "{}", reply.text());
    assert_eq!(of_ecr(stack.calls().await.unwrap()), 4, "0 for the second");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn docker_hub_becomes_our_copy_of_it() {
    let mut rewrites = String::from("REWRITES=");
    write!(rewrites, "docker.io/library/nginx={}", image("payments/api")).unwrap();
    let stack =
        stack(&["--sandboxes", "1", "--pin-namespaces", "*", "--admission-env", &rewrites]).await;
    let pinned = mutated(&stack, &pod("u1", &["nginx:1.4"])).await;
    assert!(pinned.starts_with(&format!("{}@sha256:", image("payments/api:1.4"))), "{pinned}");
    let reply = stack.review(VALIDATE, &pod("u2", &[&pinned])).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true, "{}", reply.text());
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_registry_that_hangs_leaves_the_image_alone() {
    let faults =
        ["--sandboxes", "1", "--pin-namespaces", "*", "--fault", "DescribeRepositories=hang"];
    let stack = stack(&faults).await;
    let review = pod("u1", &[&image("payments/api:1.4")]);
    let response = response(&stack.review("/mutate?timeout=2s", &review).await.unwrap());
    assert_eq!(response["allowed"], true);
    assert_eq!(response.get("patch"), None);
    let warning = response["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("not pinned: could not be evaluated: ecr:DescribeRepositories timed out"),
        "{warning}"
    );
    stack.stop().await.unwrap();
}
