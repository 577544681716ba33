//! What API Gateway sends to an authorizer of type REQUEST: of an HTTP API (`http`, payload format 2.0) or of a REST
//! API (`rest`). [`answer`] is what it gets back.

use std::net::IpAddr;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::event::answer::Form;
use crate::tokens::{Credential, Token};
use crate::via::Via;

pub mod answer;
mod http;
mod rest;

/// What the authorizer takes from an event.
#[derive(Clone, Debug)]
pub struct Request {
    /// How the call came in.
    pub door: Door,
    /// What the route asks for; `None` for a route that is not of this API.
    pub route: Option<Via>,
    /// The credential of the kind that this function authorizes, or why there is none.
    pub credential: Result<Credential, NoCredential>,
    /// The address to check. API Gateway reuses the answer for every call with the same identity sources, so
    /// where the event has any, it must be one of them.
    pub checked_source: Option<IpAddr>,
    /// The caller's address as API Gateway saw it; what the caller says in headers is not asked.
    pub source_ip: Option<IpAddr>,
    /// API Gateway's id of the request, to find it in the access log.
    pub request_id: Option<String>,
    /// What an answer to this event looks like.
    pub form: Form,
}

/// How a call came in, as API Gateway says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// By the HTTP API.
    Http,
    /// By a REST API, from the internet.
    Regional,
    /// By a REST API, through the VPC endpoint with this id.
    Private(String),
}

impl Door {
    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Regional => "regional",
            Self::Private(_) => "private",
        }
    }
}

/// Why a call has no credential that could be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoCredential {
    /// No `Authorization` header at all, at a REST API: the VPC endpoint may say who calls.
    Header,
    /// No `Authorization` header with the scheme Bearer, or several.
    Token,
    /// The path holds something else.
    UrlKey,
    /// The path is another one than that of the route, such as with a slash at its end: no policy allows it.
    Path,
    /// API Gateway could reuse the answer for another key.
    IdentitySource,
}

impl NoCredential {
    /// The reason in the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Header | Self::Token => "no bearer token",
            Self::UrlKey => "no key of 43 characters A-Z, a-z, 0-9, _ and -",
            Self::Path => "the path is not exactly that of the route",
            Self::IdentitySource => {
                "the authorizer of the key routes has an identity source; configure none"
            }
        }
    }
}

/// The event is not an authorizer request. The error of serde may quote token or key, so it is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event is neither an authorizer request of an HTTP API in payload format 2.0 nor one of a REST API of \
     type REQUEST; set AuthorizerPayloadFormatVersion to 2.0, or Type to REQUEST, and call this function as an \
     authorizer only"
)]
pub struct BadEvent;

/// The fields by which the two events differ.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Marks {
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    route_arn: Option<IgnoredAny>,
    route_key: Option<IgnoredAny>,
    raw_path: Option<IgnoredAny>,
    identity_source: Option<IgnoredAny>,
    method_arn: Option<IgnoredAny>,
    resource: Option<IgnoredAny>,
    http_method: Option<IgnoredAny>,
}

impl Marks {
    fn of_http_api(&self) -> bool {
        self.route_arn.is_some()
            || self.route_key.is_some()
            || self.raw_path.is_some()
            || self.identity_source.is_some()
    }

    fn of_rest_api(&self) -> bool {
        self.method_arn.is_some() || self.resource.is_some() || self.http_method.is_some()
    }
}

impl Request {
    /// Takes apart the event as Lambda hands it over, for a function that authorizes `via`. An event with fields
    /// of both APIs is not one of either.
    pub fn decode(event: &RawValue, via: Via) -> Result<Self, BadEvent> {
        let event = event.get();
        let Ok(marks) = serde_json::from_str::<Marks>(event) else { return Err(BadEvent) };
        match (marks.version.as_deref(), marks.kind.as_deref()) {
            (Some("2.0"), _) if !marks.of_rest_api() => http::decode(event, via),
            (None, Some("REQUEST")) if !marks.of_http_api() => rest::decode(event, via),
            _ => Err(BadEvent),
        }
    }
}

/// The token of an `Authorization` value with the scheme Bearer, in any case (RFC 9110, 11.4).
fn bearer(value: &str) -> Option<Token> {
    let (scheme, token) = value.trim_matches([' ', '\t']).split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| Token::new(token))
}

#[cfg(test)]
mod tests;
