//! The gateway answers as an API Gateway HTTP API does.

use std::time::Duration;

use crate::support::{ALLOWED, JSON, order, seen, stack, stack_with};
use http::Method;
use local_cloud::client::Client;
use local_cloud::door::{Api, Door, Said};
use local_cloud::stack::Stack;
use serde_json::{Value, json};

fn message(text: &str) -> String {
    json!({"message": text}).to_string()
}

/// Calls as somebody who presents this.
async fn as_caller(stack: &Stack, door: Door, credential: &str) -> (u16, String) {
    as_caller_from(stack, stack.client(), door, credential).await
}

async fn as_caller_from(
    stack: &Stack,
    client: &Client,
    door: Door,
    credential: &str,
) -> (u16, String) {
    let reply = stack.post_as(client, (door, credential), "/validate", "{}").await.unwrap();
    (reply.status, reply.text())
}

/// The number of the event in which the authorizer was asked about this caller.
async fn asked(stack: &Stack, client: &Client, door: Door, credential: &str) -> u64 {
    let (status, body) = as_caller_from(stack, client, door, credential).await;
    assert_eq!(status, 200, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let authorizer = &body["event"]["requestContext"]["authorizer"];
    match door.api() {
        Api::Http => authorizer["lambda"]["count"].as_u64().unwrap(),
        // The values of the context arrive as strings.
        Api::Private | Api::Regional => authorizer["count"].as_str().unwrap().parse().unwrap(),
    }
}

fn said((status, body): Said) -> (u16, String) {
    (status, body.to_owned())
}

/// The first line of the log that says the function was given an event.
fn invoked(stack: &Stack, function: &str) -> bool {
    stack.log().contains(&format!("{function}[1] START"))
}

#[tokio::test]
async fn what_is_not_a_route_is_not_found() {
    let stack = stack(&[]).await;
    for (method, path) in [
        (Method::GET, "/validate"),
        (Method::PUT, "/validate"),
        (Method::POST, "/validate/"),
        (Method::POST, "/Validate"),
        (Method::POST, "/"),
        (Method::POST, "/validate/x"),
        (Method::POST, "/%76alidate"),
    ] {
        let reply = stack.client().send(method.clone(), path, &[ALLOWED], "{}").await.unwrap();
        assert_eq!((reply.status, reply.text()), (404, message("Not Found")), "{method} {path}");
    }
    assert!(!invoked(&stack, "authorizer"));
}

#[tokio::test]
async fn with_url_keys_there_are_two_routes_more_and_no_others() {
    let stack = stack_with(Door::Url, &[]).await;
    for path in ["/validate/K?timeout=10s", "/mutate/K", "/mutate/%4b?"] {
        let reply = stack.post(path, &[JSON], "{}").await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["apigw-requestid"].len(), 16);
    }
    let log = stack.log();
    for (method, path) in [
        (Method::GET, "/validate/SECRET"),
        (Method::PUT, "/mutate/SECRET"),
        (Method::POST, "/validate/"),
        (Method::POST, "/validate/SECRET/"),
        (Method::POST, "//validate/SECRET"),
        (Method::POST, "/Validate/SECRET"),
        (Method::POST, "/validate/SECRET%2Fx"),
        (Method::POST, "/validate/SECRET/x"),
        (Method::POST, "/review/SECRET"),
    ] {
        let reply = stack.client().send(method.clone(), path, &[ALLOWED], "{}").await.unwrap();
        assert_eq!((reply.status, reply.text()), (404, message("Not Found")), "{method} {path}");
    }
    let stopped = stack.stop().await.unwrap();
    let new = stopped.log.strip_prefix(log.as_str()).unwrap();
    assert_eq!(new.matches("gateway POST - 404 ").count(), 7, "{new}");
    assert!(!new.contains("SECRET") && !new.contains("START"), "{new}");
}

#[tokio::test]
async fn both_routes_reach_the_function_with_any_query() {
    let stack = stack(&[]).await;
    for path in ["/validate?timeout=10s", "/mutate", "/validate?"] {
        let reply = stack.post(path, &[ALLOWED, JSON], "{}").await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["apigw-requestid"].len(), 16);
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_invoked() {
    for door in [Door::Header, Door::PrivateHeader, Door::RegionalHeader] {
        let stack = stack_with(door, &[]).await;
        let empty = [("authorization", ""), JSON];
        for headers in [&[JSON][..], &empty] {
            let reply = stack.post_to(door, "/validate", headers, "{}").await.unwrap();
            assert_eq!((reply.status, reply.text()), said(door.no_header()), "{door:?}");
        }
        assert!(!invoked(&stack, "authorizer") && !invoked(&stack, "admission"));
    }
}

#[tokio::test]
async fn nothing_answers_for_the_authorizer_of_keys() {
    for door in Door::WITH_KEY {
        let stack = stack_with(door, &[]).await;
        // At a REST API the scripted authorizer takes the header first.
        let headers = if door == Door::Url { &[ALLOWED, JSON][..] } else { &[JSON] };
        let reply = stack.post_to(door, "/validate/deny", headers, "{}").await.unwrap();
        assert_eq!((reply.status, reply.text()), said(door.refused()));
        assert!(invoked(&stack, "key-authorizer") && !invoked(&stack, "admission"));
        assert!(!stack.log().contains(" authorizer[") && !stack.log().starts_with("authorizer["));
    }
}

#[tokio::test]
async fn the_authorizer_is_obeyed() {
    for door in Door::ALL {
        let stack = stack_with(door, &[]).await;
        assert_eq!(as_caller(&stack, door, "deny").await, said(door.refused()));
        for failing in ["fail", "panic", "malformed"] {
            let expected = said(door.authorizer_failed());
            assert_eq!(as_caller(&stack, door, failing).await, expected, "{door:?} {failing}");
        }
        assert!(!invoked(&stack, "admission"));
        let (status, body) = as_caller(&stack, door, "plain").await;
        let mut body: Value = serde_json::from_str(&body).unwrap();
        let mut known = body["event"]["requestContext"]["authorizer"].take();
        let expected = match door.api() {
            Api::Http => json!({"lambda": null}),
            Api::Private | Api::Regional => {
                assert!(known.as_object_mut().unwrap().remove("integrationLatency").is_some());
                json!({"principalId": "local"})
            }
        };
        assert_eq!((status, known), (200, expected), "{door:?}");
    }
}

#[tokio::test]
async fn answers_of_the_authorizer_are_cached_for_each_header_value() {
    for door in [Door::Header, Door::PrivateHeader, Door::RegionalHeader] {
        assert_cached_for_each_header_value(door).await;
    }
}

async fn assert_cached_for_each_header_value(door: Door) {
    let cache = ["--sandboxes", "1", "--authorizer-cache-seconds", "60"];
    let stack = stack_with(door, &cache).await;
    let asked = async |token| asked(&stack, stack.client(), door, token).await;
    assert_eq!(asked("a").await, 1);
    assert_eq!(asked("a").await, 1, "cached");
    assert_eq!(asked("b").await, 2, "another value");
    assert_eq!(as_caller(&stack, door, "deny").await.0, 403);
    assert_eq!(as_caller(&stack, door, "deny").await.0, 403, "a denial is cached too");
    let lower = [("authorization", "bearer a"), JSON];
    assert_eq!(stack.post_to(door, "/validate", &lower, "{}").await.unwrap().status, 200);
    let invoked = stack.log().matches("authorizer[1] START").count();
    assert_eq!(invoked, 4, "the value is compared as it is");
    assert_eq!(as_caller(&stack, door, "fail").await.0, 500);
    assert_eq!(as_caller(&stack, door, "fail").await.0, 500, "an error is not cached");
}

#[tokio::test]
async fn no_answer_about_a_key_is_cached() {
    for door in Door::WITH_KEY {
        let cache = ["--sandboxes", "1", "--authorizer-cache-seconds", "60"];
        let stack = stack_with(door, &cache).await;
        for count in 1..=3 {
            assert_eq!(asked(&stack, stack.client(), door, "a").await, count);
        }
        for count in [1, 1] {
            let with_token = door.with_token();
            assert_eq!(asked(&stack, stack.client(), with_token, "a").await, count, "of its own");
        }
    }
}

#[tokio::test]
async fn a_flood_of_keys_takes_no_sandbox_from_the_other_door() {
    let stack = stack_with(Door::Url, &["--sandboxes", "1"]).await;
    let (client, url) = (stack.client().clone(), "/validate/sleep");
    let flood = tokio::spawn(async move {
        client.send(Method::POST, url, &[JSON], r#"{"do": "fail"}"#).await.unwrap().status
    });
    // The one sandbox for keys sleeps for a second.
    let since = std::time::Instant::now();
    while !invoked(&stack, "key-authorizer") {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", stack.log());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(asked(&stack, stack.client(), Door::Header, "a").await, 1);
    assert!(!stack.log().contains("key-authorizer[1] END"), "{}", stack.log());
    assert_eq!(flood.await.unwrap(), 500);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn with_allowed_sources_answers_are_cached_for_each_address_too() {
    for door in [Door::Header, Door::RegionalHeader] {
        assert_cached_for_each_address(door).await;
    }
}

#[cfg(target_os = "linux")]
async fn assert_cached_for_each_address(door: Door) {
    let args = ["--sandboxes", "1", "--allowed-sources", "127.0.0.0/8"];
    let stack = stack_with(door, &args).await;
    let ca = std::fs::read(stack.directory().join("ca.pem")).unwrap();
    let other = Some([127, 0, 0, 2].into());
    let other = Client::from_address(stack.url(), &ca, other).unwrap();
    let mut counts = vec![];
    for (client, token) in
        [(stack.client(), "a"), (&other, "a"), (&other, "a"), (stack.client(), "a"), (&other, "b")]
    {
        counts.push(asked(&stack, client, door, token).await);
    }
    assert_eq!(counts, [1, 2, 2, 1, 3]);
    let reply = stack.post_to(door, "/validate", &[JSON], "{}").await.unwrap();
    assert_eq!((reply.status, reply.text()), said(door.no_header()), "no header");
}

#[tokio::test]
async fn an_answer_of_the_authorizer_expires() {
    let stack = stack(&["--sandboxes", "1", "--authorizer-cache-seconds", "1"]).await;
    let asked = async || {
        seen(&stack).await["event"]["requestContext"]["authorizer"]["lambda"]["count"].clone()
    };
    assert_eq!(asked().await, 1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(asked().await, 2);
}

#[tokio::test]
async fn the_cache_of_the_authorizer_can_be_reset() {
    let stack = stack(&["--sandboxes", "1", "--authorizer-cache-seconds", "60"]).await;
    let asked = async || {
        seen(&stack).await["event"]["requestContext"]["authorizer"]["lambda"]["count"].clone()
    };
    assert_eq!((asked().await, asked().await), (json!(1), json!(1)));
    let reply = stack.post("/_local/reset-authorizers-cache", &[], "").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, ""));
    assert_eq!((asked().await, asked().await), (json!(2), json!(2)));
}

#[tokio::test]
async fn without_a_cache_every_request_asks_the_authorizer() {
    let stack = stack(&["--sandboxes", "1", "--authorizer-cache-seconds", "0"]).await;
    for count in 1..=3 {
        let seen = seen(&stack).await;
        assert_eq!(seen["event"]["requestContext"]["authorizer"]["lambda"]["count"], count);
    }
}

#[tokio::test]
async fn a_body_over_10_mb_is_refused_before_the_authorizer() {
    for door in [Door::Header, Door::PrivateHeader] {
        let stack = stack_with(door, &[]).await;
        let limit = 10 * 1024 * 1024;
        for (size, asked, expected) in
            [(limit + 1, false, door.body_too_large()), (limit, true, door.event_too_large())]
        {
            let body = vec![b' '; size];
            let reply = stack.post_to(door, "/validate", &[ALLOWED, JSON], body).await.unwrap();
            assert_eq!((reply.status, reply.text()), said(expected));
            assert_eq!(invoked(&stack, "authorizer"), asked, "{size}");
        }
        assert!(!invoked(&stack, "admission"), "10 MB are too large for Lambda");
    }
}

#[tokio::test]
async fn an_event_over_6_mb_is_refused_as_lambda_does() {
    let stack = stack(&[]).await;
    let limit = 6_291_556;
    // The rest of the event takes about 3 kB.
    for (size, status) in [(limit, 413), (limit - 100_000, 200)] {
        let reply = stack.post("/validate", &[ALLOWED, JSON], vec![b'x'; size]).await.unwrap();
        assert_eq!(reply.status, status, "{size}");
        assert_eq!(invoked(&stack, "admission"), status == 200);
    }
    // Quotes count twice once they are in JSON, and base64 makes four bytes of three.
    for (content_type, size) in
        [("text/plain", limit / 2), ("application/octet-stream", limit / 4 * 3)]
    {
        let headers = [ALLOWED, ("content-type", content_type)];
        let reply = stack.post("/validate", &headers, vec![b'"'; size]).await.unwrap();
        assert_eq!(
            (reply.status, reply.text()),
            (413, message("Request Entity Too Large")),
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn a_failing_function_is_an_internal_server_error() {
    for door in [Door::Header, Door::PrivateHeader] {
        assert_function_fails(door).await;
    }
}

async fn assert_function_fails(door: Door) {
    let stack = stack_with(door, &[]).await;
    for failing in [
        json!({"do": "fail"}),
        json!({"do": "crash"}),
        json!({"do": "large"}),
        json!({"do": "answer", "answer": {"statusCode": "no"}}),
    ] {
        let headers = [ALLOWED, JSON];
        let reply = stack.post_to(door, "/validate", &headers, failing.to_string()).await.unwrap();
        assert_eq!((reply.status, reply.text()), said(door.function_failed()), "{failing}");
    }
}

#[tokio::test]
async fn an_answer_is_sent_on_as_it_says() {
    let stack = stack(&[]).await;
    let answer = json!({"statusCode": 418, "headers": {"X-A": "b"}, "body": "aGk=", "isBase64Encoded": true});
    let reply = order(&stack, json!({"do": "answer", "answer": answer})).await;
    assert_eq!(
        (reply.status, reply.text(), reply.headers["x-a"].to_str().unwrap()),
        (418, "hi".into(), "b")
    );
    let reply = order(&stack, json!({"do": "answer", "answer": {"any": "thing"}})).await;
    assert_eq!((reply.status, reply.text()), (200, r#"{"any":"thing"}"#.into()));
}

#[tokio::test]
async fn the_integration_has_a_limit() {
    for door in [Door::Header, Door::PrivateHeader] {
        let stack = stack_with(door, &["--integration-timeout-ms", "300"]).await;
        let order = json!({"do": "sleep", "ms": 5_000}).to_string();
        let reply = stack.post_to(door, "/validate", &[ALLOWED, JSON], order).await.unwrap();
        assert_eq!((reply.status, reply.text()), said(door.too_late()));
    }
}

#[tokio::test]
async fn token_and_key_are_in_no_line_of_the_log() {
    for door in Door::ALL {
        let route = if door.takes_key() { "/validate/{key}" } else { "/validate" };
        let line = format!("gateway POST {route} 200");
        let stack = stack_with(door, &[]).await;
        let token = stack.token().to_owned();
        assert_eq!(token.len(), 64);
        let reply = stack.review_through(door, "/validate?timeout=10s", &json!({})).await.unwrap();
        assert_eq!(reply.status, 200);
        let stopped = stack.stop().await.unwrap();
        assert!(stopped.log.contains(&line), "{}", stopped.log);
        assert!(!stopped.log.contains(&token) && !stopped.log.contains(&door.credential(&token)));
    }
}

#[tokio::test]
async fn local_pages_need_no_token() {
    let stack = stack(&[]).await;
    assert_eq!(stack.calls().await.unwrap(), Vec::<String>::new());
    assert_eq!(stack.metrics().await.unwrap(), "");
    stack.reset().await.unwrap();
    let reply = stack.post("/_local/calls", &[], "").await.unwrap();
    assert_eq!(reply.status, 404);
}
