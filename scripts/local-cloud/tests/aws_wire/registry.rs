//! The HTTP API of a registry, and the images that come through it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::stand_in::{StandIn, start_with};

const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    pullThroughCacheRules: [{prefix: hub, upstream: registry-1.docker.io}]
    repositories:
      - name: hub/app
        images:
          - tags: ["1"]
            onPull: {}
            platforms: [{os: linux, architecture: amd64, scan: {status: COMPLETE}}]
          - {tags: ["2"], onPull: {scanSeconds: 3600}, scan: {status: COMPLETE}}
          - {tags: ["3"], onPull: {refused: {status: 429, code: TOOMANYREQUESTS, message: too fast}}}
"#;

/// The status line, the headers and the body of a pull with this `Authorization` header.
async fn pull(stand_in: &StandIn, reference: &str, authorization: &str) -> (String, String) {
    let head = format!(
        "GET /v2/hub/app/manifests/{reference} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {authorization}"
    );
    let (head, body) = stand_in.raw_to(&head).await;
    (head, String::from_utf8(body).unwrap())
}

async fn password(stand_in: &StandIn) -> String {
    let answer = stand_in.ecr().get_authorization_token().send().await.unwrap();
    let data = &answer.authorization_data()[0];
    assert_eq!(data.proxy_endpoint(), Some(format!("https://{HOST}").as_str()));
    let token = data.authorization_token().unwrap();
    assert!(STANDARD.decode(token).unwrap().starts_with(b"AWS:"));
    format!("Basic {token}")
}

async fn exists(stand_in: &StandIn) -> bool {
    stand_in.ecr().describe_repositories().repository_names("hub/app").send().await.is_ok()
}

#[tokio::test]
async fn an_image_is_imported_when_it_is_pulled_by_its_tag() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let password = password(&stand_in).await;
    assert!(!exists(&stand_in).await);
    let rules = stand_in.ecr().describe_pull_through_cache_rules().send().await.unwrap();
    let prefixes: Vec<_> =
        rules.pull_through_cache_rules().iter().map(|it| it.ecr_repository_prefix()).collect();
    assert_eq!(prefixes, [Some("hub")]);

    let (head, index) = pull(&stand_in, "1", &password).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: application/vnd.oci.image.index.v1+json"), "{head}");
    assert!(exists(&stand_in).await);
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let child = index["manifests"][0]["digest"].as_str().unwrap();
    let (head, _) = pull(&stand_in, child, &password).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");

    // The scan of another begins later than its import.
    pull(&stand_in, "2", &password).await;
    let scan = stand_in.ecr().describe_image_scan_findings().repository_name("hub/app");
    let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag("2").build();
    let error = scan.image_id(id).send().await.unwrap_err().into_service_error();
    assert!(error.is_scan_not_found_exception(), "{error:?}");
    let keys: Vec<_> = stand_in.calls().into_iter().filter(|it| it[0] == "GetManifest").collect();
    assert_eq!(keys[0], ["GetManifest", "123456789012/us-east-1/hub/app:1", "200"]);
}

#[tokio::test]
async fn what_is_refused_says_why_and_imports_nothing() {
    let stand_in = start_with(CATALOGUE, &["GetManifest@:2=throttle"]).await;
    let password = password(&stand_in).await;
    let unknown = format!("sha256:{}", "0".repeat(64));
    for (reference, authorization, status, body) in [
        ("1", "Basic QVdTOndyb25n", 403, "Your authorization token has expired."),
        ("9", password.as_str(), 404, "Requested image not found"),
        (&unknown, &password, 404, "Requested image not found"),
        ("3", &password, 429, "too fast"),
        ("2", &password, 429, "Rate exceeded"),
    ] {
        let (head, answer) = pull(&stand_in, reference, authorization).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{reference} {head}");
        assert!(answer.starts_with(r#"{"errors":[{"#) && answer.contains(body), "{answer}");
    }
    assert!(!exists(&stand_in).await);
}
