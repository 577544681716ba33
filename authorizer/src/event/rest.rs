//! The event of a REST API, private or regional. It does not say which identity sources the authorizer has.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::answer::{Form, Grants};
use super::{BadEvent, Door, NoCredential, Request, bearer};
use crate::sources::address;
use crate::tokens::Credential;
use crate::url_key::UrlKey;
use crate::via::Via;

/// The fields that are read. The endpoint is the one that API Gateway reports; the header `x-amzn-vpce-id` is not
/// asked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    method_arn: String,
    resource: String,
    http_method: String,
    headers: Option<Authorizations>,
    multi_value_headers: Option<Authorizations>,
    path_parameters: Option<PathParameters>,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct PathParameters {
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    request_id: Option<String>,
    identity: Identity,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    source_ip: Option<String>,
    vpce_id: Option<String>,
}

/// Everything that a list of headers has under the name `Authorization`, in any case: a REST API passes names on
/// as the client sends them.
#[derive(Default)]
struct Authorizations(Vec<Value>);

pub(super) fn decode(event: &str, via: Via) -> Result<Request, BadEvent> {
    let Ok(event) = serde_json::from_str::<Event>(event) else { return Err(BadEvent) };
    let key = event.path_parameters.and_then(|parameters| parameters.key).unwrap_or_default();
    let credential = match via {
        Via::Header => header(
            &event.headers.unwrap_or_default().0,
            &event.multi_value_headers.unwrap_or_default().0,
        ),
        Via::Url => UrlKey::parse(&key).map(Credential::UrlKey).ok_or(NoCredential::UrlKey),
    };
    let grants = Grants::of(&event.method_arn, &event.resource, &key);
    let Identity { source_ip, vpce_id } = event.request_context.identity;
    let source_ip = source_ip.as_deref().and_then(address);
    Ok(Request {
        door: vpce_id.map_or(Door::Regional, Door::Private),
        route: Via::of_route(&format!("{} {}", event.http_method, event.resource)),
        // A call that no answer could allow is refused, whatever it presents.
        credential: if grants.is_some() { credential } else { Err(NoCredential::Path) },
        checked_source: source_ip,
        source_ip,
        request_id: event.request_context.request_id,
        form: Form::Policy(grants),
    })
}

/// The bearer token, if there is exactly one `Authorization` header.
fn header(last: &[Value], all: &[Value]) -> Result<Credential, NoCredential> {
    let token = match (last, all) {
        ([], []) => return Err(NoCredential::Header),
        ([Value::String(last)], [Value::Array(values)]) => match values.as_slice() {
            [Value::String(value)] if value == last => bearer(value),
            _ => None,
        },
        _ => None,
    };
    token.map(Credential::Token).ok_or(NoCredential::Token)
}

impl<'de> Deserialize<'de> for Authorizations {
    fn deserialize<D: Deserializer<'de>>(headers: D) -> Result<Self, D::Error> {
        struct Headers;
        impl<'de> Visitor<'de> for Headers {
            type Value = Authorizations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("headers")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut headers: M) -> Result<Self::Value, M::Error> {
                let mut found = vec![];
                while let Some(name) = headers.next_key::<String>()? {
                    if name.eq_ignore_ascii_case("authorization") {
                        found.push(headers.next_value()?);
                    } else {
                        headers.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Authorizations(found))
            }
        }
        headers.deserialize_map(Headers)
    }
}

#[cfg(test)]
mod tests;
