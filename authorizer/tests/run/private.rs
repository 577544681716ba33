//! The function at a REST API: no part of a token or a key is written, and of what it answers only the policy for a
//! key has the key, once.

use ecr_admission_lambda::testing::traces;
use serde_json::{Value, json};

use super::cloud::{Cloud, Run, value};

/// The test vector of the derivation.
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";
/// Nobody's.
const WRONG: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBx_-z";

const DEBUG: (&str, &str) = ("LOG_LEVEL", "DEBUG");
const ENDPOINTS: (&str, &str) = ("VPC_ENDPOINT_IDS", "vpce-0f1e2d3c4b5a69788");
const CLUSTERS: (&str, &str) = ("VPC_ENDPOINT_CLUSTERS", "blue");
const API: &str = "arn:aws:execute-api:us-east-1:123456789012:f6g7h8i9j0/v1/POST";

/// The event, through an endpoint whose id has nothing in common with the token.
fn event(text: &str) -> Value {
    serde_json::from_str(&text.replace("vpce-0123456789abcdef0", ENDPOINTS.1)).unwrap()
}

/// The event of a call with this key in its path, everywhere.
fn with_key(key: &str) -> Value {
    event(&include_str!("../events/private-validate-key.json").replace(KEY, key))
}

/// The event of a call with this `Authorization` header.
fn with_token(token: &str) -> Value {
    event(&include_str!("../events/private-validate.json").replace("TOKEN", token))
}

fn changed(mut event: Value, pointer: &str, to: Value) -> Value {
    *event.pointer_mut(pointer).unwrap() = to;
    event
}

fn denied() -> Value {
    let statement = json!({"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    json!({"principalId": "unknown", "policyDocument": policy, "context": {}})
}

fn allowed(cluster: &str, resources: &Value, context: &Value) -> Value {
    let statement =
        json!({"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resources});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    json!({"principalId": cluster, "policyDocument": policy, "context": context})
}

fn assert_no_trace(written: &str) {
    for secret in [KEY, WRONG, TOKEN] {
        assert_eq!(traces(secret, written), Vec::<String>::new(), "{written}");
    }
}

/// Ends it. Neither its log nor its errors show a part of a secret.
async fn assert_quiet(mut run: Run) -> Run {
    run.end().await;
    assert_no_trace(&run.stdout);
    assert_eq!(run.stderr, "");
    run
}

async fn cloud_with_token() -> Cloud {
    let cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", value("v1", &json!({ "prod": TOKEN }).to_string()));
    cloud
}

#[tokio::test]
async fn a_key_is_in_the_policy_for_it_and_nowhere_else() {
    let mut cloud = cloud_with_token().await;
    let mut run = cloud.run(&[("CALLER_KEY", "url"), DEBUG, ENDPOINTS, CLUSTERS]);
    let answer = run.invoke(&with_key(KEY)).await.unwrap();
    let context = json!({"cluster": "prod", "token": "current", "via": "url"});
    assert_eq!(answer, allowed("prod", &json!([format!("{API}/validate/{KEY}")]), &context));
    let slash = format!("{API}/validate/{KEY}/");
    let open = with_key(KEY);
    for (event, code, reason) in [
        (with_key(WRONG), "not_authorized", Some("unknown key")),
        (with_key(TOKEN), "not_authorized", Some(OTHER_PATH)),
        (with_key(&format!("{KEY}%2Fx")), "not_authorized", Some(OTHER_PATH)),
        (changed(open.clone(), "/methodArn", json!(slash)), "not_authorized", Some(OTHER_PATH)),
        (changed(open.clone(), VPCE, json!(KEY)), "source_refused", Some(ELSEWHERE)),
        (changed(open.clone(), VPCE, json!("vpce-01234567")), "source_refused", Some(ELSEWHERE)),
        (changed(open.clone(), VPCE, Value::Null), "source_refused", Some(NOWHERE)),
        (changed(open, "/resource", json!(format!("/validate/{KEY}"))), "wrong_route", None),
        (with_token(TOKEN), "wrong_route", None),
    ] {
        let answer = run.invoke(&event).await.unwrap();
        assert_eq!(answer, denied(), "{code} {reason:?}");
        run.expect(code, reason);
    }
    let run = assert_quiet(run).await;
    run.assert_expected();
    let [.., unknown, unlisted, absent, _, _] = &run.lines()[..] else { panic!("{}", run.stdout) };
    assert_eq!((&unknown["door"], &unknown["endpoint"]), (&json!("private"), &Value::Null));
    let id = json!("vpce-01234567");
    assert_eq!((&unlisted["door"], &unlisted["endpoint"]), (&json!("private"), &id));
    assert_eq!((&absent["door"], &absent["endpoint"]), (&json!("regional"), &Value::Null));
}

const VPCE: &str = "/requestContext/identity/vpceId";
const OTHER_PATH: &str = "the path is not exactly that of the route";
const ELSEWHERE: &str = "VPC_ENDPOINT_IDS does not contain the VPC endpoint";
const NOWHERE: &str = "VPC_ENDPOINT_IDS is set, and the event has no VPC endpoint";

#[tokio::test]
async fn a_token_and_an_endpoint_open_both_webhooks_and_are_not_written() {
    let mut cloud = cloud_with_token().await;
    let mut run = cloud.run(&[DEBUG, ENDPOINTS, CLUSTERS]);
    let both = json!([format!("{API}/validate"), format!("{API}/mutate")]);
    let by_token = json!({"cluster": "prod", "token": "current", "via": "header"});
    let right = with_token(TOKEN);
    assert_eq!(run.invoke(&right).await.unwrap(), allowed("prod", &both, &by_token));
    let mut keyless = right.clone();
    for headers in ["headers", "multiValueHeaders"] {
        keyless[headers].as_object_mut().unwrap().remove("Authorization");
    }
    let by_endpoint = json!({"cluster": "blue", "via": "endpoint"});
    assert_eq!(run.invoke(&keyless).await.unwrap(), allowed("blue", &both, &by_endpoint));
    let values = json!([format!("Bearer {WRONG}"), format!("Bearer {TOKEN}")]);
    for (event, code, reason) in [
        (with_token(WRONG), "not_authorized", Some("unknown token")),
        (with_token(KEY), "not_authorized", Some("unknown token")),
        (
            changed(right.clone(), "/multiValueHeaders/Authorization", values),
            "not_authorized",
            Some("no bearer token"),
        ),
        (changed(right, VPCE, json!(TOKEN)), "source_refused", Some(ELSEWHERE)),
        (changed(keyless.clone(), VPCE, Value::Null), "source_refused", Some(NOWHERE)),
        (changed(keyless, "/methodArn", json!("*")), "not_authorized", Some(OTHER_PATH)),
        (with_key(KEY), "wrong_route", None),
    ] {
        assert_eq!(run.invoke(&event).await.unwrap(), denied(), "{code} {reason:?}");
        run.expect(code, reason);
    }
    let run = assert_quiet(run).await;
    assert_no_trace(&run.everything());
    run.assert_expected();
    let lines = run.lines();
    let line = lines.iter().find(|line| line["via"] == "endpoint").unwrap();
    assert_eq!(
        (&line["event"], &line["cluster"], &line["token"], &line["endpoint"]),
        (&json!("authorized"), &json!("blue"), &Value::Null, &json!(ENDPOINTS.1))
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_not_quoted() {
    for key in ["url", "header"] {
        let mut cloud = cloud_with_token().await;
        let mut run = cloud.run(&[("CALLER_KEY", key), DEBUG, ENDPOINTS]);
        let both = |pointer, to| changed(with_key(KEY), pointer, to);
        let mut mixed = with_key(KEY);
        mixed["version"] = json!("2.0");
        for event in [
            mixed,
            both("/type", json!(KEY)),
            both("/methodArn", json!([KEY])),
            both("/methodArn", json!({ KEY: KEY })),
            both("/headers", json!(KEY)),
            both("/pathParameters", json!({"key": [KEY]})),
            both("/requestContext", json!(KEY)),
            both("/requestContext/identity", json!(format!("/validate/{KEY}"))),
            both(VPCE, json!([KEY])),
        ] {
            let error = run.invoke(&event).await.unwrap_err();
            assert_eq!(error["errorType"], "BadEvent", "{error}");
            run.expect("authorizer_failed", None);
        }
        let run = assert_quiet(run).await;
        assert_no_trace(&run.everything());
        run.assert_expected();
    }
}
