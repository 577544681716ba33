//! AWS hangs: the answer is there before the caller gives up.

use std::time::{Duration, Instant};

use end_to_end::cell::cold;
use end_to_end::support::{denial, image, pod, response};

use crate::in_time;

/// How long before that.
const MARGIN: Duration = Duration::from_millis(200);

const REGISTRY: &[&str] = &["--fault", "DescribeRepositories=hang"];

/// The first review of a stack, which waits for the cold start of both functions, too.
async fn first_review(path: &str, timeout: u64, args: &[&str]) {
    let limit = Duration::from_secs(timeout).saturating_sub(MARGIN);
    in_time(limit, async || {
        let stack = cold(args).await;
        let review = pod("u", &[&image("payments/api:1.4")]);
        let began = Instant::now();
        let reply = stack.review(&format!("{path}?timeout={timeout}s"), &review).await.unwrap();
        let took = began.elapsed();
        if path == "/mutate" {
            assert_eq!(response(&reply).get("patch"), None);
        } else {
            let message = denial(&reply);
            assert!(message.contains(" timed out; "), "{message}");
        }
        stack.stop().await.unwrap();
        took
    })
    .await;
}

#[tokio::test]
async fn a_registry_that_hangs_is_answered_within_two_seconds() {
    first_review("/validate", 2, REGISTRY).await;
}

#[tokio::test]
async fn a_registry_that_hangs_is_answered_within_five_seconds() {
    first_review("/validate", 5, REGISTRY).await;
}

#[tokio::test]
async fn a_registry_that_hangs_leaves_an_image_alone_within_two_seconds() {
    let args = [&["--pin-namespaces", "*"], REGISTRY].concat();
    first_review("/mutate", 2, &args).await;
}

#[tokio::test]
async fn a_policy_that_hangs_is_answered_within_five_seconds() {
    let policy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/samples/policy.yaml");
    let args = ["--policy", policy, "--fault", "GetSecretValue@ecr-admission/policy=hang"];
    first_review("/validate", 5, &args).await;
}
