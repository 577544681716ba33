//! AWS, replayed: operation in, answer out.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use ecr_admission_cli::check::aws::Aws;
use ecr_admission_testing::ecr::Reply;

/// The clients of account 123456789012 in us-east-1, whose calls are answered by `answer`: it gets the operation and
/// the body.
pub(crate) fn aws(answer: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> Aws {
    let http = infallible_client_fn(move |request: http::Request<SdkBody>| {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
        let target = request.headers().get("x-amz-target").map(|target| target.to_str().unwrap());
        let action = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let operation = target.and_then(|target| target.rsplit('.').next()).or(action).unwrap();
        let (status, body) = answer(operation, &body);
        http::Response::builder().status(status).body(body).unwrap()
    });
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .sleep_impl(TokioSleep::new())
        .timeout_config(
            TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(15)).build(),
        )
        .retry_config(RetryConfig::disabled())
        .http_client(http)
        .build();
    Aws::new(config).unwrap()
}

/// An error of AWS `CloudFormation` or AWS STS.
pub(crate) fn xml_error(status: u16, code: &str, message: &str) -> Reply {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    (status, format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

/// An error of Amazon ECR or AWS Secrets Manager.
pub(crate) fn json_error(code: &str, message: &str) -> Reply {
    (400, serde_json::json!({"__type": code, "message": message}).to_string())
}

/// The answer of AWS STS to credentials of this account.
pub(crate) fn caller(account: &str) -> Reply {
    let result = format!(
        "<GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/dev</Arn><UserId>U</UserId><Account>{account}\
         </Account></GetCallerIdentityResult>"
    );
    (200, format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"))
}
