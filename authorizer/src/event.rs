//! What API Gateway sends and what it gets back: HTTP API Lambda authorizer, payload format 2.0,
//! simple response.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::net::IpAddr;

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::authorize::Caller;
use crate::read::Stage;
use crate::sources::address;
use crate::tokens::{Credential, Token};
use crate::url_key::UrlKey;
use crate::via::Via;

/// What the authorizer takes from an event.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the route asks for; `None` for a route that is not of this API.
    pub route: Option<Via>,
    /// The credential of the kind that this function authorizes, or why there is none.
    pub credential: Result<Credential, NoCredential>,
    /// The address to check. API Gateway reuses the answer for every call with the same identity sources, so
    /// where there are any, it must be one of them.
    pub checked_source: Option<IpAddr>,
    /// The caller's address as API Gateway saw it; what the caller says in headers is not asked.
    pub source_ip: Option<IpAddr>,
    /// API Gateway's id of the request, to find it in the access log.
    pub request_id: Option<String>,
}

/// Why a call has no credential that could be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCredential {
    /// No `Authorization` header with the scheme Bearer, or several.
    Token,
    /// The path holds something else.
    UrlKey,
    /// API Gateway could reuse the answer for another key.
    IdentitySource,
}

impl NoCredential {
    /// The reason in the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Token => "no bearer token",
            Self::UrlKey => "no key of 43 characters A-Z, a-z, 0-9, _ and -",
            Self::IdentitySource => {
                "the authorizer of the key routes has an identity source; configure none"
            }
        }
    }
}

/// The event is not an authorizer request. The error of serde may quote token or key, so it is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event is not an authorizer request of an HTTP API in payload format 2.0; \
     set AuthorizerPayloadFormatVersion to 2.0 and call this function as an authorizer only"
)]
pub struct BadEvent;

impl Request {
    /// Takes apart the event as Lambda hands it over, for a function that authorizes `via`.
    pub fn decode(event: &RawValue, via: Via) -> Result<Self, BadEvent> {
        let Ok(event) = serde_json::from_str::<ApiGatewayV2CustomAuthorizerV2Request>(event.get())
        else {
            return Err(BadEvent);
        };
        if event.version.as_deref() != Some("2.0") {
            return Err(BadEvent);
        }
        let source_ip = event.request_context.http.source_ip.as_deref().and_then(address);
        let (credential, checked_source) = match via {
            Via::Header => (header(&event), source_beside_header(&event)),
            Via::Url => (url_key(&event), source_ip),
        };
        Ok(Self {
            route: event.route_key.as_deref().and_then(Via::of_route),
            credential,
            checked_source,
            source_ip,
            request_id: event.request_context.request_id,
        })
    }
}

/// The bearer token, if there is exactly one.
fn header(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Result<Credential, NoCredential> {
    let token = match event.identity_source.as_deref() {
        Some(sources @ [_, ..]) => only(sources.iter().filter_map(|source| bearer(source))),
        // Without an identity source API Gateway caches nothing. With one it caches our answer
        // under its value, so that no other header may have brought the token.
        _ => event.headers.get("authorization").and_then(|value| bearer(value.to_str().ok()?)),
    };
    token.map(Credential::Token).ok_or(NoCredential::Token)
}

/// The second identity source: `$context.identity.sourceIp`, after the header.
fn source_beside_header(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Option<IpAddr> {
    match event.identity_source.as_deref() {
        Some([_, source]) => address(source),
        _ => None,
    }
}

/// The key in the path.
fn url_key(event: &ApiGatewayV2CustomAuthorizerV2Request) -> Result<Credential, NoCredential> {
    if event.identity_source.as_ref().is_some_and(|sources| !sources.is_empty()) {
        return Err(NoCredential::IdentitySource);
    }
    let key = event.path_parameters.get("key").and_then(|key| UrlKey::parse(key));
    key.map(Credential::UrlKey).ok_or(NoCredential::UrlKey)
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

/// What API Gateway passes to the access log and to the admission function, as `$context.authorizer.cluster`,
/// `.token` and `.via`; empty for a caller that was refused, never null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The cluster whose token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Which version of the token secret the token is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Stage>,
    /// How the credential came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// `true` for a previous token or key that soon stops working ([`crate::authorize::EXPIRING`]). The access log
    /// has it, and the alarm `PreviousTokenExpiring` counts it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiring: Option<String>,
}

/// The answer to API Gateway.
pub type Response = ApiGatewayV2CustomAuthorizerSimpleResponse<Context>;

/// Authorizes `caller`; `None` is refused.
pub fn respond(caller: Option<&Caller>) -> Response {
    let mut response = Response::default();
    if let Some(caller) = caller {
        response.is_authorized = true;
        response.context = Context {
            cluster: Some(caller.cluster.clone()),
            token: Some(caller.stage),
            via: Some(caller.via),
            expiring: caller.expiring.then(|| "true".to_owned()),
        };
    }
    response
}

#[cfg(test)]
mod tests;
