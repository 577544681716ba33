//! One review, from the event to the answer: the only sequencer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use ecr_admission_lambda::Log;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::{EcrImage, Enforcement, Inspection, Plan, Policy, decide, plan};
use lambda_runtime::{Context, Error, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::account;
use crate::answer::{judged, refused, unjudged};
use crate::cache::Cache;
use crate::config::Config;
use crate::deadline;
use crate::gateway::{self, Caller, Route};
use crate::inspect::{Budget, InspectImage, gather};
use crate::metrics::Metrics;
use crate::record::{Decision, Line, Outcome};
use crate::review::{self, Answer, Request, Review};
use crate::workload::{self, Refusal, Workload};

/// Answers reviews.
#[derive(Debug)]
pub struct Handler<I> {
    config: Config,
    inspector: I,
    metrics: Arc<Metrics>,
    cache: Mutex<Cache>,
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

#[derive(Serialize)]
struct Unreadable {
    error: String,
}

impl<I: InspectImage> Handler<I> {
    /// A handler that looks images up through `inspector`.
    pub fn new(config: Config, inspector: I, metrics: Arc<Metrics>) -> Self {
        let log = Log::new(config.log_level);
        let cache = Mutex::new(Cache::new(config.cache));
        Self { config, inspector, metrics, cache, log }
    }

    /// Reads an event and answers it. Read here, not by the runtime: an event that it cannot read, it
    /// reports to Lambda and logs nowhere.
    pub async fn invoke(
        &self,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Result<ApiGatewayV2httpResponse, Error> {
        let payload = serde_json::from_str(event.payload.get()).inspect_err(|error| {
            let fields = Unreadable { error: review::told(error) };
            self.log.error("the event is none of an HTTP API, payload format 2.0", &fields);
        })?;
        self.handle(LambdaEvent::new(payload, event.context)).await
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
            Route::Mutate => Answer::default(),
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
        self.log.warn("a request was no review", &NoReview { cluster, source_ip, error: problem });
        gateway::text(400, problem)
    }

    async fn validate(
        &self,
        review: &Review<'_>,
        event: &ApiGatewayV2httpRequest,
        context: &Context,
    ) -> (Answer, Outcome) {
        let request = match &review.request {
            Ok(request) => request,
            Err(problem) => return refused(problem.clone(), Enforcement::Deny),
        };
        if self.is_ignored(request) {
            return unjudged(Decision::Ignored);
        }
        let (enforcement, images) = match workload::of(request) {
            Ok(Workload::NoImages) => return unjudged(Decision::Admitted),
            Ok(Workload::Images { enforcement, images }) => (enforcement, images),
            Err(Refusal { message, enforcement }) => return refused(message, enforcement),
        };
        let Some(own_account) = account::of_function_arn(&context.invoked_function_arn) else {
            let problem = "the function's own account could not be read from its ARN";
            return refused(problem.to_owned(), enforcement);
        };
        let policy = self.policy(&own_account);
        let plan = plan(images, enforcement, &policy);
        let budget = budget(event, context);
        let (inspections, cache_hits) = self.inspect(&plan, &own_account, &budget, &policy).await;
        let verdict = decide(&plan, &inspections, &policy);
        judged(&verdict, &policy, budget.calls(), cache_hits)
    }

    fn is_ignored(&self, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        namespace.is_some_and(|namespace| self.config.ignored_namespaces.contains(namespace))
    }

    fn policy(&self, own_account: &AccountId) -> Policy {
        let registry_ids = self.config.registry_ids.clone();
        Policy {
            registry_ids: registry_ids.unwrap_or_else(|| [own_account.clone()].into()),
            regions: self.config.regions.clone(),
            severity_limit: self.config.severity_limit,
        }
    }

    /// What is known of the planned images: remembered, or looked up now. Returns how many were
    /// remembered, too.
    async fn inspect(
        &self,
        plan: &Plan,
        own_account: &AccountId,
        budget: &Budget,
        policy: &Policy,
    ) -> (BTreeMap<EcrImage, Inspection>, usize) {
        let mut lookups = plan.lookups();
        let now_ms = now_ms();
        let known = self.cache().recall(&lookups, now_ms);
        lookups.retain(|image| !known.contains_key(image));
        let found = gather(&self.inspector, own_account, &lookups, budget).await;
        let mut cache = self.cache();
        for (image, inspection) in &found {
            if let Inspection::Inspected(facts) = inspection {
                let violated = ecr_admission_policy::decide::violates(image, facts, policy);
                cache.remember(image, facts, violated, now_ms);
            }
        }
        let hits = known.len();
        (known.into_iter().chain(found).collect(), hits)
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (request, denial) = (review.request.as_ref().ok(), answer.denial.as_deref());
        let line = Line::new(&review.uid, caller, request, outcome, denial, elapsed_ms);
        if outcome.failed {
            self.log.warn("review could not be judged", &line);
        } else {
            self.log.info("review", &line);
        }
    }
}

/// When the look-ups of this review must be over.
fn budget(event: &ApiGatewayV2httpRequest, context: &Context) -> Budget {
    let now_ms = now_ms();
    let arrived_ms = gateway::arrived_ms(event).unwrap_or(now_ms);
    let left = deadline::budget(now_ms, arrived_ms, gateway::timeout(event), context.deadline);
    Budget::new(tokio::time::Instant::now() + left)
}
