//! Who is let in by which function, on which route, from where.

mod rest;

use std::cell::Cell;

use ecr_admission_lambda::{Environment, Level};
use serde_json::Value;

use super::*;
use crate::tokens::SecretVersion;

/// The test vector: the token of the cluster `prod`, and its key.
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";

const HEADER_ROUTES: [&str; 2] = ["POST /validate", "POST /mutate"];
const KEY_ROUTES: [&str; 2] = ["POST /validate/{key}", "POST /mutate/{key}"];

/// The secret with that token, and how often it was read.
#[derive(Default)]
struct Secret {
    reads: Cell<usize>,
}

impl ReadSecret for &Secret {
    async fn read(&self, _: Stage) -> Result<SecretVersion, Unreadable> {
        self.reads.set(self.reads.get() + 1);
        let text = json!({ "prod": TOKEN }).to_string();
        Ok(SecretVersion::parse("v1".to_owned(), None, &text).unwrap())
    }
}

/// A function of one kind, with `ALLOWED_SOURCES` set.
async fn answer(via: Via, allowed: &str, event: &Value) -> (Response, usize) {
    answer_of(via, &[("ALLOWED_SOURCES", allowed)], event).await
}

/// A function of one kind, with these variables set. The answer, and how often it read the secret.
async fn answer_of(via: Via, variables: &[(&str, &str)], event: &Value) -> (Response, usize) {
    let secret = Secret::default();
    let environment: Environment = variables.iter().copied().collect();
    let sources = AllowedSources::from_environment(&environment, "ALLOWED_SOURCES").unwrap();
    let endpoints =
        Endpoints::from_environment(&environment, "VPC_ENDPOINT_IDS", "VPC_ENDPOINT_CLUSTERS")
            .unwrap();
    let log = Log::new(Level::Error);
    let callers = Callers { via, sources, endpoints };
    let authorizer = Authorizer::new(&secret, Duration::ZERO, callers, log);
    let event = LambdaEvent::new(
        serde_json::value::to_raw_value(event).unwrap(),
        lambda_runtime::Context::default(),
    );
    let response = authorizer.handle(event, SystemTime::UNIX_EPOCH).await.unwrap();
    (response, secret.reads.get())
}

async fn is_let_in(via: Via, allowed: &str, event: &Value) -> bool {
    answer(via, allowed, event).await.0.is_authorized()
}

fn with_token(route: &str) -> Value {
    let text = include_str!("../../tests/events/validate.json").replace("TOKEN", TOKEN);
    on(route, serde_json::from_str(&text).unwrap())
}

fn with_key(route: &str) -> Value {
    let text = include_str!("../../tests/events/validate-key.json");
    on(route, serde_json::from_str(text).unwrap())
}

fn on(route: &str, mut event: Value) -> Value {
    event["routeKey"] = json!(route);
    event["requestContext"]["routeKey"] = json!(route);
    event
}

/// Both credentials, each where it belongs.
fn with_both(route: &str) -> Value {
    let mut event = with_token(route);
    event["pathParameters"] = json!({ "key": KEY });
    event
}

#[tokio::test]
async fn a_token_lets_in_on_its_routes_and_a_key_on_its_own() {
    for route in HEADER_ROUTES {
        let (response, _) = answer(Via::Header, "", &with_token(route)).await;
        let context = serde_json::to_value(response.context()).unwrap();
        assert_eq!(context, json!({"cluster": "prod", "token": "current", "via": "header"}));
    }
    for route in KEY_ROUTES {
        let (response, _) = answer(Via::Url, "", &with_key(route)).await;
        let context = serde_json::to_value(response.context()).unwrap();
        assert_eq!(context, json!({"cluster": "prod", "token": "current", "via": "url"}));
    }
}

#[tokio::test]
async fn a_function_refuses_every_other_route_before_it_reads_the_secret() {
    let neither = ["$default", "ANY /validate", "GET /validate", "POST /validate/{proxy+}", ""];
    for route in KEY_ROUTES.into_iter().chain(neither) {
        for event in [with_token(route), with_key(route), with_both(route)] {
            let (response, reads) = answer(Via::Header, "", &event).await;
            assert_eq!((response.is_authorized(), reads), (false, 0), "{route}");
            assert_eq!(serde_json::to_value(response.context()).unwrap(), json!({}));
        }
    }
    for route in HEADER_ROUTES.into_iter().chain(neither) {
        for event in [with_token(route), with_key(route), with_both(route)] {
            let (response, reads) = answer(Via::Url, "", &event).await;
            assert_eq!((response.is_authorized(), reads), (false, 0), "{route}");
        }
    }
    for via in [Via::Header, Via::Url] {
        let mut event = with_both("POST /validate");
        event.as_object_mut().unwrap().remove("routeKey");
        assert!(!is_let_in(via, "", &event).await, "without a route");
    }
}

#[tokio::test]
async fn neither_counts_in_the_place_of_the_other() {
    let mut event = with_token("POST /validate");
    event["identitySource"] = json!([format!("Bearer {KEY}")]);
    event["headers"]["authorization"] = json!(format!("Bearer {KEY}"));
    assert!(!is_let_in(Via::Header, "", &event).await, "the key in the header");

    // No key has 64 characters, but a token may have 43.
    let mut event = with_key("POST /validate/{key}");
    event["pathParameters"] = json!({ "key": TOKEN });
    assert!(!is_let_in(Via::Url, "", &event).await, "the token in the path");

    let mut event = with_both("POST /validate/{key}");
    event["identitySource"] = Value::Null;
    assert!(is_let_in(Via::Url, "", &event).await, "a header beside the key is not asked");
    event["pathParameters"] = json!({ "key": "A".repeat(43) });
    assert!(!is_let_in(Via::Url, "", &event).await, "the token beside a wrong key");
    let mut event = with_both("POST /validate");
    event["identitySource"] = json!(["Bearer wrong"]);
    assert!(!is_let_in(Via::Header, "", &event).await, "the key beside a wrong token");
}

#[tokio::test]
async fn what_has_not_the_form_of_a_key_is_refused_before_the_secret_is_read() {
    let short = KEY.replacen('Z', "", 1);
    for key in [
        "",
        &short,
        &format!("{KEY}A"),
        &format!("{KEY}/"),
        &format!("{KEY}/x"),
        &format!("{KEY}%2Fx"),
        &format!("{short}="),
        &KEY.replace('_', "%5F"),
        &KEY.replace('_', "/"),
        &KEY.replace('_', "é"),
        &"A".repeat(100_000),
    ] {
        let mut event = with_key("POST /validate/{key}");
        event["pathParameters"]["key"] = json!(key);
        let (response, reads) = answer(Via::Url, "", &event).await;
        assert_eq!((response.is_authorized(), reads), (false, 0), "{key:.60}");
    }
    let mut event = with_key("POST /validate/{key}");
    event["pathParameters"]["key"] = json!("A".repeat(43));
    let (response, reads) = answer(Via::Url, "", &event).await;
    assert_eq!((response.is_authorized(), reads), (false, 1), "an unknown key");
}

#[tokio::test]
async fn a_token_counts_only_from_an_allowed_address() {
    for (sources, allowed, let_in) in [
        (json!(["203.0.113.7"]), "203.0.113.0/24", true),
        (json!(["203.0.113.7"]), "2001:db8::/32,203.0.113.7/32", true),
        (json!(["::ffff:203.0.113.7"]), "203.0.113.0/24", true),
        (json!(["2001:db8::7"]), "203.0.113.0/24,2001:db8::/32", true),
        (json!(["203.0.114.7"]), "203.0.113.0/24", false),
        (json!(["2001:db9::7"]), "2001:db8::/32", false),
        (json!(["203.0.113.7"]), "::/0", false),
        // The address of the connection is 203.0.113.10, but is not what a cached answer depends on.
        (json!([]), "0.0.0.0/0,::/0", false),
        (json!([""]), "0.0.0.0/0,::/0", false),
        (json!(["unknown"]), "0.0.0.0/0,::/0", false),
        (json!(["203.0.113.7", "203.0.113.7"]), "0.0.0.0/0,::/0", false),
        // Without the setting the address is not asked.
        (json!([]), "", true),
        (json!(["unknown"]), "", true),
    ] {
        let mut event = with_token("POST /validate");
        let mut identity = sources.as_array().unwrap().clone();
        identity.insert(0, json!(format!("Bearer {TOKEN}")));
        event["identitySource"] = json!(identity);
        let (response, reads) = answer(Via::Header, allowed, &event).await;
        assert_eq!(response.is_authorized(), let_in, "{sources} in {allowed:?}");
        assert_eq!(reads > 0, let_in, "a refused address has no secret read");
    }
    let mut event = with_token("POST /validate");
    event["identitySource"] = Value::Null;
    assert!(!is_let_in(Via::Header, "0.0.0.0/0,::/0", &event).await, "no identity source");
    assert!(is_let_in(Via::Header, "", &event).await);
}

#[tokio::test]
async fn a_key_counts_only_from_an_allowed_address() {
    for (source, allowed, let_in) in [
        (json!("203.0.113.7"), "203.0.113.0/24", true),
        (json!("::ffff:203.0.113.7"), "203.0.113.0/24", true),
        (json!("2001:db8::7"), "203.0.113.0/24,2001:db8::/32", true),
        (json!("198.51.100.7"), "203.0.113.0/24", false),
        (json!("2001:db9::7"), "2001:db8::/32", false),
        (json!("unknown"), "0.0.0.0/0,::/0", false),
        (json!(""), "0.0.0.0/0,::/0", false),
        (Value::Null, "0.0.0.0/0,::/0", false),
        (Value::Null, "", true),
    ] {
        let mut event = with_key("POST /mutate/{key}");
        event["requestContext"]["http"]["sourceIp"] = source.clone();
        let (response, reads) = answer(Via::Url, allowed, &event).await;
        assert_eq!(response.is_authorized(), let_in, "{source} in {allowed:?}");
        assert_eq!(reads > 0, let_in, "a refused address has no secret read");
    }
}

#[tokio::test]
async fn a_key_authorizer_with_an_identity_source_refuses_every_key() {
    let mut event = with_key("POST /validate/{key}");
    for (sources, let_in) in [
        (Value::Null, true),
        (json!([]), true),
        (json!(["203.0.113.10"]), false),
        (json!([format!("Bearer {TOKEN}")]), false),
    ] {
        event["identitySource"] = sources.clone();
        assert_eq!(is_let_in(Via::Url, "", &event).await, let_in, "{sources}");
    }
}
