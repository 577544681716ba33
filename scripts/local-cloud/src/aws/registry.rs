//! The HTTP API of ECR's registries: manifests alone, for callers that show the password of the registry.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_admission_catalogue::{self as catalogue, Caller, PullRefusal, Registries};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::error::ApiError;
use super::state::AwsSettings;
use super::wire::{self, Answer};

/// How long a password works.
const VALID: Duration = Duration::from_hours(12);

/// A registry, by its host name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Registry<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
}

impl<'a> Registry<'a> {
    /// The registry that a `Host` header names.
    pub(crate) fn of(host: &'a str) -> Option<Self> {
        let (account, rest) = host.split_once(".dkr.ecr.")?;
        let (region, suffix) = rest.split_once('.')?;
        let suffix = suffix.split(':').next();
        (suffix == Some("amazonaws.com")).then_some(Self { account, region })
    }
}

/// The answer to `GetAuthorizationToken`.
pub(crate) fn token(settings: &AwsSettings, caller: Caller<'_>) -> Answer {
    let expires = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + VALID;
    let Caller { account, region, .. } = caller;
    let data = json!({
        "authorizationToken": password(settings),
        "expiresAt": expires.as_secs(),
        "proxyEndpoint": format!("https://{account}.dkr.ecr.{region}.amazonaws.com"),
    });
    wire::success(json!({"authorizationData": [data]}))
}

/// `AWS:password` in base64. It follows from the secret key, which it does not reveal.
fn password(settings: &AwsSettings) -> String {
    let password = Sha256::digest(settings.secret_access_key.as_bytes());
    STANDARD.encode(format!("AWS:{password:x}"))
}

/// The Region of the registry, for a caller that shows the password.
pub(crate) fn admitted(
    settings: &AwsSettings,
    host: &str,
    request: &Parts,
) -> Result<String, ApiError> {
    let refused = |status, code: &'static str, message: &str| {
        Err(ApiError { status, ..ApiError::new(code, message) })
    };
    let Some(registry) = Registry::of(host) else {
        return refused(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "the host is not a registry");
    };
    let shown = request.headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    let shown = shown.and_then(|it| it.strip_prefix("Basic "));
    if shown != Some(password(settings).as_str()) {
        let message = "Your authorization token has expired. Reauthenticate and try again.";
        return refused(StatusCode::FORBIDDEN, "DENIED", message);
    }
    Ok(registry.region.to_owned())
}

/// The manifest of an image, which is imported if it is of a pull-through cache.
pub(crate) fn manifest(
    registries: &Registries,
    host: &str,
    repository: &str,
    reference: &str,
) -> Result<Answer, ApiError> {
    let registry = Registry::of(host).unwrap_or(Registry { account: "", region: "" });
    let found =
        catalogue::manifest(registries, registry.account, registry.region, repository, reference);
    let found = found.map_err(|PullRefusal { status, code, message }| ApiError {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        ..ApiError::new(code, message)
    })?;
    let mut answer: Answer = Response::new(found.content);
    let headers = [
        (CONTENT_TYPE, found.media_type),
        (http::HeaderName::from_static("docker-content-digest"), found.digest),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_named_by_its_host() {
        let registry = Registry { account: "123456789012", region: "eu-west-1" };
        for (host, expected) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", Some(registry)),
            ("127.0.0.1:4566", None),
            ("123456789012.dkr.ecr.eu-west-1.example.com", None),
        ] {
            assert_eq!(Registry::of(host), expected, "{host}");
        }
    }
}
