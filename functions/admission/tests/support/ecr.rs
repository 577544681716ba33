//! The ECR adapter over HTTP that is replayed: operation in, answer out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecr::{Client, Config};
use aws_smithy_http_client::test_util::infallible_client_fn;
use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::{Budget, gather};
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::{
    EcrImage, Enforcement, FieldPath, Inspection, Policy, SeverityLimit, decide, plan,
};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The status and the body of a replayed answer.
pub(crate) type Reply = (u16, String);

/// An answer as it should be.
pub(crate) fn reply(body: &Value) -> Reply {
    (200, body.to_string())
}

/// An error as ECR sends one.
pub(crate) fn error(code: &str) -> Reply {
    (400, json!({"__type": code, "message": "replayed"}).to_string())
}

/// The answers for an image without a fault.
pub(crate) fn compliant(operation: &str) -> Reply {
    reply(&match operation {
        "DescribeRepositories" => json!({"repositories": [{
            "repositoryName": "pay", "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": true},
        }]}),
        "BatchGetRepositoryScanningConfiguration" => json!({
            "scanningConfigurations": [{"repositoryName": "pay", "scanFrequency": "SCAN_ON_PUSH"}],
        }),
        "DescribeImageScanFindings" => json!({
            "imageId": {"imageDigest": super::digest('a').as_str(), "imageTag": "1"},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findingSeverityCounts": {}},
        }),
        other => panic!("{other} is not called for a compliant image"),
    })
}

/// An inspector whose calls are answered by `answer`. It gets the operation, with `/<next token>` for a
/// further page, and the body.
pub(crate) fn inspector(
    answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
) -> EcrInspector {
    let http = infallible_client_fn(move |request: http::Request<_>| {
        let target = request.headers().get("x-amz-target").unwrap().to_str().unwrap();
        let body: &aws_smithy_types::body::SdkBody = request.body();
        let body: Value = serde_json::from_slice(body.bytes().unwrap()).unwrap();
        let mut operation = target.rsplit('.').next().unwrap().to_owned();
        if let Some(token) = body["nextToken"].as_str() {
            operation = format!("{operation}/{token}");
        }
        let (status, body) = answer(&operation, &body);
        http::Response::builder().status(status).body(body).unwrap()
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIA", "s", None, None, "test"))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .build();
    let clients = [("us-east-1".parse().unwrap(), Client::from_conf(config))].into();
    EcrInspector::with_clients(clients, Log::new(Level::Error))
}

/// What is found about these images, seen from account 123456789012; and the number of calls.
pub(crate) async fn inspect(
    inspector: &EcrInspector,
    images: &BTreeSet<EcrImage>,
) -> (BTreeMap<EcrImage, Inspection>, u32) {
    let budget = Budget::new(Instant::now() + Duration::from_secs(5));
    let own = "123456789012".parse().unwrap();
    let found = gather(inspector, &own, images, &budget).await;
    (found, budget.calls())
}

/// The verdict on `pay:1` of an account, in words, and the number of calls that it took.
pub(crate) async fn inspect_one(
    account: &str,
    answer: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> (String, u32) {
    let policy = Policy {
        registry_ids: [account.parse().unwrap()].into(),
        regions: ["us-east-1".parse().unwrap()].into(),
        severity_limit: SeverityLimit::Critical,
        pinned: false,
    };
    let image = format!("{account}.dkr.ecr.us-east-1.amazonaws.com/pay:1");
    let plan = plan([(FieldPath::new("image"), image)], Enforcement::Deny, &policy);
    let inspector = Arc::new(inspector(move |operation, _| answer(operation)));
    let (found, calls) = inspect(&inspector, &plan.lookups()).await;
    let verdict = decide(&plan, &found, &policy);
    (verdict.message().unwrap_or_else(|| "admitted".to_owned()), calls)
}
