//! Requests that are not signed as they must be, and requests for what is not there.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::Value;

use crate::stand_in::{Signer, StandIn, code_and_message, start_with};

const CATALOGUE: &str = r#"
registries:
  - {account: "123456789012", region: eu-west-1}
"#;

const DESCRIBE: &str = "POST / HTTP/1.1\r\nX-Amz-Target: AmazonEC2ContainerRegistry_V20150921.DescribeRepositories\r\nContent-Type: application/x-amz-json-1.1";

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

/// Code and message of a refused request.
async fn refusal(stand_in: &StandIn, head: &str, body: &str) -> (String, String) {
    let (answer, body) = stand_in.raw(head, body.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let body: Value = serde_json::from_slice(&body).unwrap();
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    (text("__type"), text("message"))
}

/// The head of a request that is signed right, but for what the caller chooses.
fn signed(stand_in: &StandIn, name: &str, region: &str, time: SystemTime, body: &str) -> String {
    let identity =
        Credentials::new("AKIDLOCALCLOUD", "local-cloud-secret-access-key", None, None, "test")
            .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(name)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let target = ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories");
    let url = format!("{}/", stand_in.url());
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, [target].into_iter(), body).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    let headers = instructions.headers().map(|(name, value)| format!("{name}: {value}"));
    [DESCRIBE.to_owned()].into_iter().chain(headers).collect::<Vec<_>>().join("\r\n")
}

#[tokio::test]
async fn a_wrong_key_secret_or_region_is_recognized() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let cases = [
        (
            Signer { key_id: "AKIDSOMEBODYELSE", ..Signer::default() },
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            Signer { secret_key: "wrong", ..Signer::default() },
            "InvalidSignatureException",
            MISMATCH,
        ),
        (
            Signer { region: "ap-south-1", ..Signer::default() },
            "InvalidSignatureException",
            "Credential should be scoped to a valid region. ",
        ),
    ];
    for (signer, code, message) in cases {
        let error = stand_in.ecr_as(signer).describe_repositories().send().await.unwrap_err();
        let got = code_and_message(&error.into_service_error());
        assert_eq!(got, (code.to_owned(), message.to_owned()));
    }
    let statuses: Vec<String> = stand_in.calls().into_iter().map(|[.., status]| status).collect();
    assert_eq!(statuses, ["400"; 3]);
}

#[tokio::test]
async fn ecr_answers_in_the_regions_of_the_catalogue_and_the_others_in_the_stacks_own() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let ireland = || Signer { region: "eu-west-1", ..Signer::default() };
    assert!(stand_in.ecr().describe_repositories().send().await.is_ok());
    assert!(stand_in.ecr_as(ireland()).describe_repositories().send().await.is_ok());

    let secret = stand_in.secrets_as(ireland()).get_secret_value().secret_id("x").send().await;
    let (code, message) = code_and_message(&secret.unwrap_err().into_service_error());
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(message, "Credential should be scoped to a valid region. ");
    let datum =
        aws_sdk_cloudwatch::types::MetricDatum::builder().metric_name("m").value(1.0).build();
    let call =
        stand_in.cloudwatch_as(ireland()).put_metric_data().namespace("n").metric_data(datum);
    let (code, _) = code_and_message(&call.send().await.unwrap_err().into_service_error());
    assert_eq!(code, "InvalidSignatureException");
    assert_eq!(stand_in.aws.metrics(), "");
}

#[tokio::test]
async fn a_signature_covers_the_body_the_target_the_time_and_the_name() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let now = SystemTime::now();
    let head = signed(&stand_in, "ecr", "us-east-1", now, "{}");
    let (answer, body) = stand_in.raw(&head, b"{}").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(body, br#"{"repositories":[]}"#);

    let mismatch = ("InvalidSignatureException".to_owned(), MISMATCH.to_owned());
    assert_eq!(refusal(&stand_in, &head, r#"{"maxResults":1}"#).await, mismatch);
    let other_target = head.replace("DescribeRepositories", "BatchGetImage");
    assert_eq!(refusal(&stand_in, &other_target, "{}").await, mismatch);

    let minute = Duration::from_mins(1);
    for (time, start) in [
        (now - 6 * minute, "Signature expired: "),
        (now + 6 * minute, "Signature not yet current: "),
    ] {
        let head = signed(&stand_in, "ecr", "us-east-1", time, "{}");
        let (code, message) = refusal(&stand_in, &head, "{}").await;
        assert_eq!(code, "InvalidSignatureException");
        assert!(message.starts_with(start), "{message}");
    }
    let head = signed(&stand_in, "ecr", "us-east-1", now - 4 * minute, "{}");
    assert!(stand_in.raw(&head, b"{}").await.0.starts_with("HTTP/1.1 200 "));

    let head = signed(&stand_in, "secretsmanager", "us-east-1", now, "{}");
    assert_eq!(
        refusal(&stand_in, &head, "{}").await.1,
        "Credential should be scoped to correct service: 'ecr'. "
    );
}

#[tokio::test]
async fn a_scope_of_another_day_is_refused() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let head = signed(&stand_in, "ecr", "us-east-1", SystemTime::now(), "{}");
    let start = head.find("AKIDLOCALCLOUD/").unwrap() + "AKIDLOCALCLOUD/".len();
    let today = &head[start..start + 8];
    let head = head.replace(&format!("/{today}/"), "/20200101/");
    let (code, message) = refusal(&stand_in, &head, "{}").await;
    assert_eq!(code, "InvalidSignatureException");
    assert!(message.starts_with("Date in Credential scope does not match YYYYMMDD"), "{message}");
}

#[tokio::test]
async fn a_request_without_a_signature_says_what_it_lacks() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let missing = refusal(&stand_in, DESCRIBE, "{}").await;
    assert_eq!(
        missing,
        (
            "MissingAuthenticationTokenException".to_owned(),
            "Missing Authentication Token".to_owned()
        )
    );
    let bearer = format!("{DESCRIBE}\r\nAuthorization: Bearer x");
    assert_eq!(refusal(&stand_in, &bearer, "{}").await.0, "IncompleteSignatureException");
    let undated = format!(
        "{DESCRIBE}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=a/20261121/us-east-1/ecr/aws4_request, SignedHeaders=host, Signature=0"
    );
    let (code, message) = refusal(&stand_in, &undated, "{}").await;
    assert_eq!(code, "IncompleteSignatureException");
    assert!(message.contains("'X-Amz-Date'"), "{message}");
    assert_eq!(stand_in.calls()[0], ["DescribeRepositories", "123456789012/-/", "400"]);
}

#[tokio::test]
async fn an_operation_that_is_not_built_is_unknown() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let error = stand_in.ecr().describe_registry().send().await.unwrap_err();
    let (code, message) = code_and_message(&error.into_service_error());
    assert_eq!(code, "UnknownOperationException");
    assert_eq!(message, r#"local-cloud has no operation "DescribeRegistry""#);
    let error = stand_in.secrets().list_secrets().send().await.unwrap_err();
    assert_eq!(code_and_message(&error.into_service_error()).0, "UnknownOperationException");
    let error = stand_in.cloudwatch().list_metrics().send().await.unwrap_err();
    assert_eq!(code_and_message(&error.into_service_error()).0, "UnknownOperationException");
    for head in
        ["POST / HTTP/1.1", "GET / HTTP/1.1", "POST / HTTP/1.1\r\nX-Amz-Target: sqs.SendMessage"]
    {
        assert_eq!(refusal(&stand_in, head, "{}").await.0, "UnknownOperationException");
    }
}

#[tokio::test]
async fn a_member_that_is_not_built_is_refused() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let body = r#"{"newMember":1}"#;
    let head = signed(&stand_in, "ecr", "us-east-1", SystemTime::now(), body);
    let (code, message) = refusal(&stand_in, &head, body).await;
    assert_eq!(code, "SerializationException");
    assert!(message.contains("unknown field `newMember`"), "{message}");
}

#[tokio::test]
async fn a_body_over_1_mib_is_refused() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let body = vec![b' '; (1 << 20) + 1];
    let (answer, _) = stand_in.raw(DESCRIBE, &body).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
