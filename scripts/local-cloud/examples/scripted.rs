//! A function that does what its event says, for the tests of the gateway and the runtime. As an
//! authorizer it does what the token or the key says.
#![allow(clippy::print_stdout, reason = "a function's stdout is its log")]
#![allow(clippy::panic, reason = "it does so when it is asked to")]
#![allow(clippy::indexing_slicing, reason = "reading a field that a JSON value lacks gives null")]

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lambda_runtime::tower::layer::layer_fn;
use lambda_runtime::tower::util::MapFuture;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn, spawn_graceful_shutdown_handler};
use serde_json::{Value, json};

static EVENTS: AtomicU64 = AtomicU64::new(0);
/// The file for which the next `/next` waits after an answer.
static LINGER: Mutex<Option<String>> = Mutex::new(None);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    println!("started with {} variables", std::env::vars().count());
    match std::env::var("SCRIPTED_INIT").as_deref() {
        Ok("crash") => std::process::exit(9),
        Ok("hang") => std::future::pending().await,
        Ok("slow") => tokio::time::sleep(Duration::from_millis(800)).await,
        Ok("no extension") => {}
        _ => spawn_graceful_shutdown_handler(goodbye).await,
    }
    let linger = layer_fn(|answering| MapFuture::new(answering, linger));
    Runtime::new(service_fn(handle)).layer(linger).run().await
}

async fn linger<F: Future>(answering: F) -> F::Output {
    let answered = answering.await;
    let file = LINGER.lock().ok().and_then(|mut file| file.take());
    if let Some(file) = file {
        until(|| Path::new(&file).exists()).await;
    }
    answered
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until as many sandboxes have come to the directory as the event says.
async fn meet(directory: &str, sandboxes: u64) -> Result<(), Error> {
    std::fs::write(Path::new(directory).join(std::process::id().to_string()), "")?;
    let here = || std::fs::read_dir(directory).map_or(0, Iterator::count);
    until(|| u64::try_from(here()).is_ok_and(|here| here >= sandboxes)).await;
    Ok(())
}

async fn goodbye() {
    println!("goodbye after {} events", EVENTS.load(Ordering::Relaxed));
    if std::env::var("SCRIPTED_GOODBYE").as_deref() == Ok("hang") {
        std::future::pending::<()>().await;
    }
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let count = EVENTS.fetch_add(1, Ordering::Relaxed) + 1;
    let (event, context) = event.into_parts();
    if event["type"] == "REQUEST" {
        if event["pathParameters"]["key"] == "sleep" {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        return authorize(&event, count);
    }
    let order: Value =
        serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
    let file = order["file"].as_str().unwrap_or_default();
    let pause = Duration::from_millis(order["ms"].as_u64().unwrap_or_default());
    match order["do"].as_str() {
        Some("sleep") => tokio::time::sleep(pause).await,
        Some("wait") => until(|| Path::new(file).exists()).await,
        Some("meet") => meet(file, order["sandboxes"].as_u64().unwrap_or_default()).await?,
        Some("linger") => {
            if let Ok(mut linger) = LINGER.lock() {
                *linger = Some(file.to_owned());
            }
        }
        Some("crash") => std::process::exit(3),
        Some("fail") => return Err("asked to fail".into()),
        Some("panic") => panic!("asked to panic"),
        Some("answer") => return Ok(order["answer"].clone()),
        Some("large") => return Ok(Value::from("x".repeat(7_000_000))),
        _ => {}
    }
    let variables: Value = std::env::vars().collect();
    let seen = json!({
        "event": event, "count": count, "pid": std::process::id(), "variables": variables,
        "deadline": context.deadline, "arn": context.invoked_function_arn,
    });
    let headers = json!({"content-type": "application/json"});
    Ok(json!({"statusCode": 200, "headers": headers, "body": seen.to_string()}))
}

fn authorize(event: &Value, count: u64) -> Result<Value, Error> {
    let rest = event["headers"]["Authorization"].as_str();
    let header = event["identitySource"][0].as_str().or(rest);
    let header = header.and_then(|it| it.strip_prefix("Bearer "));
    let key = event["pathParameters"]["key"].as_str();
    let credential = header.or(key).unwrap_or_default();
    if let Some(arn) = event["methodArn"].as_str() {
        return authorize_by_policy(event, arn, credential, count);
    }
    match credential {
        "deny" => Ok(json!({"isAuthorized": false})),
        "fail" => Err("asked to fail".into()),
        "panic" => panic!("asked to panic"),
        "malformed" => Ok(json!({"isAuthorized": "yes"})),
        "plain" => Ok(json!({"isAuthorized": true})),
        _ => {
            let context = json!({"cluster": "local", "token": "current", "count": count, "event": event.to_string()});
            Ok(json!({"isAuthorized": true, "context": context}))
        }
    }
}

/// At a REST API.
fn authorize_by_policy(
    event: &Value,
    method_arn: &str,
    credential: &str,
    count: u64,
) -> Result<Value, Error> {
    let answer = |effect: &str, resource: &str, context: Value| {
        let statement =
            json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        Ok(json!({"principalId": "local", "policyDocument": policy, "context": context}))
    };
    let allow = |context: Value| answer("Allow", method_arn, context);
    match credential {
        "deny" => answer("Deny", "*", json!({})),
        "other" => answer("Allow", &format!("{method_arn}x"), json!({})),
        "fail" => Err("asked to fail".into()),
        "unauthorized" => Err("Unauthorized".into()),
        "panic" => panic!("asked to panic"),
        "malformed" => Ok(json!({"isAuthorized": true})),
        "nested" => allow(json!({"cluster": {"name": "local"}})),
        "plain" => allow(json!({})),
        _ => allow(json!({
            "cluster": "local", "token": "current", "count": count, "event": event.to_string(),
        })),
    }
}
