//! One request, from the event to the answer: event, route, answer, record.

use std::sync::Arc;

use ecr_admission_lambda::Log;
use lambda_runtime::{Diagnostic, Error, LambdaEvent};
use serde_json::value::RawValue;

use crate::arrival::Arrival;
use crate::config::Config;
use crate::evaluator::{Evaluator, Replacement, Validation};
use crate::gateway::{Call, Reply, Route};
use crate::inspect::InspectImage;
use crate::metrics::Metrics;
use crate::policy_secret::{PolicySecret, ReadPolicy};
use crate::record::Recorder;
use crate::review::{self, Answer};

/// Answers reviews. It has no wall clock: its caller says when an event arrived.
#[derive(Debug)]
pub struct Handler<I, R = PolicySecret> {
    evaluator: Evaluator<I, R>,
    record: Recorder,
}

/// Why an event cannot be read.
const UNREADABLE: &str = "the event is neither one of an HTTP API (payload format 2.0) nor one of a REST API (payload format 1.0)";

/// An error as Lambda reports it. Without an explicit type it would have that of Rust.
fn diagnostic(error_type: &str, error_message: String) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message }
}

impl<I: InspectImage, R: ReadPolicy> Handler<I, R> {
    /// A handler that looks images up through `inspector`, and the policy document through `reader`;
    /// without a reader the parameters are the policy.
    pub fn new(config: Config, inspector: I, reader: Option<R>, metrics: Arc<Metrics>) -> Self {
        let log = Log::new(config.log_level);
        let evaluator = Evaluator::new(config, inspector, reader, log);
        Self { evaluator, record: Recorder::new(log, metrics) }
    }

    /// Reads the policy document before the first event. If it is invalid, that is logged here, and said in
    /// the answer to every review.
    pub async fn prepare(&self, now_ms: u64) {
        self.evaluator.prepare(now_ms).await;
    }

    /// Reads an event and answers it. It is read here, not by the runtime, which would report an unreadable
    /// event to Lambda and log it nowhere.
    pub async fn invoke(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now_ms: u64,
    ) -> Result<Reply, Diagnostic> {
        let call = Call::read(event.payload.get()).map_err(|error| {
            let error = error.to_string();
            self.record.unreadable_event(UNREADABLE, &error);
            diagnostic("UnreadableEvent", format!("{UNREADABLE}: {error}"))
        })?;
        let answer = self.handle(LambdaEvent::new(call, event.context), now_ms).await;
        answer.map_err(|error| diagnostic("UnwritableAnswer", error.to_string()))
    }

    /// Answers a call that arrived at `now_ms`, in milliseconds since the Unix epoch. An answer always has
    /// a body that says what is wrong; an error is returned only when no answer could be written at all.
    pub async fn handle(&self, event: LambdaEvent<Call>, now_ms: u64) -> Result<Reply, Error> {
        let (call, context) = event.into_parts();
        let arrival = Arrival::new(now_ms, &call, &context);
        let caller = &call.caller;
        let Some(route) = call.route else {
            return Ok(Reply::text(404, "no such route; expected POST /validate or POST /mutate"));
        };
        let body = call.bytes();
        let review = match body
            .as_deref()
            .map_or(Err("the body is not base64".to_owned()), review::decode)
        {
            Ok(review) => review,
            Err(problem) => {
                self.record.not_a_review(caller, call.source_ip, &problem);
                return Ok(Reply::text(400, problem));
            }
        };
        let answer = match route {
            Route::Validate => {
                let validation = self.evaluator.validate(&review, &arrival).await;
                if let (Ok(request), Some((group, reason))) =
                    (&review.request, validation.broken_glass())
                {
                    self.record.break_glass(caller, &review.uid, &request.user_info, group, reason);
                }
                let Validation { answer, outcome, .. } = validation;
                self.record.review(&arrival, caller, &review, &answer, &outcome);
                answer
            }
            Route::Mutate => match self.evaluator.mutate(&review, &arrival).await {
                Some(Replacement { answer, outcome }) => {
                    self.record.mutation(&arrival, caller, &review, &outcome);
                    answer
                }
                None => Answer::default(),
            },
        };
        Ok(Reply::json(review::respond(review.version, &review.uid, &answer)?))
    }
}
