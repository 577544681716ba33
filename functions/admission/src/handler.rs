//! One review, from the event to the answer: the only sequencer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use ecr_admission_lambda::Log;
use ecr_admission_policy::mutate::{Mutated, mutate};
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::{Enforcement, Policy, decide, plan};
use lambda_runtime::{Context, Error, LambdaEvent};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::account;
use crate::answer::{judged, mutated, refused, unjudged};
use crate::config::Config;
use crate::deadline;
use crate::gateway::{self, Caller, Route};
use crate::inspect::{Budget, InspectImage, MOST_IMAGES};
use crate::lookups::Lookups;
use crate::metrics::Metrics;
use crate::patch;
use crate::record::{Decision, Line, MutationOutcome, Outcome};
use crate::review::{self, Answer, Request, Review};
use crate::workload::{self, Refusal, Workload};

/// Answers reviews.
#[derive(Debug)]
pub struct Handler<I> {
    config: Config,
    lookups: Lookups<I>,
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

#[derive(Serialize)]
struct Unreadable {
    error: String,
}

impl<I: InspectImage> Handler<I> {
    /// A handler that looks images up through `inspector`.
    pub fn new(config: Config, inspector: I, metrics: Arc<Metrics>) -> Self {
        let log = Log::new(config.log_level);
        let lookups = Lookups::new(inspector, config.cache);
        Self { config, lookups, metrics, log }
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
        // Only Pods are pinned, unless the mutating configuration names controllers too: of those
        // nothing is asked here.
        let pinned = enforcement == Enforcement::Deny && self.pins(request);
        let policy = self.policy(&own_account, pinned);
        let plan = plan(images, enforcement, &policy);
        let lookups = plan.lookups();
        if lookups.len() > MOST_IMAGES {
            return refused(too_many(request, lookups.len()), enforcement);
        }
        let budget = budget(event, context);
        let known = self.lookups.inspect(lookups, &own_account, &policy, &budget, now_ms()).await;
        let verdict = decide(&plan, &known.inspections, &policy);
        judged(&verdict, &policy, budget.calls(), known.remembered)
    }

    /// Never refuses: what cannot be changed is left alone, and the validating half decides.
    async fn mutate(
        &self,
        review: &Review<'_>,
        event: &ApiGatewayV2httpRequest,
        context: &Context,
    ) -> Option<(Answer, MutationOutcome)> {
        let request = review.request.as_ref().ok()?;
        let pin = self.pins(request);
        if self.is_ignored(request) || !pin && self.config.rewrites.is_empty() {
            return None;
        }
        let Ok(Workload::Images { images, .. }) = workload::of(request) else { return None };
        let own_account = account::of_function_arn(&context.invoked_function_arn)?;
        let policy = self.policy(&own_account, false);
        let mutation = mutate(images, &self.config.rewrites, pin, &policy);
        let (budget, lookups) = (budget(event, context), mutation.lookups());
        // The validating half says why.
        if lookups.len() > MOST_IMAGES {
            return None;
        }
        let known = self.lookups.inspect(lookups, &own_account, &policy, &budget, now_ms()).await;
        let Mutated { changes, warnings } = mutation.finish(&known.inspections, &policy);
        // kube-apiserver drops whatever else is changed through this subresource.
        let annotate = request.sub_resource.as_deref() != Some("ephemeralcontainers");
        let patch = patch::operations(&changes, request.object?, annotate);
        let outcome = MutationOutcome {
            changes,
            not_pinned: warnings.len(),
            registry_calls: budget.calls(),
            cache_hits: known.remembered,
        };
        Some((mutated(patch, warnings), outcome))
    }

    fn pins(&self, request: &Request<'_>) -> bool {
        self.config.pin.contains(request.namespace.as_deref())
    }

    fn is_ignored(&self, request: &Request<'_>) -> bool {
        let namespace = request.namespace.as_deref();
        namespace.is_some_and(|namespace| self.config.ignored_namespaces.contains(namespace))
    }

    fn policy(&self, own_account: &AccountId, pinned: bool) -> Policy {
        let registry_ids = self.config.registry_ids.clone();
        Policy {
            registry_ids: registry_ids.unwrap_or_else(|| [own_account.clone()].into()),
            regions: self.config.regions.clone(),
            severity_limit: self.config.severity_limit,
            pinned,
        }
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
            self.log.error("review could not be judged", &line);
        } else {
            self.log.info("review", &line);
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
        self.log.info("mutation", &outcome.line(&review.uid, caller, request, elapsed_ms));
    }
}

/// Why so many images are not judged.
fn too_many(request: &Request<'_>, images: usize) -> String {
    format!(
        "the {} names {images} different images to look up; at most {MOST_IMAGES} are judged; split it into several",
        request.kind.kind
    )
}

/// When the look-ups of this review must be over.
fn budget(event: &ApiGatewayV2httpRequest, context: &Context) -> Budget {
    let now_ms = now_ms();
    let arrived_ms = gateway::arrived_ms(event).unwrap_or(now_ms);
    let left = deadline::budget(now_ms, arrived_ms, gateway::timeout(event), context.deadline);
    Budget::new(tokio::time::Instant::now() + left)
}
