//! One credential opens one door, and nothing else does.

use local_cloud::door::Door;
use local_cloud::stack::Stack;
use serde_json::json;

use end_to_end::support::{VALIDATE, image, pod, response, stack};

const FORBIDDEN: (u16, &str) = (403, r#"{"message":"Forbidden"}"#);
const NOT_FOUND: (u16, &str) = (404, r#"{"message":"Not Found"}"#);
/// Nobody's.
const WRONG: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBx_-z";

/// What a review of this caller is answered; 200 for one that is admitted.
async fn answered(stack: &Stack, door: Door, credential: &str) -> (u16, String) {
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    let call = stack.post_as(stack.client(), (door, credential), VALIDATE, review);
    let reply = call.await.unwrap();
    if reply.status == 200 {
        assert_eq!(response(&reply)["allowed"], true);
        return (200, String::new());
    }
    (reply.status, reply.text())
}

async fn assert_answers(stack: &Stack, cases: &[(Door, &str, (u16, &str))]) {
    for (door, credential, (status, body)) in cases {
        let expected = (*status, (*body).to_owned());
        assert_eq!(answered(stack, *door, credential).await, expected, "{door:?} {credential}");
    }
}

#[tokio::test]
async fn only_the_right_token_gets_in() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    let json = ("content-type", "application/json");
    let right = format!("Bearer {}", stack.token());
    let wrong = format!("Bearer {}x", stack.token());
    let lower = format!("bearer {}", stack.token());
    for (authorization, status, body) in [
        (None, 401, Some(r#"{"message":"Unauthorized"}"#)),
        (Some(wrong.as_str()), 403, Some(FORBIDDEN.1)),
        (Some("Basic YTpi"), 403, Some(FORBIDDEN.1)),
        (Some(stack.token()), 403, Some(FORBIDDEN.1)),
        (Some(right.as_str()), 200, None),
        (Some(lower.as_str()), 200, None),
    ] {
        let mut headers = vec![json];
        headers.extend(authorization.map(|value| ("authorization", value)));
        let reply = stack.post(VALIDATE, &headers, review.clone()).await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text());
        if let Some(body) = body {
            assert_eq!(reply.text(), body);
        }
    }
    assert!(stack.stop().await.unwrap().status.success());
}

#[tokio::test]
async fn only_the_right_key_gets_in() {
    let stack = stack(&["--sandboxes", "1", "--url-keys"]).await;
    let key = Door::Url.credential(stack.token());
    let (first, rest) = key.split_at(1);
    let encoded = format!("%{:02x}{rest}", first.as_bytes()[0]);
    assert_answers(
        &stack,
        &[
            (Door::Url, &key, (200, "")),
            (Door::Url, WRONG, FORBIDDEN),
            (Door::Url, rest, FORBIDDEN),
            (Door::Url, &format!("{key}="), FORBIDDEN),
            (Door::Url, &format!("{key}A"), FORBIDDEN),
            (Door::Url, &format!("{key}%00"), FORBIDDEN),
            (Door::Url, &key.to_lowercase(), FORBIDDEN),
            (Door::Url, "%7Bkey%7D", FORBIDDEN),
            // The gateway decodes it.
            (Door::Url, &encoded, (200, "")),
            (Door::Url, "", NOT_FOUND),
            (Door::Url, &format!("{key}/"), NOT_FOUND),
            (Door::Url, &format!("{key}%2Fx"), NOT_FOUND),
            (Door::Url, &format!("/{key}"), NOT_FOUND),
        ],
    )
    .await;
    assert!(stack.stop().await.unwrap().status.success());
}

#[tokio::test]
async fn neither_opens_the_other_door() {
    let stack = stack(&["--sandboxes", "1", "--url-keys"]).await;
    let (token, key) = (stack.token(), Door::Url.credential(stack.token()));
    assert_answers(
        &stack,
        &[
            (Door::Header, &key, FORBIDDEN),
            (Door::Url, token, FORBIDDEN),
            (Door::Header, token, (200, "")),
            (Door::Url, &key, (200, "")),
        ],
    )
    .await;
    // On a route with a key the header counts for nothing.
    let review = pod("u1", &[&image("payments/api:1.4")]).to_string();
    let (right, wrong) = (format!("Bearer {token}"), format!("Bearer {WRONG}"));
    for (in_path, in_header, status) in [(WRONG, &right, 403), (&key, &wrong, 200)] {
        let headers = [("authorization", in_header.as_str()), ("content-type", "application/json")];
        let path = format!("/validate/{in_path}?timeout=10s");
        let reply = stack.post(&path, &headers, review.clone()).await.unwrap();
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    assert!(stack.stop().await.unwrap().status.success());
}

#[tokio::test]
async fn without_url_keys_no_key_gets_in() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let key = Door::Url.credential(stack.token());
    assert_answers(&stack, &[(Door::Url, &key, NOT_FOUND), (Door::Header, &key, FORBIDDEN)]).await;
    assert!(stack.stop().await.unwrap().status.success());
}

/// An authorizer that was attached to the wrong routes refuses every caller.
#[tokio::test]
async fn an_authorizer_of_the_other_kind_refuses_every_caller() {
    let swapped = ["--authorizer-env", "CALLER_KEY=header"];
    let stack = stack(&[&["--sandboxes", "1", "--url-keys"][..], &swapped].concat()).await;
    let key = Door::Url.credential(stack.token());
    assert_answers(
        &stack,
        &[
            (Door::Url, &key, FORBIDDEN),
            (Door::Url, stack.token(), FORBIDDEN),
            (Door::Header, stack.token(), (200, "")),
        ],
    )
    .await;
    let log = stack.stop().await.unwrap().log;
    assert_eq!(log.matches(r#""event":"wrong_route""#).count(), 2, "{log}");
}

#[tokio::test]
async fn both_webhooks_and_the_log_know_the_caller() {
    for (door, via, route) in
        [(Door::Header, "header", "POST /mutate"), (Door::Url, "url", "POST /mutate/{key}")]
    {
        let args = [door.args(), &["--sandboxes", "1", "--pin-namespaces", "*"]].concat();
        let stack = stack(&args).await;
        let review = pod("u1", &[&image("payments/api:1.4")]);
        let reply = stack.review_through(door, "/mutate?timeout=10s", &review).await.unwrap();
        assert!(response(&reply)["patch"].is_string(), "{}", reply.text());
        let log = stack.stop().await.unwrap().log;
        let line = log.lines().find(|line| line.starts_with("gateway ")).unwrap();
        assert!(line.starts_with(&format!("gateway {route} 200 ")), "{line}");
        assert!(line.ends_with(" cluster=local token=current"), "{line}");
        let subject = format!(r#""uid":"u1","cluster":"local","via":"{via}""#);
        assert!(log.contains(&subject), "{log}");
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_an_error_not_a_denial() {
    for door in Door::ALL {
        let args = ["--sandboxes", "1", "--fault", "GetSecretValue=access-denied"];
        let stack = stack(&[door.args(), &args].concat()).await;
        let reply = stack.review_through(door, VALIDATE, &pod("u1", &["nginx"])).await.unwrap();
        let expected = (500, json!({"message": "Internal Server Error"}));
        assert_eq!((reply.status, reply.json().unwrap()), expected, "{door:?}");
        let log = stack.stop().await.unwrap().log;
        assert!(log.contains("access denied: User: "), "the log says why:\n{log}");
    }
}
