//! What CloudWatch receives, when, and that it changes no answer.

use serde_json::json;

use end_to_end::support::{VALIDATE, image, pod, response, stack, sum, until_metrics};

#[tokio::test]
async fn a_denial_is_counted_at_once_and_the_rest_when_the_sandbox_ends() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let good = image("payments/api:1.4");
    for images in [&[good.as_str()][..], &["nginx", "redis"], &[good.as_str()]] {
        stack.review(VALIDATE, &pod("u", images)).await.unwrap();
    }
    let none = json!([]);
    let rule = json!([{"Name": "Rule", "Value": "ecr-registry"}]);
    let metrics = until_metrics(&stack, |metrics| metrics.contains("Denied")).await;
    for (name, dimensions, expected) in [
        ("Denied", &none, 1.0),
        ("Denied", &rule, 1.0),
        ("Admitted", &none, 1.0),
        ("RegistryCalls", &none, 4.0),
    ] {
        let counted = sum(&metrics, name, dimensions);
        assert!((counted - expected).abs() < 1e-9, "{name} {dimensions}: {counted}\n{metrics}");
    }
    assert!(metrics.contains("ReviewLatency"), "{metrics}");
    assert!(!metrics.contains("Throttled"), "there is nothing to count: {metrics}");
    assert!(!metrics.contains("Cluster"), "each cluster costs: {metrics}");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn each_cluster_is_counted_where_that_is_turned_on() {
    let stack = stack(&["--sandboxes", "1", "--admission-env", "CLUSTER_METRICS=true"]).await;
    stack.review(VALIDATE, &pod("u", &["nginx"])).await.unwrap();
    let metrics = until_metrics(&stack, |metrics| metrics.contains("Denied")).await;
    for dimensions in [json!([]), json!([{"Name": "Cluster", "Value": "local"}])] {
        for (name, expected) in [("Denied", 1.0), ("RegistryCalls", 0.0)] {
            let counted = sum(&metrics, name, &dimensions);
            assert!((counted - expected).abs() < 1e-9, "{name} {dimensions}: {counted}\n{metrics}");
        }
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn cloudwatch_changes_no_answer() {
    for fault in ["hang", "access-denied", "reset", "server-error", "slow"] {
        let fault = format!("PutMetricData={fault}");
        let stack = stack(&["--sandboxes", "1", "--fault", &fault]).await;
        for (name, allowed) in
            [("web/frontend:2.1", false), ("payments/api:1.4", true), ("web/frontend:2.1", false)]
        {
            let reply = stack.review(VALIDATE, &pod("u", &[&image(name)])).await.unwrap();
            assert_eq!(response(&reply)["allowed"], allowed, "{fault}: {}", reply.text());
        }
        stack.stop().await.unwrap();
    }
}

#[tokio::test]
async fn what_could_not_be_evaluated_is_counted_as_failed() {
    let stack = stack(&["--sandboxes", "1", "--fault", "DescribeRepositories=access-denied"]).await;
    stack.review(VALIDATE, &pod("u", &[&image("payments/api:1.4")])).await.unwrap();
    let metrics = until_metrics(&stack, |metrics| metrics.contains("Failed")).await;
    assert!((sum(&metrics, "Failed", &json!([])) - 1.0).abs() < 1e-9, "{metrics}");
    let log = stack.stop().await.unwrap().log;
    assert!(log.contains(r#""event":"ecr_call_failed""#) && log.contains("access denied"), "{log}");
}

#[tokio::test]
async fn calls_that_ecr_refused_for_their_rate_are_counted() {
    let args = ["--sandboxes", "1", "--admission-env", "CLUSTER_METRICS=true"];
    let fault = ["--fault", "DescribeImageScanFindings=throttle"];
    let stack = stack(&[&args[..], &fault].concat()).await;
    let images = [image("payments/api:1.4"), image("web/frontend:2.1")];
    let review = pod("u", &images.each_ref().map(String::as_str));
    stack.review(VALIDATE, &review).await.unwrap();
    let metrics = until_metrics(&stack, |metrics| metrics.contains("Throttled")).await;
    for dimensions in [json!([]), json!([{"Name": "Cluster", "Value": "local"}])] {
        assert!((sum(&metrics, "Throttled", &dimensions) - 2.0).abs() < 1e-9, "{metrics}");
    }
    let log = stack.stop().await.unwrap().log;
    assert!(log.contains(r#""registry_calls":6,"throttled":2,"#), "{log}");
}
