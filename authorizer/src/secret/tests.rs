use std::net::TcpListener;
use std::time::Duration;

use aws_smithy_http_client::test_util::{NeverClient, ReplayEvent, StaticReplayClient};
use aws_smithy_runtime_api::client::http::HttpClient;
use aws_smithy_types::body::SdkBody;
use ecr_admission_lambda::{Environment, Timeouts};
use serde_json::{Value, json};

use super::*;

const TOKEN: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

fn sdk(endpoint: &str) -> Sdk {
    let environment = Environment::from_iter([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
        ("AWS_ENDPOINT_URL", endpoint),
    ]);
    let second = Duration::from_secs(1);
    Sdk::from_environment(
        &environment,
        Timeouts { connect: second, attempt: second, operation: None },
    )
    .unwrap()
}

/// The token secret of a service that `http` stands for.
fn token_secret(http: impl HttpClient + 'static) -> TokenSecret {
    let config = sdk("").config_for(Service::SecretsManager).to_builder().http_client(http).build();
    TokenSecret::with_config(Config::from(&config), "ecr-admission/token".to_owned())
}

/// Reads `stage` from a service that answers with `answers`, one after the other; also how many
/// it was asked for.
async fn read(
    stage: Stage,
    answers: &[(u16, String)],
) -> (Result<SecretVersion, Unreadable>, usize) {
    let events = answers.iter().map(|(status, body)| {
        let request =
            http::Request::builder().uri("https://replayed/").body(SdkBody::empty()).unwrap();
        let response =
            http::Response::builder().status(*status).body(SdkBody::from(body.as_str())).unwrap();
        ReplayEvent::new(request, response)
    });
    let replayed = StaticReplayClient::new(events.collect());
    let secret = token_secret(replayed.clone());
    let read = secret.read(stage).await;
    for request in replayed.actual_requests() {
        assert_eq!(request.headers().get("x-amz-target"), Some("secretsmanager.GetSecretValue"));
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        assert_eq!(body, json!({"SecretId": "ecr-admission/token", "VersionStage": stage.label()}));
    }
    (read, replayed.actual_requests().count())
}

fn value(secret: &Value) -> (u16, String) {
    let mut answer = json!({
        "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-admission/token-AbCdEf",
        "CreatedDate": 1_795_176_000.5,
        "Name": "ecr-admission/token",
        "VersionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
        "VersionStages": ["AWSCURRENT"],
    });
    answer.as_object_mut().unwrap().append(&mut secret.as_object().unwrap().clone());
    (200, answer.to_string())
}

fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
    (status, json!({"__type": code, "message": message}).to_string())
}

/// What `read` of AWSCURRENT ended with, when it was `answers`, and after how many requests.
async fn failure(answers: &[(u16, String)]) -> (Cause, usize) {
    let (read, requests) = read(Stage::Current, answers).await;
    let unreadable = read.unwrap_err();
    let shown = format!("{unreadable} {unreadable:?}");
    assert!(
        shown.starts_with("the AWSCURRENT version of the token secret could not be read: "),
        "{shown}"
    );
    assert!(!shown.contains("kkk"), "{shown}");
    (unreadable.cause, requests)
}

#[tokio::test(start_paused = true)]
async fn a_version_with_its_tokens() {
    let text = json!({"default": TOKEN, "weak": "short"}).to_string();
    let (version, requests) = read(Stage::Current, &[value(&json!({"SecretString": text}))]).await;
    let version = version.unwrap();
    assert_eq!(requests, 1);
    assert_eq!(version.id, "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111");
    assert_eq!(
        version.created,
        Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_176_000_500))
    );
    assert!(version.names("default") && !version.names("weak"));
    assert_eq!(version.unusable.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_previous_version_is_not_found() {
    let message =
        "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS";
    let answer = refusal(400, "ResourceNotFoundException", message);
    let (read, requests) = read(Stage::Previous, &[answer]).await;
    assert_eq!(
        read.unwrap_err(),
        Unreadable {
            stage: Stage::Previous,
            cause: Cause::NotFound("ecr-admission/token".to_owned())
        }
    );
    assert_eq!(requests, 1);
}

#[tokio::test(start_paused = true)]
async fn access_denied_names_the_principal_and_the_action() {
    let message = "User: arn:aws:sts::123456789012:assumed-role/authorizer/authorizer is not authorized \
                   to perform: secretsmanager:GetSecretValue";
    let (cause, requests) = failure(&[refusal(400, "AccessDeniedException", message)]).await;
    assert_eq!((&cause, requests), (&Cause::NotAuthorized(message.to_owned()), 1));
    assert!(cause.to_string().contains(message));
}

#[tokio::test(start_paused = true)]
async fn a_denial_of_kms_is_not_one_of_the_secret() {
    for message in [
        "Access to KMS is not allowed",
        "User: arn:aws:sts::123456789012:assumed-role/authorizer/authorizer is not authorized to perform: \
         kms:Decrypt on the resource associated with this ciphertext because no identity-based policy \
         allows the kms:Decrypt action",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, \
         or you are not allowed to access.",
    ] {
        let (cause, _) = failure(&[refusal(400, "AccessDeniedException", message)]).await;
        assert_eq!(cause, Cause::AccessDenied(message.to_owned()));
        assert!(!cause.is_definite());
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_marked_for_deletion_is_not_an_outage() {
    let message =
        "You can't perform this operation on the secret because it was marked for deletion.";
    let (cause, requests) = failure(&[refusal(400, "InvalidRequestException", message)]).await;
    assert_eq!((&cause, requests), (&Cause::MarkedForDeletion, 1));
    assert!(cause.is_definite());
    let message = "You can't perform this operation on the secret for another reason.";
    let (cause, _) = failure(&[refusal(400, "InvalidRequestException", message)]).await;
    assert_eq!(cause, Cause::Refused(format!("InvalidRequestException: {message}")));
}

#[tokio::test(start_paused = true)]
async fn credentials_clocks_and_keys_are_outages() {
    for (code, message) in [
        ("ExpiredTokenException", "The security token included in the request is expired"),
        ("UnrecognizedClientException", "The security token included in the request is invalid."),
        ("InvalidSignatureException", "Signature expired: 20261121T000000Z is now earlier"),
        ("RequestExpired", "Request has expired."),
        ("DecryptionFailure", "Secrets Manager can't decrypt the secret value."),
        ("KMSInvalidStateException", "arn:aws:kms:us-east-1:1:key/k is pending deletion."),
        ("InvalidRequestException", "arn:aws:kms:us-east-1:1:key/k is pending deletion."),
        ("IncompleteSignature", "Authorization header requires a Credential parameter."),
    ] {
        let answer = refusal(400, code, message);
        let (cause, _) = failure(&[answer.clone(), answer.clone(), answer]).await;
        assert!(!cause.is_definite(), "{code}: {cause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn throttling_is_tried_three_times() {
    let answer = refusal(400, "ThrottlingException", "Rate exceeded");
    assert_eq!(failure(&[answer.clone(), answer.clone(), answer]).await, (Cause::Throttled, 3));
}

#[tokio::test(start_paused = true)]
async fn one_throttled_try_is_repeated() {
    let text = json!({"default": TOKEN}).to_string();
    let throttled = refusal(400, "ThrottlingException", "Rate exceeded");
    let (version, requests) =
        read(Stage::Current, &[throttled, value(&json!({"SecretString": text}))]).await;
    assert!(version.unwrap().names("default"));
    assert_eq!(requests, 2);
}

#[tokio::test(start_paused = true)]
async fn other_refusals_are_quoted() {
    let answer = refusal(400, "DecryptionFailure", "the KMS key is disabled");
    let expected = Cause::Refused("DecryptionFailure: the KMS key is disabled".to_owned());
    assert_eq!(failure(&[answer]).await, (expected, 1));
    let answer = refusal(500, "InternalServiceError", "try again");
    let expected = Cause::Refused("InternalServiceError: try again".to_owned());
    assert_eq!(failure(&[answer.clone(), answer.clone(), answer]).await, (expected, 3));
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_not_of_secrets_manager() {
    for body in [
        "<html>",
        "",
        &format!(r#"{{"SecretString":"{TOKEN}""#),
        &format!(r#"{{"SecretString":["{TOKEN}"]}}"#),
    ] {
        let answer = (200, body.to_owned());
        // An empty body is an empty answer to the SDK: one without a secret.
        let expected = if body.is_empty() { Cause::NotTokens } else { Cause::BadAnswer };
        assert_eq!(failure(&[answer]).await.0, expected, "{body}");
    }
    assert_eq!(failure(&[(403, format!("<html>{TOKEN}"))]).await.0, Cause::BadAnswer);
}

#[tokio::test(start_paused = true)]
async fn secrets_that_do_not_hold_tokens() {
    for secret in [
        json!({"SecretString": TOKEN}),
        json!({"SecretString": format!("[\"{TOKEN}\"]")}),
        json!({"SecretString": format!("{{\"default\":\"{TOKEN}\"")}),
        json!({"SecretBinary": "a2tra2tra2tra2s="}),
    ] {
        assert_eq!(failure(&[value(&secret)]).await, (Cause::NotTokens, 1), "{secret}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_without_a_date_is_still_read() {
    let answer = (200, json!({"SecretString": json!({"default": TOKEN}).to_string()}).to_string());
    let (version, _) = read(Stage::Current, &[answer]).await;
    let version = version.unwrap();
    assert_eq!((version.created, version.id.as_str()), (None, ""));
    assert!(version.names("default"));
}

#[tokio::test]
async fn no_connection_has_its_reason() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let secret = TokenSecret::new(&sdk(&format!("http://127.0.0.1:{port}")), "tokens".to_owned());
    let unreadable = secret.read(Stage::Current).await.unwrap_err();
    assert!(
        matches!(&unreadable.cause, Cause::Unreachable(text) if text.contains("refused")),
        "{unreadable}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_times_out_at_each_try() {
    let never = NeverClient::new();
    let started = tokio::time::Instant::now();
    let unreadable = token_secret(never.clone()).read(Stage::Current).await.unwrap_err();
    assert_eq!((unreadable.cause, never.num_calls()), (Cause::TimedOut, 3));
    assert!(started.elapsed() >= 3 * Duration::from_secs(1));
}
