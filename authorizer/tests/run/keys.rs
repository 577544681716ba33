//! The function with `CALLER_KEY=url`: no part of a key, in no encoding, is written by it, whatever happens.

use std::panic::AssertUnwindSafe;
use std::process::Command;
use std::time::{Duration, SystemTime};

use ecr_admission_authorizer::endpoints::Endpoints;
use ecr_admission_authorizer::handler::{Authorizer, Callers};
use ecr_admission_authorizer::read::{ReadSecret, Stage, Unreadable};
use ecr_admission_authorizer::sources::AllowedSources;
use ecr_admission_authorizer::tokens::SecretVersion;
use ecr_admission_authorizer::via::Via;
use ecr_admission_lambda::testing::traces;
use ecr_admission_lambda::{Level, Log};
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};

use super::cloud::{Cloud, Run, refusal, value};

/// The test vector of the derivation.
const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "ZVBLEgKnNaTaoc2eHgJyr_R3sdmlyqOS87TCS3lTaH0";
/// Nobody's.
const WRONG: &str = "qK3vT9bXw2LmRz7cYp5sHd8fGj4nAe6uQi1oVtBx_-z";

const URL: (&str, &str) = ("CALLER_KEY", "url");
const DEBUG: (&str, &str) = ("LOG_LEVEL", "DEBUG");

fn event() -> Value {
    serde_json::from_str(include_str!("../events/validate-key.json")).unwrap()
}

/// The event with another key, everywhere.
fn with_key(key: &str) -> Value {
    let text = include_str!("../events/validate-key.json").replace(KEY, key);
    serde_json::from_str(&text).unwrap()
}

fn from(address: Value) -> Value {
    let mut event = event();
    event["requestContext"]["http"]["sourceIp"] = address;
    event
}

fn assert_no_trace(written: &str) {
    for secret in [KEY, WRONG, TOKEN] {
        assert_eq!(traces(secret, written), Vec::<String>::new(), "{written}");
    }
}

async fn assert_quiet(mut run: Run) -> Run {
    run.end().await;
    assert_no_trace(&run.everything());
    assert_eq!(run.stderr, "");
    run
}

fn cloud_with_token(cloud: &Cloud) {
    cloud.set("AWSCURRENT", value("v1", &json!({ "prod": TOKEN }).to_string()));
}

#[tokio::test]
async fn a_key_is_authorized_or_refused_and_never_written() {
    let mut cloud = Cloud::start().await;
    cloud_with_token(&cloud);
    let mut run = cloud.run(&[URL, DEBUG, ("ALLOWED_SOURCES", "203.0.113.0/24,2001:db8::/32")]);
    let refused = Ok(json!({"isAuthorized": false, "context": {}}));
    let context = json!({"cluster": "prod", "token": "current", "via": "url"});
    assert_eq!(run.invoke(&event()).await, Ok(json!({"isAuthorized": true, "context": context})));
    let mut identified = event();
    identified["identitySource"] = json!([KEY]);
    let mut other_route = event();
    other_route["routeKey"] = json!("POST /validate");
    for (event, code, reason) in [
        (with_key(WRONG), "not_authorized", Some("unknown key")),
        (with_key(&KEY.replacen('Z', "", 1)), "not_authorized", Some(NO_KEY)),
        (with_key(&format!("{KEY}/")), "not_authorized", Some(NO_KEY)),
        (with_key(&format!("{KEY}%2Fx")), "not_authorized", Some(NO_KEY)),
        (with_key(&KEY.replace('_', "%5F")), "not_authorized", Some(NO_KEY)),
        (with_key(TOKEN), "not_authorized", Some(NO_KEY)),
        (identified, "not_authorized", Some(IDENTITY_SOURCE)),
        (from(json!("198.51.100.7")), "source_refused", Some(ELSEWHERE)),
        (from(json!("2001:db9::7")), "source_refused", Some(ELSEWHERE)),
        (from(json!(KEY)), "source_refused", Some("the event has no address of the caller")),
        (from(Value::Null), "source_refused", Some("the event has no address of the caller")),
        (other_route, "wrong_route", None),
    ] {
        assert_eq!(run.invoke(&event).await, refused, "{code} {reason:?}");
        run.expect(code, reason);
    }
    let run = assert_quiet(run).await;
    let lines = run.lines();
    run.assert_expected();
    assert!(lines.iter().all(|line| line["via"] == "url"), "{lines:#?}");
    let [.., far, far_v6, unreadable, absent, wrong_route] = lines.as_slice() else {
        panic!("{lines:#?}")
    };
    for (line, address) in [
        (far, json!("198.51.100.7")),
        (far_v6, json!("2001:db9::7")),
        (unreadable, Value::Null),
        (absent, Value::Null),
    ] {
        assert_eq!(line["source_ip"], address, "{line}");
    }
    assert_eq!(
        wrong_route["message"],
        "wrong route; attach this function to POST /validate/{key} and POST /mutate/{key} only"
    );
}

const NO_KEY: &str = "no key of 43 characters A-Z, a-z, 0-9, _ and -";
const IDENTITY_SOURCE: &str =
    "the authorizer of the key routes has an identity source; configure none";
const ELSEWHERE: &str = "ALLOWED_SOURCES does not contain the address";

#[tokio::test]
async fn a_key_on_the_way_to_the_other_function_is_not_written_either() {
    let mut cloud = Cloud::start().await;
    cloud_with_token(&cloud);
    let mut run = cloud.run(&[DEBUG, ("ALLOWED_SOURCES", "203.0.113.0/24")]);
    let refused = Ok(json!({"isAuthorized": false, "context": {}}));
    assert_eq!(run.invoke(&event()).await, refused);
    run.expect("wrong_route", None);
    let mut in_header = event();
    in_header["routeKey"] = json!("POST /validate");
    for (sources, code, reason) in [
        (json!([format!("Bearer {KEY}"), "203.0.113.7"]), "not_authorized", "unknown token"),
        (json!([KEY, "203.0.113.7"]), "not_authorized", "no bearer token"),
        (json!([format!("Bearer {TOKEN}"), "203.0.114.7"]), "source_refused", ELSEWHERE),
        (json!([format!("Bearer {TOKEN}"), KEY]), "source_refused", NO_ADDRESS),
        (json!([format!("Bearer {TOKEN}")]), "source_refused", NO_ADDRESS),
    ] {
        in_header["identitySource"] = sources;
        assert_eq!(run.invoke(&in_header).await, refused, "{reason}");
        run.expect(code, Some(reason));
    }
    in_header["identitySource"] = json!([format!("Bearer {TOKEN}"), "::ffff:203.0.113.7"]);
    assert_eq!(run.invoke(&in_header).await.unwrap()["isAuthorized"], true);
    run.expect("authorized", None);
    let run = assert_quiet(run).await;
    run.assert_expected();
    assert_eq!(run.lines()[3]["source_ip"], "203.0.114.7", "the address that was checked");
}

const NO_ADDRESS: &str = "the event has no address in its identity sources; configure \
                          $request.header.Authorization and $context.identity.sourceIp";

#[tokio::test]
async fn no_bad_event_is_quoted() {
    let mut cloud = Cloud::start().await;
    cloud_with_token(&cloud);
    let mut run = cloud.run(&[URL, DEBUG]);
    let set = |pointer: &str, value: Value| {
        let mut event = event();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    for event in [
        json!(KEY),
        json!([KEY]),
        json!({ KEY: KEY }),
        set("/version", json!(KEY)),
        set("/version", json!({ KEY: 1 })),
        set("/pathParameters", json!(KEY)),
        set("/pathParameters/key", json!([KEY])),
        set("/identitySource", json!(KEY)),
        set("/rawPath", json!([KEY])),
        set("/requestContext", json!(format!("/validate/{KEY}"))),
        set("/requestContext/http", json!(KEY)),
        set("/requestContext/http/path", json!({ KEY: 1 })),
        set("/requestContext/timeEpoch", json!(KEY)),
        set("/headers", json!({ KEY: { KEY: KEY } })),
        set("/headers", json!({ format!("{KEY} {KEY}"): KEY })),
    ] {
        let error = run.invoke(&event).await.unwrap_err();
        assert_eq!(error["errorType"], "BadEvent", "{error}");
        run.expect("authorizer_failed", None);
    }
    assert_quiet(run).await.assert_expected();
}

#[tokio::test]
async fn an_event_that_is_not_json_is_not_quoted() {
    for text in [
        KEY.to_owned(),
        format!(r#"{{"rawPath":"/validate/{KEY}"#),
        format!(r#"{{"rawPath":"/validate/{KEY}"}} {KEY}"#),
        format!(r#"{{"{KEY}":{KEY}}}"#),
    ] {
        let mut cloud = Cloud::start().await;
        cloud_with_token(&cloud);
        let mut run = cloud.run(&[URL, DEBUG]);
        run.send(text);
        run.outcome().await.unwrap_err();
        assert_no_trace(&assert_quiet(run).await.everything());
    }
}

#[tokio::test]
async fn an_unreadable_secret_does_not_show_the_key() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", refusal("AccessDeniedException", "no"));
    let mut run = cloud.run(&[URL, DEBUG]);
    for answer in [
        refusal("AccessDeniedException", "no"),
        value("v1", TOKEN),
        value("v1", &json!({ KEY: "short", TOKEN: KEY }).to_string()),
        (200, format!(r#"{{"SecretString":"{KEY}"#)),
    ] {
        cloud.set("AWSCURRENT", answer);
        let _ = run.invoke(&event()).await;
    }
    assert_quiet(run).await;
}

#[tokio::test]
async fn a_function_that_is_killed_while_it_waits_has_not_written_the_key() {
    let mut cloud = Cloud::start().await;
    cloud.set("AWSCURRENT", refusal("ThrottlingException", "slow down"));
    let run = cloud.run(&[URL, DEBUG]);
    run.send(event().to_string());
    // The init phase tries three times, so that the fourth read is for the event.
    while cloud.reads().len() < 4 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_quiet(run).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_function_without_memory_does_not_write_the_key() {
    let mut cloud = Cloud::start().await;
    cloud_with_token(&cloud);
    let mut run = cloud.run_with_memory(&[URL, DEBUG], 400_000);
    assert_eq!(run.invoke(&event()).await.unwrap()["isAuthorized"], true);
    let mut event = event();
    event["headers"]["x-large"] = json!(KEY.repeat(5_000_000));
    run.send(event.to_string());
    assert_ne!(run.exit_code().await, Some(0));
    assert!(run.stderr.contains("memory allocation of"), "{}", run.stderr);
    assert_no_trace(&run.everything());
}

/// Set in a run of this program whose output is read.
const READ: &str = "PANIC_IS_READ";

/// A secret that nobody can read without a panic.
struct Panics;

impl ReadSecret for Panics {
    async fn read(&self, _: Stage) -> Result<SecretVersion, Unreadable> {
        panic!("a fault in the function")
    }
}

/// Does nothing but write what another test reads.
#[test]
fn a_panic_is_written() {
    if std::env::var_os(READ).is_none() {
        return;
    }
    let callers = Callers {
        via: Via::Url,
        sources: AllowedSources::default(),
        endpoints: Endpoints::default(),
    };
    let authorizer = Authorizer::new(Panics, Duration::ZERO, callers, Log::new(Level::Debug));
    let payload = serde_json::value::to_raw_value(&event()).unwrap();
    let event = LambdaEvent::new(payload, lambda_runtime::Context::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = || runtime.block_on(authorizer.handle(event, SystemTime::UNIX_EPOCH)).map(drop);
    assert!(std::panic::catch_unwind(AssertUnwindSafe(call)).is_err());
}

#[test]
fn a_panic_does_not_show_the_key() {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "keys::a_panic_is_written", "--nocapture"])
        .env(READ, "1")
        .env("RUST_BACKTRACE", "full")
        .output()
        .unwrap();
    let written = [run.stdout, run.stderr].concat();
    let written = String::from_utf8(written).unwrap();
    assert!(run.status.success(), "{written}");
    assert!(written.contains("a fault in the function"), "{written}");
    assert_no_trace(&written);
}
