//! The HTTP API event (payload format 2.0) and its answer, without the HTTP types.

use std::borrow::Cow;
use std::net::IpAddr;
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
    /// `POST /validate`, with or without a key in the path.
    Validate,
    /// `POST /mutate`, with or without a key in the path.
    Mutate,
}

/// The route of the request, as API Gateway matched it. The path itself is not asked: it may hold a key.
pub fn route(event: &ApiGatewayV2httpRequest) -> Option<Route> {
    match event.route_key.as_deref() {
        Some("POST /validate" | "POST /validate/{key}") => Some(Route::Validate),
        Some("POST /mutate" | "POST /mutate/{key}") => Some(Route::Mutate),
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
pub fn source_ip(event: &ApiGatewayV2httpRequest) -> Option<IpAddr> {
    event.request_context.http.source_ip.as_deref()?.parse().ok()
}

/// What the authorizer says of the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The cluster whose token, or key, it sent.
    pub cluster: Option<String>,
    /// Whether that was the one before the last rotation.
    pub previous_token: bool,
    /// How it was sent: `header` or `url`.
    pub via: Option<String>,
}

/// Reads the authorizer's context.
pub fn caller(event: &ApiGatewayV2httpRequest) -> Caller {
    let field = |name: &str| {
        let authorizer = event.request_context.authorizer.as_ref()?;
        authorizer.fields.get(name).and_then(Value::as_str)
    };
    let non_empty = |name| field(name).filter(|value| !value.is_empty()).map(str::to_owned);
    Caller {
        cluster: non_empty("cluster"),
        previous_token: field("token") == Some("previous"),
        via: non_empty("via"),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_in_the_path_changes_no_route() {
        for (key, expected) in [
            ("POST /validate", Some(Route::Validate)),
            ("POST /validate/{key}", Some(Route::Validate)),
            ("POST /mutate", Some(Route::Mutate)),
            ("POST /mutate/{key}", Some(Route::Mutate)),
            ("GET /validate/{key}", None),
            ("POST /validate/{proxy+}", None),
            ("POST /validate/", None),
            ("$default", None),
        ] {
            let mut event = ApiGatewayV2httpRequest::default();
            event.route_key = Some(key.to_owned());
            event.raw_path = Some("/validate".to_owned());
            assert_eq!(route(&event), expected, "{key}");
        }
    }

    #[test]
    fn what_the_authorizer_says_of_the_caller() {
        let said = |context: Value| {
            let event = json!({"requestContext": {
                "authorizer": {"lambda": context}, "http": {"method": "POST"}, "timeEpoch": 0,
            }});
            caller(&serde_json::from_value(event).unwrap())
        };
        assert_eq!(
            said(json!({"cluster": "blue", "token": "previous", "via": "url"})),
            Caller {
                cluster: Some("blue".to_owned()),
                previous_token: true,
                via: Some("url".to_owned()),
            }
        );
        assert_eq!(said(json!({"cluster": "", "token": "", "via": ""})), Caller::default());
        assert_eq!(said(json!({})), Caller::default());
    }
}
