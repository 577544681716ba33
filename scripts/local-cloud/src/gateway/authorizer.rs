//! The Lambda authorizer with simple responses.

use std::net::IpAddr;
use std::time::Duration;

use http::header;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answers::Answers;
use super::event::Stage;
use super::request::Request;
use crate::runtime::{Function, InvokeError};

/// How long API Gateway waits for an authorizer.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// What is known about a caller.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decision {
    /// With the authorizer's context, if it gave one.
    Allow(Option<Map<String, Value>>),
    Deny,
    /// An identity source is absent or empty: nobody was asked.
    NoIdentity,
}

/// What API Gateway takes from a request before it asks the authorizer. By what is taken, answers are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdentitySources {
    /// The authorizer is asked about each request.
    None,
    /// `$request.header.Authorization`.
    Header,
    /// `$request.header.Authorization` and `$context.identity.sourceIp`.
    HeaderAndAddress,
}

impl IdentitySources {
    /// All of them; `None` when one is absent or empty.
    pub(super) fn of(self, authorization: &str, source_ip: IpAddr) -> Option<Vec<String>> {
        let header = || authorization.to_owned();
        let sources = match self {
            Self::None => vec![],
            Self::Header => vec![header()],
            Self::HeaderAndAddress => vec![header(), source_ip.to_string()],
        };
        sources.iter().all(|source| !source.is_empty()).then_some(sources)
    }
}

/// Why the authorizer has decided nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthorizerError {
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    #[error("no answer within {} s", LIMIT.as_secs())]
    TimedOut,
    #[error("malformed answer: {0}")]
    Malformed(serde_json::Error),
}

/// The authorizer and its cached answers.
#[derive(Debug)]
pub(super) struct Authorizer {
    function: Function,
    sources: IdentitySources,
    answers: Answers<Decision>,
}

impl Authorizer {
    /// An authorizer whose answers are reused for `ttl`.
    pub(super) fn new(function: Function, sources: IdentitySources, ttl: Duration) -> Self {
        Self { function, sources, answers: Answers::new(sources, ttl) }
    }

    /// Decides about the caller of a request. Errors are not cached.
    pub(super) async fn decide(
        &self,
        stage: &Stage,
        request: &Request,
    ) -> Result<Decision, AuthorizerError> {
        let header = request.header(&header::AUTHORIZATION);
        let Some(identity) = self.sources.of(header, request.source_ip) else {
            return Ok(Decision::NoIdentity);
        };
        if let Some(decision) = self.answers.recall(&identity) {
            return Ok(decision);
        }
        let event = stage.authorizer_event(request, &identity);
        let answer = self.function.invoke(event, request.trace_id.clone());
        let answer = tokio::time::timeout(LIMIT, answer)
            .await
            .map_err(|_elapsed| AuthorizerError::TimedOut)??;
        let decision = parse(&answer).map_err(AuthorizerError::Malformed)?;
        self.answers.remember(identity, &decision);
        Ok(decision)
    }

    /// Forgets all answers, as `ResetAuthorizersCache` does.
    pub(super) fn forget(&self) {
        self.answers.forget();
    }
}

/// A simple response: `isAuthorized` is a boolean, and `context` an object or absent. API Gateway
/// takes `"context": null` for malformed.
fn parse(answer: &[u8]) -> Result<Decision, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Simple {
        is_authorized: bool,
        #[serde(default, deserialize_with = "object")]
        context: Option<Map<String, Value>>,
    }
    fn object<'de, D: serde::Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Map<String, Value>>, D::Error> {
        Map::deserialize(input).map(Some)
    }
    let Simple { is_authorized, context } = serde_json::from_slice(answer)?;
    Ok(if is_authorized { Decision::Allow(context) } else { Decision::Deny })
}

/// The context for the access log, as `cluster=local token=current`, without the value of the token.
pub(super) fn describe(context: Option<&Map<String, Value>>) -> String {
    let pairs = context
        .into_iter()
        .flatten()
        .filter(|(name, _)| ["cluster", "token"].contains(&name.as_str()));
    let pairs = pairs
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or("?").escape_debug()));
    pairs.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_responses() {
        let context = Map::from_iter([("cluster".to_owned(), Value::from("a"))]);
        let allow = parse(br#"{"isAuthorized":true,"context":{"cluster":"a"}}"#).unwrap();
        assert_eq!(allow, Decision::Allow(Some(context)));
        assert_eq!(parse(br#"{"isAuthorized":true}"#).unwrap(), Decision::Allow(None));
        assert_eq!(parse(br#"{"isAuthorized":false}"#).unwrap(), Decision::Deny);
    }

    #[test]
    fn what_is_not_a_simple_response_is_malformed() {
        for answer in [
            "",
            "null",
            "{}",
            r#"{"isAuthorized":"yes"}"#,
            r#"{"isAuthorized":true,"context":null}"#,
        ] {
            assert!(parse(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
