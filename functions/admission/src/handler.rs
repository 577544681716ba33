//! One review, from the event to the answer: the only sequencer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use ecr_admission_lambda::Log;
use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent};
use serde::Serialize;
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::deadline;
use crate::events::{EVENT_UNREADABLE, MUTATION, NOT_A_REVIEW, REVIEW, REVIEW_FAILED};
use crate::gateway::{self, Caller, Route};
use crate::inspect::{Budget, InspectImage};
use crate::lookups::Lookups;
use crate::metrics::Metrics;
use crate::policy_copy::PolicyCopy;
use crate::policy_secret::{LONGEST_READ, PolicySecret, ReadPolicy};
use crate::record::{Line, MutationLine, MutationOutcome, Outcome};
use crate::review::{self, Answer, Request, Review};

mod mutate;
mod policy;
mod validate;

/// Answers reviews.
#[derive(Debug)]
pub struct Handler<I, R = PolicySecret> {
    config: Config,
    lookups: Lookups<I>,
    policies: PolicyCopy<R>,
    metrics: Arc<Metrics>,
    log: Log,
}

/// Milliseconds since the Unix epoch: the clock of deadlines, of the cache and of metrics.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Serialize)]
struct NoReview<'a> {
    cluster: Option<&'a str>,
    source_ip: Option<&'a str>,
    error: &'a str,
}

const UNREADABLE: &str = "the event is none of an HTTP API, payload format 2.0";

#[derive(Serialize)]
struct Unreadable<'a> {
    error: &'a str,
}

/// What is wrong with an event, and where, without what stands there: it holds the caller's token.
fn place(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        Category::Io => "it could not be read",
        Category::Syntax => "it is not JSON",
        Category::Data => "a field has an unexpected type or is missing",
        Category::Eof => "it ends too soon",
    };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

/// An error as Lambda reports it. Without a type of its own it would have that of Rust.
fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}

impl<I: InspectImage, R: ReadPolicy> Handler<I, R> {
    /// A handler that looks images up through `inspector`, and the policy document up through `reader`;
    /// without a reader the parameters are the policy.
    pub fn new(config: Config, inspector: I, reader: Option<R>, metrics: Arc<Metrics>) -> Self {
        let log = Log::new(config.log_level);
        let lookups = Lookups::new(inspector, config.cache);
        let policies = PolicyCopy::new(reader, config.cache, log);
        Self { config, lookups, policies, metrics, log }
    }

    /// Reads the policy document before the first event. What is wrong with it is logged, and told by
    /// the answer to every review.
    pub async fn prepare(&self) {
        let deadline = tokio::time::Instant::now() + LONGEST_READ;
        self.policies.at_hand(deadline, now_ms()).await;
    }

    /// Reads an event and answers it. Read here, not by the runtime: an event that it cannot read, it
    /// reports to Lambda and logs nowhere.
    pub async fn invoke(
        &self,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Result<ApiGatewayV2httpResponse, Diagnostic> {
        let payload = serde_json::from_str(event.payload.get()).map_err(|error| {
            let error = place(&error);
            self.log.error(EVENT_UNREADABLE, UNREADABLE, &Unreadable { error: &error });
            diagnostic("UnreadableEvent", format!("{UNREADABLE}: {error}"))
        })?;
        let answer = self.handle(LambdaEvent::new(payload, event.context)).await;
        answer.map_err(|error| diagnostic("UnwritableAnswer", error.to_string()))
    }

    /// Answers one event. An answer always has a body that says what is wrong; an error is only
    /// returned when no answer could be written at all.
    pub async fn handle(
        &self,
        event: LambdaEvent<ApiGatewayV2httpRequest>,
    ) -> Result<ApiGatewayV2httpResponse, Error> {
        let started = Instant::now();
        let (event, context) = event.into_parts();
        let caller = gateway::caller(&event);
        let Some(route) = gateway::route(&event) else {
            return Ok(gateway::text(404, "no such route; wanted: POST /validate or POST /mutate"));
        };
        let body = gateway::body(&event);
        let review = match body.as_deref().map(review::decode) {
            Some(Ok(review)) => review,
            Some(Err(problem)) => return Ok(self.no_review(&event, &caller, &problem)),
            None => return Ok(self.no_review(&event, &caller, "the body is not base64")),
        };
        let answer = match route {
            Route::Mutate => match self.mutate(&review, &event, &context).await {
                Some((answer, outcome)) => {
                    self.record_mutation(&caller, &review, &outcome, started.elapsed());
                    answer
                }
                None => Answer::default(),
            },
            Route::Validate => {
                let (answer, outcome) = self.validate(&review, &event, &context).await;
                self.record(&caller, &review, &answer, &outcome, started.elapsed());
                answer
            }
        };
        Ok(gateway::json(review::respond(review.version, &review.uid, &answer)?))
    }

    fn no_review(
        &self,
        event: &ApiGatewayV2httpRequest,
        caller: &Caller,
        problem: &str,
    ) -> ApiGatewayV2httpResponse {
        let cluster = caller.cluster.as_deref();
        let source_ip = event.request_context.http.source_ip.as_deref();
        self.log.warn(
            NOT_A_REVIEW,
            "a request was no review",
            &NoReview { cluster, source_ip, error: problem },
        );
        gateway::text(400, problem)
    }

    fn is_ignored(&self, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        namespace.is_some_and(|namespace| self.config.ignored_namespaces.contains(namespace))
    }

    fn record(
        &self,
        caller: &Caller,
        review: &Review<'_>,
        answer: &Answer,
        outcome: &Outcome,
        elapsed: Duration,
    ) {
        self.metrics.record(caller, outcome, elapsed, now_ms());
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let request = review.request.as_ref().ok();
        // The whole of a denial is an audit annotation where its author reads less.
        let whole = answer.audit_annotations.get("denial").map(String::as_str);
        let denial = whole.or(answer.denial.as_deref());
        let line = Line::new(&review.uid, caller, request, outcome, denial, elapsed_ms);
        if outcome.failed {
            self.log.error(REVIEW_FAILED, "review could not be judged", &line);
        } else {
            self.log.info(REVIEW, "review", &line);
        }
    }

    fn record_mutation(
        &self,
        caller: &Caller,
        review: &Review<'_>,
        outcome: &MutationOutcome,
        elapsed: Duration,
    ) {
        self.metrics.record_mutation(caller, outcome, now_ms());
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let request = review.request.as_ref().ok();
        let line = MutationLine::new(&review.uid, caller, request, outcome, elapsed_ms);
        self.log.info(MUTATION, "mutation", &line);
    }
}

/// When the look-ups of this review must be over.
fn budget(event: &ApiGatewayV2httpRequest, context: &Context) -> Budget {
    let now_ms = now_ms();
    let arrived_ms = gateway::arrived_ms(event).unwrap_or(now_ms);
    let left = deadline::budget(now_ms, arrived_ms, gateway::timeout(event), context.deadline);
    Budget::new(tokio::time::Instant::now() + left)
}
