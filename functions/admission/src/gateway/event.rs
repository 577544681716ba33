//! The events of both payload formats. Only what is needed is read: not the headers, which hold the caller's token,
//! and not the path, which may hold its key.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::{Call, Caller, Route};
use crate::deadline::{DEFAULT_TIMEOUT, parse_timeout};

/// Why an event cannot be read. It does not quote the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableEvent(String);

impl fmt::Display for UnreadableEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<serde_json::Error> for UnreadableEvent {
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Io => "it could not be read",
            Category::Syntax => "it is not JSON",
            Category::Data => "a field has an unexpected type or is missing",
            Category::Eof => "it ends too soon",
        };
        Self(format!("{what}, at line {} column {}", error.line(), error.column()))
    }
}

/// Which API handed an event over.
enum Form {
    /// An HTTP API: payload format 2.0.
    Http,
    /// A REST API: payload format 1.0, which REST APIs send without a version.
    Rest,
}

/// An event of either form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    version: Option<String>,
    route_key: Option<String>,
    resource: Option<String>,
    http_method: Option<String>,
    query_string_parameters: Option<Parameters<String>>,
    multi_value_query_string_parameters: Option<Parameters<Vec<String>>>,
    request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
struct Parameters<T> {
    timeout: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    authorizer: Option<Authorizer>,
    http: Option<Source>,
    identity: Option<Source>,
    time_epoch: Option<i64>,
    request_time_epoch: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    source_ip: Option<String>,
}

/// The authorizer's context: in `lambda` (2.0), or here (1.0).
#[derive(Deserialize)]
struct Authorizer {
    lambda: Option<Said>,
    cluster: Option<Value>,
    token: Option<Value>,
    via: Option<Value>,
}

#[derive(Default, Deserialize)]
struct Said {
    cluster: Option<Value>,
    token: Option<Value>,
    via: Option<Value>,
}

/// Reads an event.
pub(super) fn read(event: &str) -> Result<Call, UnreadableEvent> {
    let event: Event = serde_json::from_str(event)?;
    let form = event.form().ok_or_else(|| {
        UnreadableEvent("its version and fields are those of neither form, or of both".to_owned())
    })?;
    Ok(match form {
        Form::Http => event.of_http_api(),
        Form::Rest => event.of_rest_api(),
    })
}

impl Event {
    fn form(&self) -> Option<Form> {
        let fields_of_rest = self.resource.is_some() || self.http_method.is_some();
        match (self.version.as_deref(), fields_of_rest) {
            (Some("2.0"), false) => Some(Form::Http),
            (None, true) if self.route_key.is_none() => Some(Form::Rest),
            _ => None,
        }
    }

    fn of_http_api(self) -> Call {
        let route = self.route_key.as_deref().and_then(|key| key.split_once(' '));
        let timeout = self.query_string_parameters.and_then(|parameters| parameters.timeout);
        // Several values of one name are joined.
        let timeout = timeout.as_deref().and_then(|values| values.split(',').next());
        let RequestContext { authorizer, http, time_epoch, .. } = self.request_context;
        Call {
            route: route.and_then(|(method, resource)| Route::of(method, resource)),
            caller: authorizer
                .and_then(|authorizer| authorizer.lambda)
                .unwrap_or_default()
                .caller(),
            timeout: wait(timeout),
            arrived_ms: milliseconds(time_epoch),
            source_ip: address(http),
            body: self.body.unwrap_or_default(),
            is_base64_encoded: self.is_base64_encoded.unwrap_or_default(),
        }
    }

    fn of_rest_api(self) -> Call {
        let route = self.http_method.as_deref().zip(self.resource.as_deref());
        // Of several values `queryStringParameters` has the last one.
        let one = self.query_string_parameters.and_then(|parameters| parameters.timeout);
        let all =
            self.multi_value_query_string_parameters.and_then(|parameters| parameters.timeout);
        let first = all.as_deref().and_then(|values| values.first());
        let RequestContext { authorizer, identity, request_time_epoch, .. } = self.request_context;
        let said =
            authorizer.map(|Authorizer { cluster, token, via, .. }| Said { cluster, token, via });
        Call {
            route: route.and_then(|(method, resource)| Route::of(method, resource)),
            caller: said.unwrap_or_default().caller(),
            timeout: wait(first.or(one.as_ref()).map(String::as_str)),
            arrived_ms: milliseconds(request_time_epoch),
            source_ip: address(identity),
            body: self.body.unwrap_or_default(),
            is_base64_encoded: self.is_base64_encoded.unwrap_or_default(),
        }
    }
}

impl Said {
    /// An authorizer says of a refused caller nothing, or empty texts.
    fn caller(self) -> Caller {
        let non_empty = |value| match value {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        Caller {
            cluster: non_empty(self.cluster),
            previous_token: self.token.is_some_and(|token| token == "previous"),
            via: non_empty(self.via),
        }
    }
}

fn wait(parameter: Option<&str>) -> Duration {
    parameter.and_then(parse_timeout).unwrap_or(DEFAULT_TIMEOUT)
}

fn milliseconds(epoch: Option<i64>) -> Option<u64> {
    epoch.and_then(|epoch| u64::try_from(epoch).ok()).filter(|arrived| *arrived > 0)
}

fn address(source: Option<Source>) -> Option<IpAddr> {
    source?.source_ip?.parse().ok()
}

#[cfg(test)]
mod tests;
