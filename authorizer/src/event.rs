//! What API Gateway sends and what it gets back: HTTP API Lambda authorizer, payload format 2.0,
//! simple response.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::authorize::Caller;
use crate::read::Stage;
use crate::tokens::Token;

/// What the authorizer takes from an event.
#[derive(Clone, Debug)]
pub struct Request {
    /// The bearer token, if there is exactly one.
    pub token: Option<Token>,
    /// The caller's address as API Gateway saw it; what the caller says in headers is not asked.
    pub source_ip: Option<String>,
    /// API Gateway's id of the request, to find it in the access log.
    pub request_id: Option<String>,
}

/// The event is not an authorizer request. The error of serde may quote the token, so it is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event is not an authorizer request of an HTTP API in payload format 2.0; \
     set AuthorizerPayloadFormatVersion to 2.0 and call this function as an authorizer only"
)]
pub struct BadEvent;

impl Request {
    /// Takes apart the event as Lambda hands it over.
    pub fn decode(event: &RawValue) -> Result<Self, BadEvent> {
        let Ok(event) = serde_json::from_str::<ApiGatewayV2CustomAuthorizerV2Request>(event.get())
        else {
            return Err(BadEvent);
        };
        if event.version.as_deref() != Some("2.0") {
            return Err(BadEvent);
        }
        let token = match &event.identity_source {
            Some(sources) if !sources.is_empty() => {
                only(sources.iter().filter_map(|source| bearer(source)))
            }
            // Without an identity source API Gateway caches nothing. With one it caches our answer
            // under its value, so that no other header may have brought the token.
            _ => event.headers.get("authorization").and_then(|value| bearer(value.to_str().ok()?)),
        };
        Ok(Self {
            token,
            source_ip: event.request_context.http.source_ip,
            request_id: event.request_context.request_id,
        })
    }
}

/// The one token; none if there are several, which no kube-apiserver sends.
fn only(mut tokens: impl Iterator<Item = Token>) -> Option<Token> {
    let token = tokens.next()?;
    tokens.next().is_none().then_some(token)
}

/// The token of an `Authorization` value with the scheme Bearer, in any case (RFC 9110, 11.4).
fn bearer(value: &str) -> Option<Token> {
    let (scheme, token) = value.trim_matches([' ', '\t']).split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Token::new(token))
}

/// What API Gateway passes to the access log and to the admission function, as `$context.authorizer.cluster`
/// and `.token`; empty for a caller that was refused, never null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The cluster whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Which version of the token secret the token is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Stage>,
}

/// The answer to API Gateway.
pub type Response = ApiGatewayV2CustomAuthorizerSimpleResponse<Context>;

/// Authorizes `caller`; `None` is refused.
pub fn respond(caller: Option<&Caller>) -> Response {
    let mut response = Response::default();
    if let Some(caller) = caller {
        response.is_authorized = true;
        response.context =
            Context { cluster: Some(caller.cluster.clone()), token: Some(caller.stage) };
    }
    response
}

#[cfg(test)]
mod tests;
