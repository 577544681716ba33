//! On the routes with a key in the path, no part of it is written, in no encoding, whatever happens.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::time::Duration;

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission::policy_secret::PolicySecret;
use ecr_admission_lambda::testing::traces;
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::RepositoryFacts;
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;
use ecr_admission_testing::api::Api;
use ecr_admission_testing::{NOW_MS, REGISTRY, context, create, handler_with, registries};
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};

const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";

/// Set in a run of this program whose output is read.
const READ: &str = "KEY_IN_PATH_IS_READ";

/// What API Gateway sends for a call with a key in the URL.
fn event(api: Api, webhook: &str, body: &str) -> Value {
    api.event_with_key(&format!("POST /{webhook}/{{key}}"), KEY, body.as_bytes())
}

/// The event of a call without a body, with this value in the place of a field that it has.
fn with(api: Api, pointer: &str, value: Value) -> Value {
    let mut event = event(api, "validate", "");
    *event.pointer_mut(pointer).unwrap() = value;
    event
}

fn lambda_event(event: &Value) -> LambdaEvent<Box<serde_json::value::RawValue>> {
    LambdaEvent::new(serde_json::value::to_raw_value(event).unwrap(), context())
}

fn review(image: &str) -> String {
    create(&[&format!("{REGISTRY}/{image}")]).to_string()
}

/// Events of both kinds of API that are answered with a review, with a text that says what is wrong, or with
/// an error.
fn events() -> Vec<Value> {
    Api::ALL.into_iter().flat_map(events_of).collect()
}

fn events_of(api: Api) -> Vec<Value> {
    let event = |webhook, body: &str| event(api, webhook, body);
    let with = |pointer, value| with(api, pointer, value);
    let mut events = vec![
        event("validate", &review("pay:1")),
        event("validate", &review("old:1")),
        event("validate", &review("absent:1")),
        event("validate", &create(&["nginx"]).to_string()),
        event("mutate", &review("pay:1")),
        // No review.
        event("validate", ""),
        event("mutate", "{"),
        event("validate", r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#),
        with("/isBase64Encoded", json!(true)),
        with("/pathParameters", json!(KEY)),
        with("/headers", json!({ format!("{KEY} {KEY}"): { KEY: KEY } })),
        // Events that cannot be read.
        json!(KEY),
        json!([KEY]),
        json!({ KEY: KEY }),
        with("/isBase64Encoded", json!(KEY)),
        with("/queryStringParameters", json!({"timeout": [KEY]})),
        with("/requestContext", json!(KEY)),
        with("/requestContext", json!([KEY])),
        with("/requestContext/authorizer", json!(KEY)),
        with("/body", json!({ KEY: KEY })),
    ];
    events.extend(match api {
        Api::Http => vec![
            with("/rawPath", json!([KEY])),
            with("/requestContext/http/sourceIp", json!(KEY)),
            // Other routes, and none.
            with("/routeKey", json!("GET /validate/{key}")),
            with("/routeKey", json!("POST /validate/{proxy+}")),
            with("/routeKey", json!(format!("POST /validate/{KEY}"))),
            with("/routeKey", Value::Null),
            // Events that cannot be read.
            with("/version", json!(KEY)),
            with("/requestContext/http", json!(format!("/validate/{KEY}"))),
            with("/requestContext/timeEpoch", json!(KEY)),
        ],
        Api::Rest => vec![
            with("/path", json!([KEY])),
            with("/requestContext/identity/sourceIp", json!(KEY)),
            // Other routes, and none.
            with("/httpMethod", json!("GET")),
            with("/resource", json!("/validate/{proxy+}")),
            with("/resource", json!(format!("/validate/{KEY}"))),
            with("/resource", Value::Null),
            // Events that cannot be read.
            with("/resource", json!([KEY])),
            with("/requestContext/identity", json!(format!("/validate/{KEY}"))),
            with("/requestContext/requestTimeEpoch", json!(KEY)),
        ],
    });
    events
}

/// An inspector that panics, or never answers.
struct Faulty {
    panics: bool,
}

impl Faulty {
    async fn fail<T>(&self) -> T {
        assert!(!self.panics, "a fault in the function");
        std::future::pending().await
    }
}

impl InspectImage for Faulty {
    async fn repositories(
        &self,
        _: &Registry,
        _: &BTreeSet<RepositoryName>,
        _: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        self.fail().await
    }

    async fn images(
        &self,
        _: &BTreeSet<EcrImage>,
        _: &Needs,
        _: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        self.fail().await
    }
}

/// What a handler over `inspector` writes about `event`, and what it answers, on stdout. Without an answer
/// Lambda ends the function after its timeout.
fn write(inspector: impl InspectImage, event: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // What waits for the timeout gets there at once.
        .start_paused(true)
        .build()
        .unwrap();
    let pairs = [("LOG_LEVEL", "DEBUG"), ("PIN_NAMESPACES", "*")];
    let handler = handler_with(inspector, &pairs, None::<PolicySecret>);
    let answer = runtime.block_on(async {
        let answer = handler.invoke(lambda_event(event), NOW_MS);
        tokio::time::timeout(Duration::from_secs(10), answer).await
    });
    std::io::stdout().write_all(format!("{answer:?}\n").as_bytes()).unwrap();
}

/// Does nothing but write what another test reads.
#[test]
fn everything_is_written() {
    if std::env::var_os(READ).is_none() {
        return;
    }
    for event in events() {
        write(registries(), &event);
    }
    let pay = event(Api::Http, "validate", &review("pay:1"));
    write(Faulty { panics: false }, &pay);
    let panic = || write(Faulty { panics: true }, &pay);
    assert!(std::panic::catch_unwind(AssertUnwindSafe(panic)).is_err());
}

#[test]
fn no_part_of_a_key_is_written() {
    // A log line goes to stdout, past what cargo's test harness captures, so that another run of this program
    // is what can be read.
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "everything_is_written", "--nocapture"])
        .env(READ, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let written = String::from_utf8([run.stdout, run.stderr].concat()).unwrap();
    assert!(run.status.success(), "{written}");
    for (part, times) in [
        (r#""event":"review""#, 2 * 4),
        (r#""event":"mutation""#, 2),
        (r#""event":"not_a_review""#, 2 * 8),
        (r#""event":"event_unreadable""#, 2 * 12),
        (r#""cluster":"prod","via":"url""#, 2 * 13),
        ("no such route", 2 * 4),
        ("UnreadableEvent", 2 * 12),
        ("a fault in the function", 1),
        ("Elapsed", 1),
        ("203.0.113.10", 7),
        ("10.0.1.23", 7),
    ] {
        assert_eq!(written.matches(part).count(), times, "{part}: {written}");
    }
    assert_eq!(traces(KEY, &written), Vec::<String>::new(), "{written}");
}
