//! One blob, behind the URL that `GetDownloadUrlForLayer` gives for it.
//!
//! It is fetched as the SDK makes its own calls: through the same HTTP client, with the same timeouts,
//! without a signature, and without following a redirect. The URL holds a signature, which works
//! like a password while it is valid: never log the URL or the answer to it.

use aws_sdk_ecr::config::BehaviorVersion;
use aws_sdk_ecr::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::config::timeout::TimeoutConfig;
use aws_sdk_ecr::error::{ErrorMetadata, SdkError};
use aws_sdk_ecr::{Client, Config};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use ecr_admission_lambda::sdk::FIRST_BACKOFF;
use http::Uri;

use super::body::LimitBody;

/// What the look-up is called where others have the name of an API operation.
pub(super) const OPERATION: &str = "the config blob";

/// The most bytes of a blob that are read. A config has a few thousand.
const MAX_BYTES: usize = 1 << 20;

/// Tries, the first included.
const ATTEMPTS: u32 = 2;

/// A blob that is yet to be fetched.
pub(super) struct Get(Operation<(), Vec<u8>, ErrorMetadata>);

impl Get {
    /// A blob at this URL; `None` where it is none of HTTPS.
    pub(super) fn new(client: &Client, url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        if uri.scheme_str() != Some("https") {
            return None;
        }
        let endpoint = format!("https://{}", uri.authority()?);
        let url = url.to_owned();
        let config: &Config = client.config();
        let timeouts = config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled);
        let retries =
            RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF);
        let operation = Operation::builder()
            .service_name("blobs")
            .operation_name("Get")
            .behavior_version(BehaviorVersion::latest())
            .http_client(config.http_client()?)
            .endpoint_url(&endpoint)
            .no_auth()
            .timeout_config(timeouts)
            .standard_retry(&retries)
            .retry_classifier(TransientErrorClassifier::<ErrorMetadata>::new())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .interceptor(LimitBody::to(MAX_BYTES))
            .serializer(move |()| Ok(HttpRequest::get(&url)?))
            .deserializer(whole)
            .build();
        Some(Self(operation))
    }

    /// Fetches it. The error is that of the HTTP status.
    pub(super) async fn send(self) -> Result<Vec<u8>, SdkError<ErrorMetadata, HttpResponse>> {
        self.0.invoke(()).await
    }
}

fn whole(response: &HttpResponse) -> Result<Vec<u8>, OrchestratorError<ErrorMetadata>> {
    match (response.status().as_u16(), response.body().bytes()) {
        (200, Some(body)) => Ok(body.to_vec()),
        (status, _) => {
            let message = format!("HTTP status {status}; expected 200");
            let error = ErrorMetadata::builder().message(message).build();
            Err(OrchestratorError::operation(error))
        }
    }
}
