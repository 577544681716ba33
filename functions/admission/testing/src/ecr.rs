//! The ECR adapter over HTTP that is replayed: operation in, answer out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_ecr::{Client, Config};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use ecr_admission::ecr::EcrInspector;
use ecr_admission::inspect::{Budget, InspectImage, Missing, gather};
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::facts::Content;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, FieldPath, Inspection, Mode, Policy, decide, plan, testing};
use serde_json::{Value, json};
use tokio::time::Instant;

/// The status and the body of a replayed answer.
pub type Reply = (u16, String);

/// An answer as it should be.
pub fn reply(body: &Value) -> Reply {
    (200, body.to_string())
}

/// An error as ECR sends one.
pub fn error(code: &str) -> Reply {
    (400, json!({"__type": code, "message": "replayed"}).to_string())
}

/// The media type of an OCI image manifest.
pub const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The manifest of an image, as build tools write it.
pub fn image_manifest() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": crate::digest('c').as_str(),
            "size": 7023,
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": crate::digest('d').as_str(),
            "size": 32654,
        }],
    })
}

/// The answers for an image without a fault.
pub fn compliant(operation: &str) -> Reply {
    reply(&match operation {
        "DescribeRepositories" => json!({"repositories": [{
            "repositoryName": "pay", "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": true},
        }]}),
        "BatchGetRepositoryScanningConfiguration" => json!({
            "scanningConfigurations": [{"repositoryName": "pay", "scanFrequency": "SCAN_ON_PUSH"}],
        }),
        "DescribeImageScanFindings" => json!({
            "imageId": {"imageDigest": crate::digest('a').as_str(), "imageTag": "1"},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {
                "imageScanCompletedAt": 1_795_176_000, "findingSeverityCounts": {},
            },
        }),
        "BatchGetImage" => json!({"images": [{
            "imageId": {"imageDigest": crate::digest('a').as_str(), "imageTag": "1"},
            "imageManifestMediaType": OCI_IMAGE,
            "imageManifest": image_manifest().to_string(),
        }]}),
        other => panic!("{other} is not called for a compliant image"),
    })
}

/// An inspector whose calls are answered by `answer`. It gets the operation, with `/<next token>` for a
/// further page, and the body; for a blob `GET` and its URL.
pub fn inspector(answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> EcrInspector {
    inspector_over(replay(answer), Level::Error)
}

/// The HTTP of such an inspector.
pub fn replay(answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static) -> SharedHttpClient {
    infallible_client_fn(move |request: http::Request<_>| {
        let (operation, body) = asked(&request);
        let (status, body) = answer(&operation, &body);
        http::Response::builder().status(status).body(body).unwrap()
    })
}

fn asked(request: &http::Request<SdkBody>) -> (String, Value) {
    let Some(target) = request.headers().get("x-amz-target") else {
        assert!(!request.headers().contains_key("authorization"), "the URL is signed already");
        return (request.method().to_string(), request.uri().to_string().into());
    };
    let operation = target.to_str().unwrap().rsplit('.').next().unwrap();
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
    match body["nextToken"].as_str() {
        Some(token) => (format!("{operation}/{token}"), body),
        None => (operation.to_owned(), body),
    }
}

/// An inspector over this HTTP, with a log of this level.
pub fn inspector_over(http: SharedHttpClient, level: Level) -> EcrInspector {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIA", "s", None, None, "test"))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .build();
    let clients = [("us-east-1".parse().unwrap(), Client::from_conf(config))].into();
    EcrInspector::with_clients(clients, Log::new(level))
}

/// What the inspector says of `pay:1`, and the number of calls.
pub async fn look_up(
    inspector: &EcrInspector,
    needs: Needs,
) -> (Result<(Digest, Content), Missing>, u32) {
    look_up_within(Duration::from_secs(5), inspector, needs).await
}

/// The same, when so much time is left.
pub async fn look_up_within(
    left: Duration,
    inspector: &EcrInspector,
    needs: Needs,
) -> (Result<(Digest, Content), Missing>, u32) {
    let image = EcrImage {
        account: "123456789012".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: "pay".parse().unwrap(),
        id: ImageId::Tag("1".parse().unwrap()),
    };
    let budget = Budget::new(Instant::now() + left);
    let mut found = inspector.images(&[image.clone()].into(), &needs, &budget).await;
    let found = found.remove(&image).unwrap();
    (found.map(|found| (found.digest, found.content)), budget.calls())
}

/// What is found about these images, seen from account 123456789012; and the number of calls.
pub async fn inspect(
    inspector: &EcrInspector,
    images: impl IntoIterator<Item = EcrImage>,
) -> (BTreeMap<EcrImage, Inspection>, u32) {
    let images: BTreeSet<EcrImage> = images.into_iter().collect();
    let budget = Budget::new(Instant::now() + Duration::from_secs(5));
    let own = "123456789012".parse().unwrap();
    let needs = policy("123456789012").needs();
    let found = gather(inspector, &own, &images, &needs, &budget).await;
    (found, budget.calls())
}

/// The verdict on `pay:1` of an account, in words, and the number of calls that it took.
pub async fn inspect_one(
    account: &str,
    answer: impl Fn(&str) -> Reply + Send + Sync + 'static,
) -> (String, u32) {
    verdict_on(account, &inspector(move |operation, _| answer(operation))).await
}

/// The same, by what this inspector finds.
pub async fn verdict_on(account: &str, inspector: &EcrInspector) -> (String, u32) {
    verdict_at("image", account, inspector).await
}

/// The same, of an image at this path.
pub async fn verdict_at(path: &str, account: &str, inspector: &EcrInspector) -> (String, u32) {
    let policy = policy(account);
    let image = format!("{account}.dkr.ecr.us-east-1.amazonaws.com/pay:1");
    let plan = plan([(FieldPath::new(path), image)], Mode::Deny, &policy);
    let (found, calls) = inspect(inspector, plan.lookups()).await;
    let verdict = decide(&plan, &found, &policy, testing::NOW);
    (verdict.message().unwrap_or_else(|| "admitted".to_owned()), calls)
}

fn policy(account: &str) -> Policy {
    Policy {
        registry_ids: [account.parse().unwrap()].into(),
        own_account: Some(testing::ACCOUNT.parse().unwrap()),
        ..testing::policy()
    }
}
