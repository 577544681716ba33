//! The HTTP API event (payload format 2.0) and its answer, without the HTTP types.

use std::borrow::Cow;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::HeaderMap;
use aws_lambda_events::http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::deadline::{DEFAULT_TIMEOUT, parse_timeout};

/// Which webhook calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /validate`.
    Validate,
    /// `POST /mutate`.
    Mutate,
}

/// The route of the request, as API Gateway matched it.
pub fn route(event: &ApiGatewayV2httpRequest) -> Option<Route> {
    match event.route_key.as_deref() {
        Some("POST /validate") => Some(Route::Validate),
        Some("POST /mutate") => Some(Route::Mutate),
        _ => None,
    }
}

/// The bytes of the body; `None` when API Gateway says that it is base64 and it is not.
pub fn body(event: &ApiGatewayV2httpRequest) -> Option<Cow<'_, [u8]>> {
    let body = event.body.as_deref().unwrap_or_default();
    if event.is_base64_encoded {
        aws_smithy_types::base64::decode(body).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(body.as_bytes()))
    }
}

/// How long the caller waits, by its `timeout` parameter.
pub fn timeout(event: &ApiGatewayV2httpRequest) -> Duration {
    let parameter = event.query_string_parameters.first("timeout");
    parameter.and_then(parse_timeout).unwrap_or(DEFAULT_TIMEOUT)
}

/// When API Gateway received the request, in milliseconds since the Unix epoch; `None` when it does
/// not say.
pub fn arrived_ms(event: &ApiGatewayV2httpRequest) -> Option<u64> {
    u64::try_from(event.request_context.time_epoch).ok().filter(|arrived| *arrived > 0)
}

/// The address that the request came from.
pub fn source_ip(event: &ApiGatewayV2httpRequest) -> Option<&str> {
    event.request_context.http.source_ip.as_deref()
}

/// What the authorizer says of the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The cluster whose token it sent.
    pub cluster: Option<String>,
    /// Whether that was the token before the last rotation.
    pub previous_token: bool,
}

/// Reads the authorizer's context.
pub fn caller(event: &ApiGatewayV2httpRequest) -> Caller {
    let field = |name: &str| {
        let authorizer = event.request_context.authorizer.as_ref()?;
        authorizer.fields.get(name).and_then(Value::as_str)
    };
    Caller {
        cluster: field("cluster").filter(|cluster| !cluster.is_empty()).map(str::to_owned),
        previous_token: field("token") == Some("previous"),
    }
}

/// An answer with an AdmissionReview.
pub fn json(body: String) -> ApiGatewayV2httpResponse {
    response(200, "application/json", body)
}

/// An answer to a request that is not a review: one line of text.
pub fn text(status: i64, body: impl Into<String>) -> ApiGatewayV2httpResponse {
    response(status, "text/plain; charset=utf-8", body.into() + "\n")
}

fn response(status: i64, content_type: &'static str, body: String) -> ApiGatewayV2httpResponse {
    let content_type = HeaderValue::from_static(content_type);
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = status;
    response.headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    response.body = Some(Body::Text(body));
    response
}
