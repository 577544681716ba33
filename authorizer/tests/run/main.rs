//! The binary as it ships, between a Lambda Runtime API and a Secrets Manager on loopback. All it
//! writes, to Lambda, stdout and stderr, is searched for tokens.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails"
)]

mod cloud;
mod keys;
mod private;

use serde_json::{Value, json};

use cloud::{Cloud, Run, refusal, value};

const CURRENT: &str = "c1Xv7QmZt0Rk4WsB8yLd2NfH6pJg3TaU9eKi5VoCxPqMzRw1YbS7nDlFhGjA0uE4";
const PREVIOUS: &str = "P3jHn8VxKc5TqYz1LmWg7RbD0sFa4ZuE9iNoX2kQvCt6BpMyJr8UdGhSwAl5Ie7O";
const WEAK: &str = "w3akT0k3n5hY";
const WRONG: &str = "x9QzB2nV6cM1lK5jH8gF4dS0aP7oI3uY2tR6eW1qZ5xC9vB3nM7kJ0hG4fD8sA2w";

/// The authorizer event of a call with this `Authorization` header.
fn call(authorization: &str) -> Value {
    let event = include_str!("../events/validate.json").replace("Bearer TOKEN", authorization);
    serde_json::from_str(&event).unwrap()
}

/// Fails if anything of the run shows eight characters in a row of any token.
fn assert_no_token(run: &Run) {
    for token in [CURRENT, PREVIOUS, WEAK, WRONG] {
        for part in token.as_bytes().windows(8) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!run.everything().contains(part), "{part} in {}", run.everything());
        }
    }
}

#[tokio::test]
async fn callers_are_distinguished_and_no_token_is_written() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", value("v2", &json!({"default": CURRENT, "lab": WEAK}).to_string()));
    cloud.set("AWSPREVIOUS", value("v1", &json!({"default": PREVIOUS}).to_string()));
    let mut run = cloud.run(&[("LOG_LEVEL", "DEBUG")]);

    let authorized = |token| {
        let context = json!({"cluster": "default", "token": token, "via": "header"});
        Ok(json!({"isAuthorized": true, "context": context}))
    };
    let denied = Ok(json!({"isAuthorized": false, "context": {}}));
    assert_eq!(run.invoke(&call(&format!("Bearer {CURRENT}"))).await, authorized("current"));
    assert_eq!(run.invoke(&call(&format!("bearer  {PREVIOUS}"))).await, authorized("previous"));
    assert_eq!(run.invoke(&call(&format!("Bearer {WRONG}"))).await, denied);
    assert_eq!(run.invoke(&call(&format!("Bearer {WEAK}"))).await, denied);
    assert_eq!(run.invoke(&call(&format!("Basic {CURRENT}"))).await, denied);
    assert_eq!(run.invoke(&call("Bearer é")).await, denied);
    let mut event = call("Bearer x");
    event["identitySource"] = json!(format!("Bearer {CURRENT}"));
    let error = run.invoke(&event).await.unwrap_err();
    assert_eq!(error["errorType"], "BadEvent");
    assert_eq!(
        cloud.reads(),
        ["AWSCURRENT", "AWSPREVIOUS"],
        "one in the init phase, the other when a token needs it"
    );

    run.end().await;
    assert_no_token(&run);
    assert_eq!(run.stderr, "");
    let lines = run.lines();
    let said: Vec<_> =
        lines.iter().map(|line| (&line["level"], &line["event"], &line["reason"])).collect();
    let expected = [
        ("WARN", "token_secret_entries_unusable", Value::Null),
        ("INFO", "authorized", Value::Null),
        ("INFO", "authorized", Value::Null),
        ("WARN", "not_authorized", json!("unknown token")),
        ("WARN", "not_authorized", json!("unknown token")),
        ("WARN", "not_authorized", json!("no bearer token")),
        ("WARN", "not_authorized", json!("unknown token")),
        ("ERROR", "authorizer_failed", Value::Null),
    ];
    assert_eq!(said.len(), expected.len(), "{lines:#?}");
    for ((level, event, reason), (expected_level, expected_event, expected_reason)) in
        said.iter().zip(&expected)
    {
        assert_eq!(
            (*level, *event, *reason),
            (&json!(expected_level), &json!(expected_event), expected_reason)
        );
    }
    assert_eq!(lines[0]["version"], "v2");
    assert_eq!(
        lines[0]["entries"],
        json!([{"cluster": "lab", "flaw": "the token has fewer than 32 characters"}])
    );
    assert_eq!((&lines[2]["cluster"], &lines[2]["token"]), (&json!("default"), &json!("previous")));
    for line in &lines[1..7] {
        assert_eq!(
            (&line["source_ip"], &line["request_id"]),
            (&json!("203.0.113.10"), &json!("TnbxGhkGoAMEJ1w="))
        );
    }
    assert!(lines[7]["error"].as_str().unwrap().contains("AuthorizerPayloadFormatVersion"));
}

#[tokio::test]
async fn an_unreadable_secret_is_an_error_until_it_can_be_read() {
    let mut cloud = Cloud::start().await;
    let denied = "User: authorizer is not authorized to perform: secretsmanager:GetSecretValue";
    cloud.set("AWSCURRENT", refusal("AccessDeniedException", denied));
    let mut run = cloud.run(&[]);
    let event = call(&format!("Bearer {CURRENT}"));
    let error = run.invoke(&event).await.unwrap_err();
    assert_eq!(error["errorType"], "SecretUnreadable");
    assert_eq!(
        error["errorMessage"],
        "the AWSCURRENT version of the token secret could not be read: access denied: User: authorizer is not \
         authorized to perform: secretsmanager:GetSecretValue; grant the function's role secretsmanager:GetSecretValue on the secret"
    );
    for text in [CURRENT.to_owned(), format!(r#"["{CURRENT}"]"#)] {
        cloud.set("AWSCURRENT", value("v1", &text));
        let error = run.invoke(&event).await.unwrap_err();
        let message = error["errorMessage"].as_str().unwrap();
        assert!(
            message.contains("it is not a JSON object of cluster names and tokens"),
            "{message}"
        );
    }
    cloud.set("AWSCURRENT", (200, format!(r#"{{"SecretString":"{CURRENT}"#)));
    assert_eq!(run.invoke(&event).await.unwrap_err()["errorType"], "SecretUnreadable");
    // The version before the repaired one still holds no tokens, and must not be in its way.
    cloud.set("AWSPREVIOUS", value("v1", CURRENT));
    cloud.set("AWSCURRENT", value("v2", &json!({"default": CURRENT}).to_string()));
    assert_eq!(run.invoke(&event).await.unwrap()["isAuthorized"], true);

    run.end().await;
    assert_no_token(&run);
    assert_eq!(run.stderr, "");
    let levels: Vec<_> = run.lines().iter().map(|line| line["level"].clone()).collect();
    assert_eq!(levels, ["WARN", "ERROR", "ERROR", "ERROR", "ERROR", "INFO"], "{}", run.stdout);
}

#[tokio::test]
async fn a_bad_entry_is_named_and_the_others_count() {
    let mut cloud = Cloud::start().await;
    let text = format!(r#"{{"lab":["{WEAK}"],"default":"{CURRENT}","{PREVIOUS}":"swapped"}}"#);
    cloud.set("AWSCURRENT", value("v1", &text));
    let mut run = cloud.run(&[]);
    let event = call(&format!("Bearer {CURRENT}"));
    assert_eq!(run.invoke(&event).await.unwrap()["isAuthorized"], true);

    run.end().await;
    assert_no_token(&run);
    assert_eq!(
        run.lines()[0]["entries"],
        json!([
            {"cluster": "(a name of 64 characters that may be a token)",
             "flaw": "the token has fewer than 32 characters"},
            {"cluster": "lab", "flaw": "the token is not a string"},
        ])
    );
}

#[tokio::test]
async fn a_secret_that_names_no_cluster_says_so() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", value("v1", "{}"));
    let mut run = cloud.run(&[]);
    let event = call(&format!("Bearer {CURRENT}"));
    assert_eq!(run.invoke(&event).await.unwrap()["isAuthorized"], false);

    run.end().await;
    assert_eq!(
        run.lines()[0]["message"],
        "the token secret names no cluster with a usable token, so every caller is refused; \
         add a cluster with deploy/rotate-token --add"
    );
}

#[tokio::test]
async fn an_unreadable_previous_version_does_not_affect_the_current_token() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", value("v2", &json!({"default": CURRENT}).to_string()));
    cloud.set("AWSPREVIOUS", refusal("AccessDeniedException", "Access to KMS is not allowed"));
    let mut run = cloud.run(&[]);
    let current = call(&format!("Bearer {CURRENT}"));
    assert_eq!(run.invoke(&current).await.unwrap()["isAuthorized"], true);
    let error = run.invoke(&call(&format!("Bearer {PREVIOUS}"))).await.unwrap_err();
    assert_eq!(
        (&error["errorType"], &error["errorMessage"]),
        (
            &json!("SecretUnreadable"),
            &json!(
                "the AWSPREVIOUS version of the token secret could not be read: access denied: \
                 Access to KMS is not allowed; grant the function's role kms:Decrypt on the key of \
                 the secret"
            )
        )
    );

    run.end().await;
    assert_no_token(&run);
    let messages: Vec<_> = run.lines().iter().map(|line| line["message"].clone()).collect();
    let expected = "AWSPREVIOUS of the token secret could not be read; until it can be, a token that \
                    AWSCURRENT does not name gets an error";
    assert!(messages.contains(&expected.into()), "{messages:?}");
}

#[tokio::test]
async fn a_bad_variable_stops_the_function_with_one_line() {
    let mut cloud = Cloud::start().await;
    let mut run = cloud.run(&[("LOG_LEVEL", "ERROR"), ("TOKEN_OVERLAP_HOURS", "a week")]);
    assert_eq!(run.exit_code().await, Some(1));
    let lines = run.lines();
    assert_eq!((lines.len(), run.stderr.as_str()), (1, ""));
    assert_eq!(
        lines[0]["message"],
        "environment variable TOKEN_OVERLAP_HOURS: expected a whole number of hours from 0 to 168, got \"a week\""
    );
    assert_eq!(
        (&lines[0]["variable"], &lines[0]["expected"], &lines[0]["got"]),
        (
            &json!("TOKEN_OVERLAP_HOURS"),
            &json!("a whole number of hours from 0 to 168"),
            &json!("a week")
        )
    );
}

#[tokio::test]
async fn a_lost_runtime_api_ends_the_function_with_the_reason() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", value("v1", &json!({"default": CURRENT}).to_string()));
    // No process listens there: a free port could become another test's in the meantime.
    let closed = "127.0.0.1:1";
    let mut run = cloud.run(&[("AWS_LAMBDA_RUNTIME_API", closed)]);
    assert_eq!(run.exit_code().await, Some(1));
    let lines = run.lines();
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["level"], &last["message"]),
        (&json!("ERROR"), &json!("the Lambda runtime client ended"))
    );
    assert!(last["error"].as_str().unwrap().contains("refused"), "{last}");
    assert_no_token(&run);
}
