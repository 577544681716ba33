//! A handler over plain data, and events as API Gateway makes them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

pub(crate) mod ecr;

pub(crate) use ecr_admission_policy::testing::{REGISTRY, digest, platform, scan};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::encodings::Body;
use ecr_admission::config::Config;
use ecr_admission::handler::{Handler, now_ms};
use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission::metrics::Metrics;
use ecr_admission::policy_secret::ReadPolicy;
use ecr_admission_lambda::{Environment, Level, Log};
use ecr_admission_policy::facts::{Content, ImageScan, RepositoryFacts};
use ecr_admission_policy::names::{Digest, RepositoryName};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, testing};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

/// A registry as plain data. Whatever is not in it does not exist.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registries {
    /// By repository name.
    pub(crate) repositories: BTreeMap<String, Result<RepositoryFacts, Missing>>,
    /// By `repository:tag` or `repository@digest`.
    pub(crate) images: BTreeMap<String, Result<(Digest, Content), Missing>>,
    /// What was looked up.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// Whether what is not in it is there all the same, and compliant.
    pub(crate) any: bool,
}

fn compliant() -> RepositoryFacts {
    testing::repository("IMMUTABLE", "SCAN_ON_PUSH")
}

impl Registries {
    /// Adds a repository.
    pub(crate) fn repository(mut self, name: &str, mutability: &str, frequency: &str) -> Self {
        self.repositories.insert(name.to_owned(), Ok(testing::repository(mutability, frequency)));
        self
    }

    /// Adds an image of one platform.
    pub(crate) fn image(mut self, name: &str, digit: char, scan: ImageScan) -> Self {
        self.images.insert(name.to_owned(), Ok((digest(digit), Content::Image(platform(scan)))));
        self
    }

    /// Makes every other image exist, and comply.
    pub(crate) fn with_any(mut self) -> Self {
        self.any = true;
        self
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

/// A registry with one compliant repository, `pay`, one that lets tags be overwritten, `web`, and one
/// image with a critical finding, `old:1`.
pub(crate) fn registries() -> Registries {
    Registries::default()
        .repository("pay", "IMMUTABLE", "SCAN_ON_PUSH")
        .image("pay:1", 'a', scan("COMPLETE", &[]))
        .repository("web", "MUTABLE", "SCAN_ON_PUSH")
        .image("web:1", 'b', scan("COMPLETE", &[]))
        .repository("old", "IMMUTABLE", "SCAN_ON_PUSH")
        .image("old:1", 'c', scan("COMPLETE", &[("CRITICAL", 2), ("HIGH", 1)]))
}

impl InspectImage for Registries {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        budget.count_call();
        let here = registry.account.as_str() == "123456789012";
        names
            .iter()
            .map(|name| {
                self.note(format!("{}/{}/{name}", registry.account, registry.region));
                let known = self.repositories.get(name.as_str()).filter(|_| here).cloned();
                let other = if self.any { Ok(compliant()) } else { Err(Missing::Repository) };
                (name.clone(), known.unwrap_or(other))
            })
            .collect()
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        _: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        let found = |image: &EcrImage| {
            budget.count_call();
            self.note(image.to_string());
            let name = format!("{}{}", image.repository, image.id);
            let other = (digest('e'), Content::Image(platform(scan("COMPLETE", &[]))));
            let other = if self.any { Ok(other) } else { Err(Missing::Image) };
            let found = self.images.get(&name).cloned().unwrap_or(other);
            (image.clone(), found.map(Found::from))
        };
        images.iter().map(found).collect()
    }
}

/// A handler over `registries`, configured by `pairs` beside what Lambda sets.
pub(crate) fn handler(registries: Registries, pairs: &[(&str, &str)]) -> Handler<Registries> {
    handler_with(registries, pairs, None)
}

/// The same, which reads its policy document through `reader`.
pub(crate) fn handler_with<R: ReadPolicy>(
    registries: Registries,
    pairs: &[(&str, &str)],
    reader: Option<R>,
) -> Handler<Registries, R> {
    let lambda = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    let environment: Environment =
        [("LOG_LEVEL", "ERROR")].iter().chain(&lambda).chain(pairs).copied().collect();
    let config = Config::from_environment(&environment).unwrap();
    let log = Log::new(Level::Error);
    let metrics = Metrics::new(&config.sdk, "Test".to_owned(), log, now_ms());
    Handler::new(config, registries, reader, Arc::new(metrics))
}

/// The event that API Gateway makes of a body.
pub(crate) fn event(route: &str, body: &str) -> LambdaEvent<ApiGatewayV2httpRequest> {
    let path = route.split(' ').nth(1).unwrap();
    let event = json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "timeout=10s",
        "headers": {"content-type": "application/json"},
        "queryStringParameters": {"timeout": "10s"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "authorizer": {"lambda": {"cluster": "blue", "token": "current"}},
            "http": {"method": "POST", "path": path, "sourceIp": "127.0.0.1"},
            "routeKey": route,
            "stage": "$default",
            "timeEpoch": now_ms(),
        },
        "body": body,
        "isBase64Encoded": false,
    });
    let mut context = Context::default();
    context.deadline = now_ms() + 10_000;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:admission";
    arn.clone_into(&mut context.invoked_function_arn);
    LambdaEvent::new(serde_json::from_value(event).unwrap(), context)
}

/// Status and body of the answer to a body.
pub(crate) async fn post<R: ReadPolicy>(
    handler: &Handler<Registries, R>,
    route: &str,
    body: &str,
) -> (i64, String) {
    let response = handler.handle(event(route, body)).await.unwrap();
    let Some(Body::Text(text)) = response.body else { panic!("an answer has a text") };
    (response.status_code, text)
}

/// The `response` of the answer to a review.
pub(crate) async fn validate<R: ReadPolicy>(
    handler: &Handler<Registries, R>,
    review: &Value,
) -> Value {
    let (status, body) = post(handler, "POST /validate", &review.to_string()).await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    answer["response"].clone()
}

/// A review of a Pod with this spec.
pub(crate) fn pod_review(operation: &str, spec: &Value, old_spec: Option<&Value>) -> Value {
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
pub(crate) fn create(images: &[&str]) -> Value {
    let containers: Vec<Value> = images
        .iter()
        .enumerate()
        .map(|(n, image)| json!({"name": format!("c{n}"), "image": image}))
        .collect();
    pod_review("CREATE", &json!({"containers": containers}), None)
}
