//! The functions' events are those of payload format 2.0.

use std::time::Duration;

use crate::support::{ALLOWED, JSON, seen, stack, stack_with};
use local_cloud::door::Door;
use local_cloud::stack::Stack;
use serde_json::{Value, json};

/// What changes with every run, taken out; the rest must be exactly as documented.
fn settled(mut event: Value, stack: &Stack) -> Value {
    let context = event["requestContext"].as_object_mut().unwrap();
    let epoch = context.remove("timeEpoch").unwrap().as_u64().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let age = u64::try_from(now.as_millis()).unwrap() - epoch;
    assert!(age < 10_000, "timeEpoch is in milliseconds and of now");
    let time = context.remove("time").unwrap().as_str().unwrap().to_owned();
    let second = jiff::Timestamp::from_second(i64::try_from(epoch / 1000).unwrap()).unwrap();
    assert_eq!(time, second.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
    assert_eq!(context.remove("requestId").unwrap().as_str().unwrap().len(), 16);
    let headers = event["headers"].as_object_mut().unwrap();
    assert!(headers.remove("x-amzn-trace-id").unwrap().as_str().unwrap().starts_with("Root=1-"));
    let host = headers.remove("host").unwrap();
    assert_eq!(format!("https://{}", host.as_str().unwrap()), stack.url());
    event
}

fn documented() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /validate",
        "rawPath": "/validate",
        "rawQueryString": "timeout=10s&a=1&a=%C3%A9",
        "cookies": ["c=1", "d=2"],
        "headers": {
            "authorization": "Bearer allow", "content-length": "8", "content-type": "application/json",
            "user-agent": "tests", "x-several": "1,2",
            "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "443", "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"timeout": "10s", "a": "1,é"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "local",
            "domainName": "127.0.0.1", "domainPrefix": "127",
            "http": {
                "method": "POST", "path": "/validate", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "tests",
            },
            "routeKey": "POST /validate", "stage": "$default",
        },
    })
}

#[tokio::test]
async fn the_events_are_those_of_payload_format_2() {
    let stack = stack(&[]).await;
    let headers = [
        ALLOWED,
        JSON,
        ("User-Agent", "tests"),
        ("X-Several", "1"),
        ("x-several", "2"),
        ("cookie", "c=1; d=2"),
    ];
    let reply =
        stack.post("/validate?timeout=10s&a=1&a=%C3%A9", &headers, r#"{"a":1} "#).await.unwrap();
    let mut event = settled(reply.json().unwrap()["event"].take(), &stack);
    let context = event["requestContext"].as_object_mut().unwrap().remove("authorizer").unwrap();
    let mut expected = documented();
    expected["body"] = json!(r#"{"a":1} "#);
    expected["isBase64Encoded"] = json!(false);
    assert_eq!(event, expected);

    assert_eq!(
        (&context["lambda"]["cluster"], &context["lambda"]["token"]),
        (&json!("local"), &json!("current"))
    );
    let asked: Value = serde_json::from_str(context["lambda"]["event"].as_str().unwrap()).unwrap();
    let mut expected = documented();
    expected["type"] = json!("REQUEST");
    expected["routeArn"] =
        json!("arn:aws:execute-api:us-east-1:123456789012:local/$default/POST/validate");
    expected["identitySource"] = json!(["Bearer allow"]);
    expected["pathParameters"] = Value::Null;
    expected["stageVariables"] = Value::Null;
    assert_eq!(settled(asked, &stack), expected);
}

#[tokio::test]
async fn the_events_of_a_key_route_hold_the_key_and_no_identity_source() {
    let stack = stack_with(Door::Url, &[]).await;
    let headers = [JSON, ("User-Agent", "tests"), ("X-Several", "1,2"), ("cookie", "c=1; d=2")];
    let path = "/validate/all%2Dow?timeout=10s&a=1&a=%C3%A9";
    let reply = stack.post(path, &headers, r#"{"a":1} "#).await.unwrap();
    let mut event = settled(reply.json().unwrap()["event"].take(), &stack);
    let context = event["requestContext"].as_object_mut().unwrap().remove("authorizer").unwrap();
    let mut expected = documented();
    expected["headers"].as_object_mut().unwrap().remove("authorization");
    for (field, value) in [
        ("/routeKey", "POST /validate/{key}"),
        ("/requestContext/routeKey", "POST /validate/{key}"),
        ("/rawPath", "/validate/all-ow"),
        ("/requestContext/http/path", "/validate/all-ow"),
    ] {
        *expected.pointer_mut(field).unwrap() = json!(value);
    }
    expected["pathParameters"] = json!({"key": "all-ow"});
    let mut of_authorizer = expected.clone();
    expected["body"] = json!(r#"{"a":1} "#);
    expected["isBase64Encoded"] = json!(false);
    assert_eq!(event, expected);

    let asked: Value = serde_json::from_str(context["lambda"]["event"].as_str().unwrap()).unwrap();
    of_authorizer["type"] = json!("REQUEST");
    of_authorizer["routeArn"] =
        json!("arn:aws:execute-api:us-east-1:123456789012:local/$default/POST/validate/all-ow");
    of_authorizer["identitySource"] = Value::Null;
    of_authorizer["stageVariables"] = Value::Null;
    assert_eq!(settled(asked, &stack), of_authorizer);
}

#[tokio::test]
async fn with_allowed_sources_the_address_is_an_identity_source() {
    let args = ["--allowed-sources", "127.0.0.0/8"];
    let stack = stack_with(Door::Url, &args).await;
    for (path, headers, expected) in [
        ("/validate", &[ALLOWED, JSON][..], json!(["Bearer allow", "127.0.0.1"])),
        ("/validate/allow", &[JSON], Value::Null),
    ] {
        let seen = stack.post(path, headers, "{}").await.unwrap().json().unwrap();
        let context = &seen["event"]["requestContext"]["authorizer"]["lambda"];
        let asked: Value = serde_json::from_str(context["event"].as_str().unwrap()).unwrap();
        assert_eq!(asked["identitySource"], expected, "{path}");
        assert_eq!(asked["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    }
}

#[tokio::test]
async fn time_epoch_is_the_arrival_before_the_authorizer() {
    let stack = stack(&["--authorizer-env", "SCRIPTED_INIT=slow"]).await;
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let before = now();
    let seen = seen(&stack).await;
    let epoch =
        Duration::from_millis(seen["event"]["requestContext"]["timeEpoch"].as_u64().unwrap());
    assert!(epoch.as_millis() >= before.as_millis(), "{epoch:?} {before:?}");
    // The authorizer's start alone takes 800 ms.
    assert!(now().saturating_sub(epoch) >= Duration::from_millis(800), "{epoch:?}");
}

#[tokio::test]
async fn a_body_that_is_not_text_travels_as_base64() {
    let stack = stack(&[]).await;
    for (content_type, body, expected) in [
        ("application/json", &b"{}"[..], (json!("{}"), json!(false))),
        ("application/octet-stream", b"{}", (json!("e30="), json!(true))),
        ("application/json", b"\xff\xfe", (json!("//4="), json!(true))),
        ("text/plain", b"", (Value::Null, json!(false))),
    ] {
        let reply = stack
            .post("/validate", &[ALLOWED, ("content-type", content_type)], body)
            .await
            .unwrap();
        let event = reply.json().unwrap()["event"].take();
        assert_eq!(
            (event["body"].clone(), event["isBase64Encoded"].clone()),
            expected,
            "{content_type} {body:?}"
        );
    }
    let reply = stack.post("/validate", &[ALLOWED], "{}").await.unwrap();
    assert_eq!(reply.json().unwrap()["event"]["isBase64Encoded"], true, "no content type");
}
