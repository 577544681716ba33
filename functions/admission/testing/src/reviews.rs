//! A handler over plain data, and events as API Gateway makes them.

use std::sync::Arc;

use ecr_admission::arrival::Arrival;
use ecr_admission::config::Config;
use ecr_admission::gateway::Call;
use ecr_admission::handler::Handler;
use ecr_admission::inspect::InspectImage;
use ecr_admission::metrics::Metrics;
use ecr_admission::policy_secret::ReadPolicy;
use ecr_admission_lambda::{Environment, Level, Log};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use crate::api::Api;
use crate::registries::Registries;

/// The instant of every event, in milliseconds since the Unix epoch: 2026-11-20 at noon, UTC.
pub const NOW_MS: u64 = 1_795_176_000_000;

/// A handler over `registries`, configured by `pairs` beside what Lambda sets.
pub fn handler(registries: Registries, pairs: &[(&str, &str)]) -> Handler<Registries> {
    handler_with(registries, pairs, None)
}

/// The same over any inspector, which reads its policy document through `reader`.
pub fn handler_with<I: InspectImage, R: ReadPolicy>(
    inspector: I,
    pairs: &[(&str, &str)],
    reader: Option<R>,
) -> Handler<I, R> {
    let lambda = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    let environment: Environment =
        [("LOG_LEVEL", "ERROR")].iter().chain(&lambda).chain(pairs).copied().collect();
    let config = Config::from_environment(&environment).unwrap();
    let log = Log::new(Level::Error);
    let metrics = Metrics::new(&config.sdk, "Test".to_owned(), log, NOW_MS);
    Handler::new(config, inspector, reader, Arc::new(metrics))
}

/// The call that API Gateway makes of a body.
pub fn event(route: &str, body: &str) -> LambdaEvent<Call> {
    let event = Api::Http.event(route, body.as_bytes()).to_string();
    LambdaEvent::new(Call::read(&event).unwrap(), context())
}

/// What Lambda says beside an event: the answer may take 10 seconds from [`NOW_MS`] on.
pub fn context() -> Context {
    let mut context = Context::default();
    context.deadline = NOW_MS + 10_000;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:admission";
    arn.clone_into(&mut context.invoked_function_arn);
    context
}

/// An arrival at `now_ms`, with 10 seconds for the answer less what has passed since [`NOW_MS`].
pub fn arrival(now_ms: u64) -> Arrival {
    let event = event("POST /validate", "");
    Arrival::new(now_ms, &event.payload, &event.context)
}

/// Status and body of the answer to a body.
pub async fn post<R: ReadPolicy>(
    handler: &Handler<Registries, R>,
    route: &str,
    body: &str,
) -> (u16, String) {
    let response = handler.handle(event(route, body), NOW_MS).await.unwrap();
    (response.status_code, response.body)
}

/// The `response` of the answer to a review.
pub async fn validate<R: ReadPolicy>(handler: &Handler<Registries, R>, review: &Value) -> Value {
    let (status, body) = post(handler, "POST /validate", &review.to_string()).await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    answer["response"].clone()
}

/// The same, of a caller that the authorizer knows as this cluster, or as none.
pub async fn validate_from<R: ReadPolicy>(
    handler: &Handler<Registries, R>,
    cluster: Option<&str>,
    review: &Value,
) -> Value {
    let mut event = event("POST /validate", &review.to_string());
    event.payload.caller.cluster = cluster.map(ToOwned::to_owned);
    let response = handler.handle(event, NOW_MS).await.unwrap();
    let answer: Value = serde_json::from_str(&response.body).unwrap();
    answer["response"].clone()
}

/// A review of a Pod with this spec.
pub fn pod_review(operation: &str, spec: &Value, old_spec: Option<&Value>) -> Value {
    let pod = |spec: &Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec});
    json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "2f9c5f64-0000-4000-8000-000000000001",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p",
            "namespace": "shop",
            "operation": operation,
            "userInfo": {"username": "admin"},
            "object": pod(spec),
            "oldObject": old_spec.map(pod),
        },
    })
}

/// A review of a new Pod with these container images.
pub fn create(images: &[&str]) -> Value {
    let containers: Vec<Value> = images
        .iter()
        .enumerate()
        .map(|(n, image)| json!({"name": format!("c{n}"), "image": image}))
        .collect();
    pod_review("CREATE", &json!({"containers": containers}), None)
}
