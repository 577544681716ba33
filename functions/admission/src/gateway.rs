//! A call as API Gateway hands it over, by an HTTP API (payload format 2.0) or a REST API (1.0), and the answer,
//! whose shape is one for both.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

mod event;

pub use event::UnreadableEvent;

/// Which webhook calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /validate`, with or without a key in the path.
    Validate,
    /// `POST /mutate`, with or without a key in the path.
    Mutate,
}

impl Route {
    /// The route of this method and resource, as API Gateway matched it. The path itself is not asked: it may
    /// hold a key.
    fn of(method: &str, resource: &str) -> Option<Self> {
        match (method, resource) {
            ("POST", "/validate" | "/validate/{key}") => Some(Self::Validate),
            ("POST", "/mutate" | "/mutate/{key}") => Some(Self::Mutate),
            _ => None,
        }
    }
}

/// What the authorizer says of the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The cluster that calls.
    pub cluster: Option<String>,
    /// Whether it sent the token, or the key, from before the last rotation.
    pub previous_token: bool,
    /// How it is known: `header`, `url` or `endpoint`.
    pub via: Option<String>,
}

/// What the function takes from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The route; `None` for one that is not of this API.
    pub route: Option<Route>,
    /// Who calls.
    pub caller: Caller,
    /// How long the caller waits.
    pub timeout: Duration,
    /// When API Gateway received the request, in milliseconds since the Unix epoch; `None` when it does
    /// not say.
    pub arrived_ms: Option<u64>,
    /// The address that the request came from.
    pub source_ip: Option<IpAddr>,
    /// The body as the event has it.
    pub body: String,
    /// Whether that is base64.
    pub is_base64_encoded: bool,
}

impl Call {
    /// Reads an event.
    pub fn read(event: &str) -> Result<Self, UnreadableEvent> {
        event::read(event)
    }

    /// The bytes of the body; `None` when API Gateway says that it is base64 and it is not.
    pub fn bytes(&self) -> Option<Cow<'_, [u8]>> {
        if self.is_base64_encoded {
            aws_smithy_types::base64::decode(&self.body).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(self.body.as_bytes()))
        }
    }
}

/// The answer to API Gateway. A REST API answers 502 in place of one with any other field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// The HTTP status.
    pub status_code: u16,
    headers: Headers,
    /// A text, whatever the status.
    pub body: String,
    is_base64_encoded: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Headers {
    content_type: &'static str,
    /// Says which version answers, whatever the template says. Only an authorized caller gets an answer.
    ecr_admission_version: &'static str,
}

impl Reply {
    /// An answer with an AdmissionReview.
    pub fn json(body: String) -> Self {
        Self::new(200, "application/json", body)
    }

    /// An answer to a request that is not a review: one line of text.
    pub fn text(status_code: u16, body: impl Into<String>) -> Self {
        Self::new(status_code, "text/plain; charset=utf-8", body.into() + "\n")
    }

    fn new(status_code: u16, content_type: &'static str, body: String) -> Self {
        let headers = Headers { content_type, ecr_admission_version: env!("CARGO_PKG_VERSION") };
        Self { status_code, headers, body, is_base64_encoded: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_fields_that_a_rest_api_takes_and_no_others() {
        let version = env!("CARGO_PKG_VERSION");
        for (reply, status, content_type, body) in [
            (Reply::json("{}".to_owned()), 200, "application/json", "{}"),
            (Reply::text(404, "no"), 404, "text/plain; charset=utf-8", r"no\n"),
        ] {
            assert_eq!(
                serde_json::to_string(&reply).unwrap(),
                format!(
                    r#"{{"statusCode":{status},"headers":{{"content-type":"{content_type}","ecr-admission-version":"{version}"}},"body":"{body}","isBase64Encoded":false}}"#
                )
            );
        }
    }
}
