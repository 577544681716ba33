//! The gateway answers as an API Gateway HTTP API does.

use std::time::Duration;

use crate::support::{ALLOWED, JSON, order, seen, stack};
use http::Method;
use local_cloud::stack::Stack;
use serde_json::{Value, json};

fn message(text: &str) -> String {
    json!({"message": text}).to_string()
}

async fn as_caller(stack: &Stack, authorization: &str) -> (u16, String) {
    let headers = [("authorization", authorization), JSON];
    let reply = stack.post("/validate", &headers, "{}").await.unwrap();
    (reply.status, reply.text())
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
    let stack = stack(&[]).await;
    let reply = stack.post("/validate", &[JSON], "{}").await.unwrap();
    assert_eq!((reply.status, reply.text()), (401, message("Unauthorized")));
    assert_eq!(as_caller(&stack, "").await, (401, message("Unauthorized")));
    assert!(!invoked(&stack, "authorizer") && !invoked(&stack, "admission"));
}

#[tokio::test]
async fn the_authorizer_is_obeyed() {
    let stack = stack(&[]).await;
    assert_eq!(as_caller(&stack, "Bearer deny").await, (403, message("Forbidden")));
    assert_eq!(as_caller(&stack, "Bearer fail").await, (500, message("Internal Server Error")));
    assert_eq!(
        as_caller(&stack, "Bearer malformed").await,
        (500, message("Internal Server Error"))
    );
    assert!(!invoked(&stack, "admission"));
    let (status, body) = as_caller(&stack, "Bearer plain").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &body["event"]["requestContext"]["authorizer"]),
        (200, &json!({"lambda": null}))
    );
}

#[tokio::test]
async fn answers_of_the_authorizer_are_cached_for_each_header_value() {
    let stack = stack(&["--sandboxes", "1", "--authorizer-cache-seconds", "60"]).await;
    let asked = async |authorization| {
        let (status, body) = as_caller(&stack, authorization).await;
        assert_eq!(status, 200);
        let body: Value = serde_json::from_str(&body).unwrap();
        body["event"]["requestContext"]["authorizer"]["lambda"]["count"].as_u64().unwrap()
    };
    assert_eq!(asked("Bearer a").await, 1);
    assert_eq!(asked("Bearer a").await, 1, "cached");
    assert_eq!(asked("Bearer b").await, 2, "another value");
    assert_eq!(as_caller(&stack, "Bearer deny").await.0, 403);
    assert_eq!(as_caller(&stack, "Bearer deny").await.0, 403, "a denial is cached too");
    assert_eq!(asked("bearer a").await, 4, "the value is compared as it is");
    assert_eq!(as_caller(&stack, "Bearer fail").await.0, 500);
    assert_eq!(as_caller(&stack, "Bearer fail").await.0, 500, "an error is not cached");
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
    let stack = stack(&[]).await;
    let limit = 10 * 1024 * 1024;
    for (size, asked) in [(limit + 1, false), (limit, true)] {
        let reply = stack.post("/validate", &[ALLOWED, JSON], vec![b' '; size]).await.unwrap();
        assert_eq!((reply.status, reply.text()), (413, message("Request Entity Too Large")));
        assert_eq!(invoked(&stack, "authorizer"), asked, "{size}");
    }
    assert!(!invoked(&stack, "admission"), "10 MB are too large for Lambda");
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
    let stack = stack(&[]).await;
    for failing in [
        json!({"do": "fail"}),
        json!({"do": "crash"}),
        json!({"do": "large"}),
        json!({"do": "answer", "answer": {"statusCode": "no"}}),
    ] {
        let reply = order(&stack, failing.clone()).await;
        assert_eq!(
            (reply.status, reply.text()),
            (500, message("Internal Server Error")),
            "{failing}"
        );
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
    let stack = stack(&["--integration-timeout-ms", "300"]).await;
    let reply = order(&stack, json!({"do": "sleep", "ms": 5_000})).await;
    assert_eq!((reply.status, reply.text()), (503, message("Service Unavailable")));
}

#[tokio::test]
async fn the_token_is_in_no_line_of_the_log() {
    let stack = stack(&[]).await;
    let token = stack.token().to_owned();
    assert_eq!(token.len(), 64);
    let reply = stack.review("/validate?timeout=10s", &json!({})).await.unwrap();
    assert_eq!(reply.status, 200);
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.log.contains("gateway POST /validate 200"), "{}", stopped.log);
    assert!(!stopped.log.contains(&token));
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
