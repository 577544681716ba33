//! The Lambda authorizer of a REST API: it answers with a policy, which is evaluated for every call, also where the
//! answer is an earlier one.

use std::time::{Duration, Instant};

use http::header;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::policy::{Policy, Verdict};
use super::refusal::Refusal;
use crate::gateway::answers::Answers;
use crate::gateway::authorizer::{IdentitySources, LIMIT, describe};
use crate::gateway::event::Stage;
use crate::runtime::{Function, InvokeError};

/// An answer of the authorizer.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Map<String, Value>,
    #[serde(rename = "usageIdentifierKey")]
    _usage_identifier_key: Option<String>,
}

/// A caller that the authorizer lets in.
#[derive(Clone, Debug)]
pub(super) struct Known {
    principal_id: String,
    context: Map<String, Value>,
    latency: Duration,
}

impl Known {
    /// `requestContext.authorizer` of the integration's event.
    pub(super) fn as_event_has_it(&self) -> Value {
        let mut context = self.context.clone();
        context.insert("principalId".to_owned(), json!(self.principal_id));
        let latency = u64::try_from(self.latency.as_millis()).unwrap_or(u64::MAX);
        context.insert("integrationLatency".to_owned(), json!(latency));
        Value::Object(context)
    }

    /// For the log.
    pub(super) fn describe(&self) -> String {
        describe(Some(&self.context))
    }
}

/// The authorizer and its cached answers.
#[derive(Debug)]
pub(super) struct Authorizer {
    function: Function,
    sources: IdentitySources,
    answers: Answers<Answer>,
}

impl Authorizer {
    /// An authorizer whose answers are reused for `ttl`.
    pub(super) fn new(function: Function, sources: IdentitySources, ttl: Duration) -> Self {
        Self { function, sources, answers: Answers::new(sources, ttl) }
    }

    /// Decides about a call of the method with this ARN. Errors are not cached.
    ///
    /// Where a resource policy allows the call (`allowed`), only a Deny of the authorizer refuses it.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>
    pub(super) async fn decide(
        &self,
        stage: &Stage,
        call: &Call,
        method_arn: &str,
        allowed: bool,
    ) -> Result<Known, Refusal> {
        let header = call.header(&header::AUTHORIZATION);
        let identity = self.sources.of(header, call.source_ip).ok_or(Refusal::Unauthorized)?;
        let since = Instant::now();
        let answer = if let Some(answer) = self.answers.recall(&identity) {
            answer
        } else {
            let event = stage.rest_authorizer_event(call, method_arn);
            let answer = self.ask(event, call.trace_id.clone()).await?;
            self.answers.remember(identity, &answer);
            answer
        };
        match answer.policy_document.verdict(method_arn) {
            Verdict::ExplicitlyDenied => Err(Refusal::ExplicitDeny),
            Verdict::ImplicitlyDenied if !allowed => Err(Refusal::ImplicitDeny),
            Verdict::Allowed | Verdict::ImplicitlyDenied => Ok(Known {
                principal_id: answer.principal_id,
                context: answer.context,
                latency: since.elapsed(),
            }),
        }
    }

    async fn ask(&self, event: bytes::Bytes, trace_id: String) -> Result<Answer, Refusal> {
        let answer = tokio::time::timeout(LIMIT, self.function.invoke(event, trace_id)).await;
        let answer = match answer {
            Ok(Ok(answer)) => answer,
            Ok(Err(InvokeError::Failed { message, .. })) if message == "Unauthorized" => {
                return Err(Refusal::Unauthorized);
            }
            Ok(Err(error)) => return Err(Refusal::Authorizer(error.to_string())),
            Err(_elapsed) => {
                return Err(Refusal::Authorizer(format!("no answer within {} s", LIMIT.as_secs())));
            }
        };
        parse(&answer).map_err(|error| Refusal::Authorizer(format!("malformed answer: {error}")))
    }

    /// Forgets all answers, as `FlushStageAuthorizersCache` does.
    pub(super) fn forget(&self) {
        self.answers.forget();
    }
}

/// Why an answer is not one of an authorizer. The error of serde could quote a policy, which may hold a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotAnAnswer {
    #[error("it is not an object of principalId, policyDocument and context")]
    Shape,
    #[error("context.{0} is not a string, a number or a boolean")]
    Context(String),
}

/// The values of the context arrive as strings.
fn parse(answer: &[u8]) -> Result<Answer, NotAnAnswer> {
    let mut answer: Answer =
        serde_json::from_slice(answer).map_err(|_may_quote_a_key| NotAnAnswer::Shape)?;
    for (name, value) in &mut answer.context {
        let text = match value {
            Value::String(text) => std::mem::take(text),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(NotAnAnswer::Context(name.clone()));
            }
        };
        *value = Value::String(text);
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(context: &Value) -> Vec<u8> {
        let policy = json!({"Version": "2012-10-17", "Statement": []});
        let answer = json!({"principalId": "p", "policyDocument": policy, "context": context});
        answer.to_string().into_bytes()
    }

    #[test]
    fn the_values_of_a_context_become_strings() {
        let answer = parse(&answer(&json!({"a": "x", "b": 1, "c": true}))).unwrap();
        assert_eq!(Value::Object(answer.context), json!({"a": "x", "b": "1", "c": "true"}));
    }

    #[test]
    fn what_is_not_an_answer_is_not_quoted() {
        for value in [json!(null), json!(["SECRET"]), json!({"SECRET": 1})] {
            let error = parse(&answer(&json!({"a": value}))).err().unwrap();
            assert_eq!(error, NotAnAnswer::Context("a".to_owned()));
        }
        for text in [
            "",
            "null",
            r#"{"isAuthorized":true}"#,
            r#"{"principalId":"p"}"#,
            r#"{"principalId":"p","policyDocument":"SECRET"}"#,
            r#"{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[]},"SECRET":1}"#,
        ] {
            assert_eq!(parse(text.as_bytes()).err(), Some(NotAnAnswer::Shape), "{text}");
        }
        assert_eq!(parse(&answer(&Value::Null)).err(), Some(NotAnAnswer::Shape));
    }
}
