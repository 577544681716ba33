//! What a REST API answers itself, in place of the function: the default gateway responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::gateway::body::BodyError;
use crate::gateway::reply::{AnswerError, Reply, ok};

/// Why a call is not answered by the function.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The path does not begin with the stage.
    NoSuchStage,
    /// No resource has this path, or it does not have this method. API Gateway takes it for a call that was to be
    /// signed.
    NoSuchMethod,
    /// The same with an `Authorization` header, which is then taken for a signature. Its digest, in base64.
    NotASignature(String),
    /// The resource policy denies the VPC endpoint. With the ARN of the method, account masked.
    ResourcePolicy(String),
    /// An identity source is absent or empty, or the authorizer failed with the word Unauthorized.
    Unauthorized,
    /// The policy of the authorizer denies the method.
    ExplicitDeny,
    /// It does not allow it.
    ImplicitDeny,
    /// The authorizer did not answer, or not with a policy.
    Authorizer(String),
    /// More than 10 MB.
    BodyTooLarge(String),
    /// The body broke off.
    BodyBroken(String),
    /// Lambda takes no event of this size.
    EventTooLarge(String),
    /// The function failed.
    Failed(String),
    /// The function did not answer in time.
    TimedOut(String),
    /// The function answered something that cannot be sent on.
    Malformed(AnswerError),
}

impl Refusal {
    pub(super) fn of_body(error: &BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge(error.to_string()),
            BodyError::Broken(_) => Self::BodyBroken(error.to_string()),
        }
    }

    /// The resource policy denies the method with this ARN. API Gateway shows the last four digits of the account.
    pub(super) fn by_resource_policy(method_arn: &str) -> Self {
        let mut parts: Vec<String> = method_arn.splitn(6, ':').map(ToOwned::to_owned).collect();
        if let Some(account) = parts.get_mut(4) {
            let shown = account.len().saturating_sub(4);
            *account = format!("********{}", account.get(shown..).unwrap_or_default());
        }
        Self::ResourcePolicy(parts.join(":"))
    }

    /// What a caller with these headers is answered.
    pub(super) fn for_caller(self, headers: &HeaderMap) -> Self {
        match (self, headers.get(header::AUTHORIZATION)) {
            (Self::NoSuchMethod, Some(value)) if !value.is_empty() => {
                Self::NotASignature(STANDARD.encode(Sha256::digest(value.as_bytes())))
            }
            (refusal, _) => refusal,
        }
    }

    /// Status, body and `x-amzn-errortype`.
    fn parts(&self) -> (StatusCode, Value, &'static str) {
        let message = |text: &str| json!({ "message": text });
        // Access is denied with another letter.
        let denied = |text: &str| json!({ "Message": text });
        match self {
            Self::NoSuchStage => {
                (StatusCode::FORBIDDEN, message("Forbidden"), "ForbiddenException")
            }
            Self::NoSuchMethod => (
                StatusCode::FORBIDDEN,
                message("Missing Authentication Token"),
                "MissingAuthenticationTokenException",
            ),
            Self::NotASignature(digest) => (
                StatusCode::FORBIDDEN,
                message(&format!(
                    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed \
                     with SHA-256 and encoded with Base64): '{digest}'."
                )),
                "IncompleteSignatureException",
            ),
            Self::ResourcePolicy(arn) => (
                StatusCode::FORBIDDEN,
                denied(&format!(
                    "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
                     {arn} with an explicit deny in a resource-based policy"
                )),
                "AccessDeniedException",
            ),
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, message("Unauthorized"), "UnauthorizedException")
            }
            Self::ExplicitDeny => (
                StatusCode::FORBIDDEN,
                denied(
                    "User is not authorized to access this resource with an explicit deny in an \
                     identity-based policy",
                ),
                "AccessDeniedException",
            ),
            Self::ImplicitDeny => (
                StatusCode::FORBIDDEN,
                denied(
                    "User is not authorized to access this resource because no identity-based \
                     policy allows the execute-api:Invoke action",
                ),
                "AccessDeniedException",
            ),
            Self::Authorizer(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({ "message": null }),
                "AuthorizerConfigurationException",
            ),
            Self::BodyTooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                message("HTTP content length exceeded 10485760 bytes."),
                "RequestTooLargeException",
            ),
            Self::BodyBroken(_) => {
                (StatusCode::BAD_REQUEST, message("Bad Request"), "BadRequestException")
            }
            Self::EventTooLarge(_) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                message("Request Too Long"),
                "RequestTooLargeException",
            ),
            Self::Failed(_) | Self::Malformed(_) => (
                StatusCode::BAD_GATEWAY,
                message("Internal server error"),
                "InternalServerErrorException",
            ),
            Self::TimedOut(_) => (
                StatusCode::GATEWAY_TIMEOUT,
                message("Endpoint request timed out"),
                "InternalServerErrorException",
            ),
        }
    }

    /// What the caller gets.
    pub(super) fn reply(&self) -> Reply {
        let (status, body, error_type) = self.parts();
        let mut reply = ok("application/json", body.to_string());
        *reply.status_mut() = status;
        reply.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(error_type));
        reply
    }

    /// What the log says.
    pub(super) fn note(&self) -> String {
        match self {
            Self::NoSuchStage => "no such stage".to_owned(),
            Self::NoSuchMethod | Self::NotASignature(_) => "no such route".to_owned(),
            Self::ResourcePolicy(_) => "the resource policy denies the VPC endpoint".to_owned(),
            Self::Unauthorized => "no Authorization header".to_owned(),
            Self::ExplicitDeny => "not authorized".to_owned(),
            Self::ImplicitDeny => "not authorized: no statement allows this method".to_owned(),
            Self::Authorizer(error) => format!("authorizer: {error}"),
            Self::BodyTooLarge(error)
            | Self::BodyBroken(error)
            | Self::EventTooLarge(error)
            | Self::Failed(error)
            | Self::TimedOut(error) => error.clone(),
            Self::Malformed(error) => format!("malformed answer of the function: {error}"),
        }
    }
}
