//! A REST API: its events are those of payload format 1.0, and it answers as a REST API does.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use local_cloud::door::{Api, Door};
use local_cloud::stack::Stack;
use serde_json::{Value, json};

use crate::support::{ALLOWED, JSON, stack, stack_with};

const ENDPOINT: &str = "vpce-0123456789abcdef0";
const METHOD: &str = "arn:aws:execute-api:us-east-1:123456789012:localrest/v1/POST";

/// What changes with every run, taken out; the rest must be exactly as documented.
fn settled(mut event: Value, stack: &Stack, api: Api) -> Value {
    let context = event["requestContext"].as_object_mut().unwrap();
    let epoch = context.remove("requestTimeEpoch").unwrap().as_u64().unwrap();
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis());
    assert!(now.unwrap() - epoch < 10_000, "in milliseconds and of now");
    let time = context.remove("requestTime").unwrap().as_str().unwrap().to_owned();
    let second = jiff::Timestamp::from_second(i64::try_from(epoch / 1000).unwrap()).unwrap();
    assert_eq!(time, second.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
    assert_eq!(context.remove("requestId").unwrap().as_str().unwrap().len(), 36);
    assert_eq!(context.remove("extendedRequestId").unwrap().as_str().unwrap().len(), 16);
    let host = event["headers"].as_object_mut().unwrap().remove("Host").unwrap();
    let url = stack.url_of(api).unwrap();
    assert_eq!(format!("https://{}/v1", host.as_str().unwrap()), url);
    event["multiValueHeaders"].as_object_mut().unwrap().remove("Host").unwrap();
    if api == Api::Regional {
        for headers in ["headers", "multiValueHeaders"] {
            event[headers].as_object_mut().unwrap().remove("X-Amzn-Trace-Id").unwrap();
        }
    }
    event
}

/// The event of a call through the endpoint with these paths.
fn documented(resource: &str, path: &str) -> Value {
    let own = json!({
        "Authorization": "Bearer allow", "Content-Type": "application/json", "Cookie": "c=1",
        "User-Agent": "tests", "X-Several": "2", "X-Forwarded-For": "127.0.0.1",
        "x-amzn-vpc-id": "vpc-0a1b2c3d4e5f60718", "x-amzn-vpce-config": "1",
        "x-amzn-vpce-id": ENDPOINT,
    });
    let mut many: Value = own
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    many["X-Several"] = json!(["1", "2"]);
    json!({
        "resource": resource,
        "path": path,
        "httpMethod": "POST",
        "headers": own,
        "multiValueHeaders": many,
        "queryStringParameters": {"timeout": "10s", "a": "é"},
        "multiValueQueryStringParameters": {"timeout": ["10s"], "a": ["1", "é"]},
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "resourceId": "a1b2c3",
            "resourcePath": resource,
            "httpMethod": "POST",
            "path": format!("/v1{path}"),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "domainPrefix": format!("localrest-{ENDPOINT}"),
            "domainName": format!("localrest-{ENDPOINT}.execute-api.us-east-1.amazonaws.com"),
            "apiId": "localrest",
            "identity": {
                "cognitoIdentityPoolId": null, "cognitoIdentityId": null, "principalOrgId": null,
                "cognitoAuthenticationType": null, "userArn": null, "userAgent": "tests",
                "accountId": null, "caller": null, "sourceIp": "127.0.0.1", "accessKey": null,
                "cognitoAuthenticationProvider": null, "user": null,
                "vpceId": ENDPOINT, "vpcId": "vpc-0a1b2c3d4e5f60718",
            },
        },
    })
}

/// The event of the authorizer for the same call.
fn of_authorizer(mut event: Value, key: Option<&str>) -> Value {
    event["type"] = json!("REQUEST");
    event["methodArn"] = json!(format!("{METHOD}{}", event["path"].as_str().unwrap()));
    event["pathParameters"] = key.map_or(json!({}), |key| json!({"key": key}));
    event["stageVariables"] = json!({});
    event
}

/// Calls with several headers, and with those that only API Gateway sets. Both events.
async fn events(stack: &Stack, door: Door, path: &str, authorization: bool) -> (Value, Value) {
    let mut headers = vec![
        JSON,
        ("user-agent", "tests"),
        ("x-several", "1"),
        ("X-Several", "2"),
        ("cookie", "c=1"),
        ("x-amzn-vpce-id", "vpce-0fedcba9876543210"),
        ("X-Forwarded-For", "198.51.100.7"),
    ];
    headers.extend(authorization.then_some(ALLOWED));
    let path = format!("{path}?timeout=10s&a=1&a=%C3%A9");
    let reply = stack.post_to(door, &path, &headers, r#"{"a":1} "#).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let mut event = settled(reply.json().unwrap()["event"].take(), stack, door.api());
    let mut known = event["requestContext"].as_object_mut().unwrap().remove("authorizer").unwrap();
    assert!(known["integrationLatency"].is_u64());
    let said = |name: &str| known[name].as_str().unwrap().to_owned();
    assert_eq!([said("principalId"), said("cluster"), said("count")], ["local", "local", "1"]);
    let asked = known["event"].take();
    let asked: Value = serde_json::from_str(asked.as_str().unwrap()).unwrap();
    (settled(asked, stack, door.api()), event)
}

#[tokio::test]
async fn the_events_are_those_of_payload_format_1() {
    let stack = stack_with(Door::PrivateHeader, &[]).await;
    let (asked, event) = events(&stack, Door::PrivateHeader, "/validate", true).await;
    let mut expected = documented("/validate", "/validate");
    assert_eq!(asked, of_authorizer(expected.clone(), None));
    expected["body"] = json!(r#"{"a":1} "#);
    expected["isBase64Encoded"] = json!(false);
    assert_eq!(event, expected);
}

#[tokio::test]
async fn the_events_of_a_key_route_hold_the_key() {
    let stack = stack_with(Door::PrivateUrl, &[]).await;
    let (asked, event) = events(&stack, Door::PrivateUrl, "/mutate/allow", false).await;
    let mut expected = documented("/mutate/{key}", "/mutate/allow");
    for headers in ["headers", "multiValueHeaders"] {
        expected[headers].as_object_mut().unwrap().remove("Authorization");
    }
    assert_eq!(asked, of_authorizer(expected.clone(), Some("allow")));
    expected["pathParameters"] = json!({"key": "allow"});
    expected["body"] = json!(r#"{"a":1} "#);
    expected["isBase64Encoded"] = json!(false);
    assert_eq!(event, expected);
}

#[tokio::test]
async fn a_regional_api_has_no_endpoint_in_its_events() {
    let stack = stack_with(Door::RegionalHeader, &[]).await;
    let (asked, event) = events(&stack, Door::RegionalHeader, "/validate", true).await;
    for event in [asked, event] {
        let context = &event["requestContext"];
        assert!(context["identity"].get("vpceId").is_none(), "{context}");
        assert_eq!(context["domainPrefix"], "localrest");
        for headers in ["headers", "multiValueHeaders"] {
            assert!(event[headers].get("x-amzn-vpce-id").is_none(), "{event}");
            assert!(event[headers].get("X-Amzn-Vpce-Id").is_none(), "{event}");
        }
    }
}

#[tokio::test]
async fn a_body_is_text_whatever_it_is() {
    let stack = stack_with(Door::PrivateHeader, &[]).await;
    for (body, expected) in
        [(&b"{}"[..], json!("{}")), (b"\xff{}", json!("\u{fffd}{}")), (b"", Value::Null)]
    {
        let headers = [ALLOWED, ("content-type", "application/octet-stream")];
        let reply = stack.post_to(Door::PrivateHeader, "/validate", &headers, body).await.unwrap();
        let event = reply.json().unwrap()["event"].take();
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&expected, &json!(false)));
    }
}

#[tokio::test]
async fn what_is_not_a_method_of_the_stage_is_refused() {
    let stack = stack_with(Door::PrivateHeader, &[]).await;
    let token = r#"{"message":"Missing Authentication Token"}"#;
    let signature = r#"{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '"#;
    let base = stack.client().at(stack.url_of(Api::Private).unwrap().trim_end_matches("/v1"));
    for (method, path, headers, expected) in [
        (Method::POST, "/validate", &[JSON][..], r#"{"message":"Forbidden"}"#),
        (Method::POST, "/v2/validate", &[JSON], r#"{"message":"Forbidden"}"#),
        (Method::POST, "/", &[ALLOWED], r#"{"message":"Forbidden"}"#),
        (Method::POST, "/v1", &[JSON], token),
        (Method::GET, "/v1/validate", &[JSON], token),
        (Method::POST, "/v1/other", &[JSON], token),
        (Method::POST, "/v1/validate/x", &[JSON], token),
        (Method::POST, "/v1/other", &[ALLOWED], signature),
        (Method::PUT, "/v1/mutate", &[ALLOWED], signature),
    ] {
        let reply = base.send(method, path, headers, "{}").await.unwrap();
        assert_eq!(reply.status, 403, "{path}");
        assert!(reply.text().starts_with(expected), "{path}: {}", reply.text());
        assert!(reply.headers.contains_key("x-amzn-errortype"));
    }
    assert!(!stack.log().contains("START"), "{}", stack.log());
}

#[tokio::test]
async fn a_policy_is_evaluated_for_the_method_that_is_called() {
    for door in [Door::PrivateHeader, Door::RegionalHeader] {
        let stack = stack_with(door, &["--sandboxes", "1"]).await;
        let call = async |path: &str, token: &str| {
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str()), JSON];
            let reply = stack.post_to(door, path, &headers, "{}").await.unwrap();
            (reply.status, if reply.status == 200 { String::new() } else { reply.text() })
        };
        let denied = |why: &str| {
            let text = format!("User is not authorized to access this resource {why}");
            (403, json!({"Message": text}).to_string())
        };
        let answered = (200, String::new());
        // What a resource policy allows, the authorizer must deny.
        let implicit = match door.api() {
            Api::Private => answered.clone(),
            _ => denied("because no identity-based policy allows the execute-api:Invoke action"),
        };
        assert_eq!(call("/validate", "other").await, implicit);
        let explicit = denied("with an explicit deny in an identity-based policy");
        assert_eq!(call("/validate", "deny").await, explicit);
        assert_eq!(call("/mutate", "deny").await, explicit, "from the cache");
        assert_eq!(call("/validate", "nested").await, (500, r#"{"message":null}"#.to_owned()));
        let unauthorized = (401, r#"{"message":"Unauthorized"}"#.to_owned());
        assert_eq!(call("/validate", "unauthorized").await, unauthorized);
        // The scripted policy names the method that was called: the cached answer is evaluated for the other one.
        assert_eq!(call("/validate", "a").await, answered);
        assert_eq!(call("/mutate", "a").await, implicit);
        assert_eq!(call("/validate", "a").await, answered);
    }
}

#[tokio::test]
async fn an_answer_with_another_field_is_malformed() {
    let stack = stack_with(Door::PrivateHeader, &[]).await;
    let order = async |answer: Value| {
        let order = json!({"do": "answer", "answer": answer}).to_string();
        let headers = [ALLOWED, JSON];
        stack.post_to(Door::PrivateHeader, "/validate", &headers, order).await.unwrap()
    };
    let good = json!({"statusCode": 418, "headers": {"X-A": "b"}, "body": "aGk=", "isBase64Encoded": true});
    let reply = order(good.clone()).await;
    assert_eq!(
        (reply.status, reply.text(), reply.headers["x-a"].to_str().unwrap()),
        (418, "hi".into(), "b")
    );
    let mut more = good;
    more["cookies"] = json!([]);
    for malformed in [more, json!({"any": "thing"}), json!("text"), json!({"statusCode": "no"})] {
        let reply = order(malformed).await;
        let expected = Door::PrivateHeader.function_failed();
        assert_eq!((reply.status, reply.text().as_str()), expected);
    }
}

#[tokio::test]
async fn the_arrival_is_stamped_before_the_authorizer() {
    let args = ["--authorizer-env", "SCRIPTED_INIT=slow"];
    let stack = stack_with(Door::PrivateHeader, &args).await;
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let before = now();
    let reply = stack.post_to(Door::PrivateHeader, "/validate", &[ALLOWED, JSON], "{}").await;
    let event = reply.unwrap().json().unwrap()["event"].take();
    let epoch = u128::from(event["requestContext"]["requestTimeEpoch"].as_u64().unwrap());
    // The authorizer's start alone takes 800 ms.
    assert!(epoch >= before && now() - epoch >= 800, "{before} {epoch}");
}

#[tokio::test]
async fn each_endpoint_has_a_door_and_the_policy_says_which_are_open() {
    let args = [
        "--private",
        "--vpc-endpoint-ids",
        "vpce-0123456789abcdef0,vpce-0fedcba9876543210",
        "--other-endpoint-ids",
        "vpce-0aaaaaaaaaaaaaaaa",
    ];
    let stack = stack(&args).await;
    for (endpoint, status) in
        [(ENDPOINT, 200), ("vpce-0fedcba9876543210", 200), ("vpce-0aaaaaaaaaaaaaaaa", 403)]
    {
        let client = stack.client().at(stack.url_of_endpoint(endpoint).unwrap());
        let headers = [ALLOWED, JSON];
        let reply = client.send(Method::POST, "/validate", &headers, "{}").await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text());
        if status == 200 {
            let event = reply.json().unwrap()["event"].take();
            assert_eq!(event["requestContext"]["identity"]["vpceId"], endpoint);
            let rendered = stack.directory().join("private").join(endpoint);
            let webhook = std::fs::read_to_string(rendered.join("validating-webhook.yaml"));
            let url = format!("{}/validate", stack.url_of_endpoint(endpoint).unwrap());
            assert!(webhook.unwrap().contains(&url));
        }
    }
    assert!(!stack.directory().join("private/vpce-0aaaaaaaaaaaaaaaa").exists());
}

#[tokio::test]
async fn without_a_public_endpoint_the_first_url_is_that_of_the_rest_api() {
    for (args, api) in [("--private", Api::Private), ("--regional", Api::Regional)] {
        let stack = stack(&[args, "--public-endpoint", "false"]).await;
        assert_eq!(stack.url_of(api).unwrap(), format!("{}/v1", stack.url()));
        assert!(stack.url_of(Api::Http).is_err());
        assert_eq!(stack.calls().await.unwrap(), Vec::<String>::new());
    }
}
