//! Who gets in, what is said, and what it takes.

use local_cloud::stack::Stack;
use serde_json::json;

use end_to_end::support::{VALIDATE, denial, functions, image, pod, response, stack};

#[tokio::test]
async fn the_demo_goes_as_expected() {
    let [admission, authorizer] = functions();
    let demo = tokio::process::Command::new(end_to_end::support::local_cloud())
        .args(["--demo", "--port", "0", "--project"])
        .arg(local_cloud::build::project())
        .arg("--dir")
        .arg(tempfile::tempdir().unwrap().path())
        .arg("--admission-binary")
        .arg(admission)
        .arg("--authorizer-binary")
        .arg(authorizer)
        .output()
        .await
        .unwrap();
    let table = String::from_utf8_lossy(&demo.stdout);
    assert!(demo.status.success(), "{table}\n{}", String::from_utf8_lossy(&demo.stderr));
    assert!(table.trim_end().ends_with(" as expected"), "{table}");
}

#[tokio::test]
async fn a_fresh_pod_of_twenty_images_takes_one_call_of_each_batch_and_a_second_none() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let good = image("payments/api:1.4");
    let digest = image(
        "web/frontend@sha256:025ac597fc1f8eac54f32be4f21651ebd856325fe9b77c82f68b8494d5b3dc73",
    );
    let images: Vec<&str> =
        std::iter::repeat_n([good.as_str(), digest.as_str()], 10).flatten().collect();
    let reply = stack.review(VALIDATE, &pod("u1", &images)).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true);
    let of_ecr = |calls: Vec<String>| -> Vec<String> {
        let operation = |line: &String| line.split(' ').nth(1).unwrap().to_owned();
        let mut calls: Vec<String> = calls.iter().map(operation).collect();
        calls.retain(|operation| !matches!(operation.as_str(), "GetSecretValue" | "PutMetricData"));
        calls.sort();
        calls
    };
    assert_eq!(
        of_ecr(stack.calls().await.unwrap()),
        [
            // Of each of the two repositories.
            "BatchGetImage",
            "BatchGetImage",
            "BatchGetRepositoryScanningConfiguration",
            "DescribeImageScanFindings",
            "DescribeImageScanFindings",
            "DescribeRepositories",
        ]
    );
    stack.reset().await.unwrap();
    let reply = stack.review(VALIDATE, &pod("u2", &images)).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true);
    assert_eq!(of_ecr(stack.calls().await.unwrap()), [] as [&str; 0]);
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn two_hundred_reviews_at_once_each_get_their_own_answer() {
    let stack = std::sync::Arc::new(stack(&[]).await);
    let tasks: Vec<_> = (0..200)
        .map(|n| {
            let stack = std::sync::Arc::clone(&stack);
            tokio::spawn(async move {
                let (name, allowed) = match n % 4 {
                    0 => ("payments/api:1.4", true),
                    1 => ("web/frontend:2.1", false),
                    2 => ("shop/checkout:1.9", false),
                    _ => ("shop/catalog:4.2", true),
                };
                let uid = format!("uid-{n}");
                let review = pod(&uid, &[&image(name)]);
                let reply = stack.review("/validate?timeout=30s", &review).await.unwrap();
                let response = response(&reply);
                assert_eq!(
                    (&response["uid"], &response["allowed"]),
                    (&json!(uid), &json!(allowed))
                );
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    std::sync::Arc::into_inner(stack).unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn the_operators_registries_and_namespaces_count() {
    let stack = stack(&[
        "--registry-ids",
        "123456789012,210987654321",
        "--registry-region",
        "us-east-1,eu-west-1",
        "--ignored-namespaces",
        "infra",
    ])
    .await;
    let other = "210987654321.dkr.ecr.us-east-1.amazonaws.com/platform/proxy:1.30";
    let reply = stack.review(VALIDATE, &pod("u1", &[other])).await.unwrap();
    assert_eq!(response(&reply)["allowed"], true, "{}", reply.text());
    let mut review = pod("u2", &["nginx"]);
    review["request"]["namespace"] = json!("infra");
    assert_eq!(response(&stack.review(VALIDATE, &review).await.unwrap())["allowed"], true);
    review["request"]["namespace"] = json!("kube-system");
    assert!(denial(&stack.review(VALIDATE, &review).await.unwrap()).ends_with("[ecr-registry]"));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_bad_value_stops_the_function_with_a_line_that_names_it() {
    let stack: Stack = stack(&["--sandboxes", "1", "--registry-region", "everywhere"]).await;
    let reply = stack.review(VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
    assert_eq!(reply.status, 500);
    let log = stack.stop().await.unwrap().log;
    let expected = "environment variable REGISTRY_REGION: expected comma-separated Regions";
    assert!(log.contains(expected) && log.contains(r#"got \"everywhere\""#), "{log}");
}
