//! The secret in AWS Secrets Manager. The only file that names its SDK.

use std::time::SystemTime;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Config;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use ecr_admission_lambda::log::causes;
use ecr_admission_lambda::{Sdk, Service};

use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::tokens::SecretVersion;

/// The secret with the tokens.
#[derive(Clone, Debug)]
pub struct TokenSecret {
    client: Client,
    id: String,
}

impl TokenSecret {
    /// The secret with the name or ARN `id`.
    pub fn new(sdk: &Sdk, id: String) -> Self {
        Self::with_config(Config::from(&sdk.config_for(Service::SecretsManager)), id)
    }

    fn with_config(config: Config, id: String) -> Self {
        Self { client: Client::from_conf(config), id }
    }

    async fn get(&self, stage: Stage) -> Result<SecretVersion, Cause> {
        let request =
            self.client.get_secret_value().secret_id(&self.id).version_stage(stage.label());
        let answer = request.send().await.map_err(|error| self.cause(&error))?;
        let created = answer.created_date().and_then(|created| SystemTime::try_from(*created).ok());
        let id = answer.version_id().unwrap_or_default().to_owned();
        let Some(text) = answer.secret_string() else {
            return Err(Cause::NotTokens);
        };
        Ok(SecretVersion::parse(id, created, text)?)
    }

    /// What went wrong, without anything of an answer that may hold the secret: an `SdkError` shows
    /// the whole answer in its `Debug`, and a parser quotes what it stumbled over.
    fn cause(&self, error: &SdkError<GetSecretValueError>) -> Cause {
        match error {
            SdkError::TimeoutError(_) => Cause::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::TimedOut,
            // No answer has come yet, so nothing of one is in the text.
            SdkError::DispatchFailure(failure) => Cause::Unreachable(
                failure.as_connector_error().map_or_else(String::new, |error| causes(error)),
            ),
            SdkError::ServiceError(refusal) => self.refusal(refusal.err()),
            SdkError::ConstructionFailure(_) => {
                Cause::Refused("the request could not be made".to_owned())
            }
            _ => Cause::BadAnswer,
        }
    }

    /// By error code, since most of these are not in the SDK's model of the operation.
    fn refusal(&self, error: &GetSecretValueError) -> Cause {
        let Some(code) = error.code() else {
            return Cause::BadAnswer;
        };
        let text = error.message().unwrap_or(code);
        match code {
            "ResourceNotFoundException" => Cause::NotFound(self.id.clone()),
            "AccessDeniedException" => Cause::AccessDenied(text.to_owned()),
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "RequestLimitExceeded" => Cause::Throttled,
            _ => Cause::Refused(format!("{code}: {text}")),
        }
    }
}

impl ReadSecret for TokenSecret {
    async fn read(&self, stage: Stage) -> Result<SecretVersion, Unreadable> {
        self.get(stage).await.map_err(|cause| Unreadable { stage, cause })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use aws_smithy_http_client::test_util::{ReplayEvent, StaticReplayClient};
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

    /// Reads `stage` from a service that answers with `answers`, one after the other; also how many
    /// it was asked for.
    async fn read(
        stage: Stage,
        answers: &[(u16, String)],
    ) -> (Result<SecretVersion, Unreadable>, usize) {
        let events = answers.iter().map(|(status, body)| {
            let request =
                http::Request::builder().uri("https://replayed/").body(SdkBody::empty()).unwrap();
            let response = http::Response::builder()
                .status(*status)
                .body(SdkBody::from(body.as_str()))
                .unwrap();
            ReplayEvent::new(request, response)
        });
        let replayed = StaticReplayClient::new(events.collect());
        let config = sdk("")
            .config_for(Service::SecretsManager)
            .to_builder()
            .http_client(replayed.clone())
            .build();
        let secret =
            TokenSecret::with_config(Config::from(&config), "ecr-admission/token".to_owned());
        let read = secret.read(stage).await;
        for request in replayed.actual_requests() {
            assert_eq!(
                request.headers().get("x-amz-target"),
                Some("secretsmanager.GetSecretValue")
            );
            let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            assert_eq!(
                body,
                json!({"SecretId": "ecr-admission/token", "VersionStage": stage.label()})
            );
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

    #[tokio::test]
    async fn a_version_with_its_tokens() {
        let text = json!({"default": TOKEN, "weak": "short"}).to_string();
        let (version, requests) =
            read(Stage::Current, &[value(&json!({"SecretString": text}))]).await;
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

    #[tokio::test]
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

    #[tokio::test]
    async fn access_denied_tells_who_and_what() {
        let message = "User: arn:aws:sts::123456789012:assumed-role/authorizer/authorizer is not authorized \
                       to perform: secretsmanager:GetSecretValue";
        let (cause, requests) = failure(&[refusal(400, "AccessDeniedException", message)]).await;
        assert_eq!((&cause, requests), (&Cause::AccessDenied(message.to_owned()), 1));
        assert!(cause.to_string().contains(message));
    }

    #[tokio::test]
    async fn throttling_is_tried_three_times() {
        let answer = refusal(400, "ThrottlingException", "Rate exceeded");
        assert_eq!(failure(&[answer.clone(), answer.clone(), answer]).await, (Cause::Throttled, 3));
    }

    #[tokio::test]
    async fn one_throttled_try_is_nothing() {
        let text = json!({"default": TOKEN}).to_string();
        let throttled = refusal(400, "ThrottlingException", "Rate exceeded");
        let (version, requests) =
            read(Stage::Current, &[throttled, value(&json!({"SecretString": text}))]).await;
        assert!(version.unwrap().names("default"));
        assert_eq!(requests, 2);
    }

    #[tokio::test]
    async fn other_refusals_are_told() {
        let answer = refusal(400, "DecryptionFailure", "the KMS key is disabled");
        let expected = Cause::Refused("DecryptionFailure: the KMS key is disabled".to_owned());
        assert_eq!(failure(&[answer]).await, (expected, 1));
        let answer = refusal(500, "InternalServiceError", "again, please");
        let expected = Cause::Refused("InternalServiceError: again, please".to_owned());
        assert_eq!(failure(&[answer.clone(), answer.clone(), answer]).await, (expected, 3));
    }

    #[tokio::test]
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

    #[tokio::test]
    async fn secrets_that_do_not_hold_tokens() {
        for secret in [
            json!({"SecretString": TOKEN}),
            json!({"SecretString": format!("[\"{TOKEN}\"]")}),
            json!({"SecretString": format!("{{\"default\":[\"{TOKEN}\"]}}")}),
            json!({"SecretString": format!("{{\"default\":\"{TOKEN}\"")}),
            json!({"SecretBinary": "a2tra2tra2tra2s="}),
        ] {
            assert_eq!(failure(&[value(&secret)]).await, (Cause::NotTokens, 1), "{secret}");
        }
    }

    #[tokio::test]
    async fn a_version_without_a_date_is_still_read() {
        let answer =
            (200, json!({"SecretString": json!({"default": TOKEN}).to_string()}).to_string());
        let (version, _) = read(Stage::Current, &[answer]).await;
        let version = version.unwrap();
        assert_eq!((version.created, version.id.as_str()), (None, ""));
        assert!(version.names("default"));
    }

    #[tokio::test]
    async fn no_connection_is_told_with_its_reason() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let secret =
            TokenSecret::new(&sdk(&format!("http://127.0.0.1:{port}")), "tokens".to_owned());
        let unreadable = secret.read(Stage::Current).await.unwrap_err();
        assert!(
            matches!(&unreadable.cause, Cause::Unreachable(text) if text.contains("refused")),
            "{unreadable}"
        );
    }

    #[tokio::test]
    async fn a_server_that_never_answers_times_out() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sdk = sdk(&format!("http://{}", listener.local_addr().unwrap()));
        let secret = TokenSecret::new(&sdk, "tokens".to_owned());
        let unreadable = secret.read(Stage::Current).await.unwrap_err();
        assert_eq!(unreadable.cause, Cause::TimedOut);
    }
}
