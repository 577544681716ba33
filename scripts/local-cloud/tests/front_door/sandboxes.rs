//! The runtime runs functions as Lambda does.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::{JSON, options, options_over, order, seen, stack};
use local_cloud::client::Reply;
use local_cloud::stack::Stack;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until the log contains `text`.
async fn until_logged(stack: &Stack, text: &str) {
    until_logged_times(stack, text, 1).await;
}

async fn until_logged_times(stack: &Stack, text: &str, times: usize) {
    let logged = || stack.log().matches(text).count() >= times;
    until(&format!("no {text:?} {times} times"), logged).await;
}

/// Sends an event in the background.
fn sent(stack: &Stack, authorization: &'static str, order: &Value) -> JoinHandle<Reply> {
    let (client, order) = (stack.client().clone(), order.to_string());
    tokio::spawn(async move {
        let headers = [("authorization", authorization), JSON];
        client.send(http::Method::POST, "/validate", &headers, order).await.unwrap()
    })
}

/// The pids of sandboxes that have events at the same time.
async fn at_the_same_time<const N: usize>(stack: &Stack) -> BTreeSet<u64> {
    let directory = tempfile::tempdir().unwrap();
    let meet = json!({"do": "meet", "file": directory.path(), "sandboxes": N});
    let mut pids = BTreeSet::new();
    for reply in [(); N].map(|()| sent(stack, "Bearer allow", &meet)) {
        pids.insert(reply.await.unwrap().json().unwrap()["pid"].as_u64().unwrap());
    }
    pids
}

/// Whether a process is there and is not merely waiting to be reaped.
fn lives(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
    })
}

#[tokio::test]
async fn a_function_gets_lambdas_environment_and_nothing_of_ours() {
    let stack = stack(&["--admission-env", "OWN=1", "--ignored-namespaces", "a,b"]).await;
    let variables = seen(&stack).await["variables"].take();
    let names: Vec<&str> = variables.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "IGNORED_NAMESPACES",
        "LAMBDA_TASK_ROOT",
        "LANG",
        "OWN",
        "PATH",
        "PIN_NAMESPACES",
        "REGISTRY_IDS",
        "REGISTRY_REGION",
        "SSL_CERT_FILE",
        "TZ",
        "_HANDLER",
    ];
    let lambdas: Vec<&str> = names.into_iter().filter(|name| *name != "_X_AMZN_TRACE_ID").collect();
    assert_eq!(lambdas, expected);
    assert_eq!(variables["IGNORED_NAMESPACES"], "a,b");
    assert_eq!(variables["AWS_REGION"], "us-east-1");
    let trusted = stack.directory().canonicalize().unwrap().join("ca.pem");
    assert_eq!(variables["SSL_CERT_FILE"], trusted.to_str().unwrap());
}

#[tokio::test]
async fn a_recording_makes_the_stack_one_of_its_account_and_region() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("facts.yaml");
    let keys = "recordedAt: 2026-11-26T08:00:00Z\naccount: \"210987654321\"\nregion: eu-west-1\n";
    std::fs::write(&file, format!("{keys}registries: []\n")).unwrap();
    let stack = options_over(&file).start().await.unwrap();
    let variables = seen(&stack).await["variables"].take();
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(variables["REGISTRY_REGION"], "eu-west-1");
    assert_eq!(variables["REGISTRY_IDS"], "210987654321");
}

#[tokio::test]
async fn a_sandbox_is_started_on_demand_and_used_again() {
    let stack = stack(&["--sandboxes", "1"]).await;
    assert!(!stack.log().contains("started with"), "nothing runs before the first event");
    let first = seen(&stack).await;
    let second = seen(&stack).await;
    assert_eq!(
        (first["pid"].as_u64(), second["count"].as_u64()),
        (second["pid"].as_u64(), Some(2))
    );
    let stopped = stack.stop().await.unwrap();
    let reports: Vec<&str> =
        stopped.log.lines().filter(|line| line.contains("admission[1] REPORT")).collect();
    assert_eq!(reports.len(), 2, "{}", stopped.log);
    assert!(
        reports[0].contains("Init Duration: ") && !reports[1].contains("Init Duration: "),
        "{reports:?}"
    );
    assert!(
        reports
            .iter()
            .all(|line| line.contains("\tDuration: ") && line.contains("\tMax Memory Used: "))
    );
}

#[tokio::test]
async fn each_sandbox_has_one_event_at_a_time_and_further_ones_wait() {
    let stack = stack(&["--sandboxes", "1"]).await;
    seen(&stack).await;
    let since = Instant::now();
    let slow = json!({"do": "sleep", "ms": 300});
    let replies =
        tokio::join!(order(&stack, slow.clone()), order(&stack, slow.clone()), order(&stack, slow));
    let pids: Vec<_> =
        [replies.0, replies.1, replies.2].map(|reply| reply.json().unwrap()["pid"].take()).into();
    assert!(since.elapsed() >= Duration::from_millis(900), "one after another");
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
}

#[tokio::test]
async fn events_at_the_same_time_get_sandboxes_of_their_own() {
    let stack = stack(&["--sandboxes", "3"]).await;
    assert_eq!(at_the_same_time::<3>(&stack).await.len(), 3);
}

#[tokio::test]
async fn two_hundred_events_at_once_are_all_answered() {
    let stack = std::sync::Arc::new(stack(&[]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let stack = std::sync::Arc::clone(&stack);
        tasks.spawn(async move { order(&stack, json!({"do": "sleep", "ms": 10})).await.status });
    }
    assert_eq!(tasks.join_all().await, vec![200; 200]);
}

#[tokio::test]
async fn the_answer_leaves_at_once_and_the_sandbox_is_free_when_it_asks_again() {
    let stack = stack(&["--sandboxes", "1"]).await;
    seen(&stack).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    // It is answered although the function waits for the file before it asks again.
    assert_eq!(order(&stack, json!({"do": "linger", "file": file})).await.status, 200);
    let next = sent(&stack, "Bearer next", &json!({}));
    until_logged_times(&stack, "authorizer[1] END", 2).await;
    assert_eq!(stack.log().matches("admission[1] START").count(), 2, "the next event waits");
    std::fs::write(&file, "").unwrap();
    assert_eq!(next.await.unwrap().json().unwrap()["count"], 3, "in the same sandbox");
}

#[tokio::test]
async fn a_crash_is_answered_and_recovered_from() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let first = seen(&stack).await;
    let crash = order(&stack, json!({"do": "crash"})).await;
    assert_eq!(
        (crash.status, crash.text().as_str()),
        (500, r#"{"message":"Internal Server Error"}"#)
    );
    let second = seen(&stack).await;
    assert_ne!(first["pid"], second["pid"]);
    assert_eq!(second["count"], 1, "a new sandbox");
    until_logged(&stack, "admission[1] Runtime.ExitError: the runtime exited: exit status: 3")
        .await;
}

#[tokio::test]
async fn events_that_wait_survive_the_crash_before_them() {
    let stack = stack(&["--sandboxes", "1"]).await;
    seen(&stack).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    let slow = sent(&stack, "Bearer allow", &json!({"do": "wait", "file": file}));
    until_logged_times(&stack, "admission[1] START", 2).await;
    // Each has a token of its own: the authorizer's log shows how far it has come.
    let crash = sent(&stack, "Bearer crash", &json!({"do": "crash"}));
    until_logged_times(&stack, "authorizer[1] END", 2).await;
    let waiting = sent(&stack, "Bearer waiting", &json!({}));
    until_logged_times(&stack, "authorizer[1] END", 3).await;
    std::fs::write(&file, "").unwrap();
    assert_eq!((slow.await.unwrap().status, crash.await.unwrap().status), (200, 500));
    assert_eq!(waiting.await.unwrap().json().unwrap()["count"], 1);
}

#[tokio::test]
async fn a_sandbox_that_died_idle_is_replaced_unnoticed() {
    let stack = stack(&["--sandboxes", "1"]).await;
    let pid = seen(&stack).await["pid"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    until_logged(&stack, "admission[1] Runtime.ExitError: the runtime exited: signal: 9").await;
    assert_eq!(seen(&stack).await["count"], 1);
}

#[tokio::test]
async fn an_event_that_takes_too_long_ends_its_sandbox() {
    let stack = stack(&["--sandboxes", "1", "--function-timeout-ms", "400"]).await;
    let first = seen(&stack).await;
    assert_eq!(order(&stack, json!({"do": "sleep", "ms": 60_000})).await.status, 500);
    assert_ne!(seen(&stack).await["pid"], first["pid"]);
    assert!(!lives(first["pid"].as_u64().unwrap()));
    let log = stack.log();
    assert!(
        log.contains("the task timed out after 0.40 s") && log.contains("\tStatus: timeout"),
        "{log}"
    );
}

#[tokio::test]
async fn the_deadline_of_an_event_is_its_timeout() {
    let stack = stack(&["--function-timeout-ms", "7000"]).await;
    let seen = seen(&stack).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let left =
        i128::from(seen["deadline"].as_u64().unwrap()) - i128::try_from(now.as_millis()).unwrap();
    assert!((1..=7_000).contains(&left), "{left}");
    assert_eq!(seen["arn"], "arn:aws:lambda:us-east-1:123456789012:function:admission");
}

#[tokio::test]
async fn a_function_that_cannot_start_is_an_error_each_time() {
    let stack = stack(&["--admission-env", "SCRIPTED_INIT=crash"]).await;
    for sandbox in 1..=2 {
        assert_eq!(order(&stack, json!({})).await.status, 500);
        until_logged(
            &stack,
            &format!("admission[{sandbox}] Runtime.ExitError: the runtime exited: exit status: 9"),
        )
        .await;
    }
}

#[tokio::test]
async fn init_has_ten_seconds() {
    let stack = stack(&["--admission-env", "SCRIPTED_INIT=hang"]).await;
    let since = Instant::now();
    assert_eq!(order(&stack, json!({})).await.status, 500);
    assert!(since.elapsed() >= Duration::from_secs(10), "{:?}", since.elapsed());
    until_logged(&stack, "admission[1] Sandbox.Timedout: init took longer than 10 s").await;
}

#[tokio::test]
async fn an_idle_sandbox_is_ended() {
    let stack = stack(&["--idle-seconds", "1"]).await;
    let first = seen(&stack).await;
    until_logged(&stack, "admission[1] goodbye after 1 events").await;
    let second = seen(&stack).await;
    assert_ne!(first["pid"], second["pid"]);
    assert_eq!(second["count"], 1);
}

#[tokio::test]
async fn without_an_extension_there_is_no_sigterm() {
    let stack = stack(&["--admission-env", "SCRIPTED_INIT=no extension"]).await;
    let pid = seen(&stack).await["pid"].as_u64().unwrap();
    let stopped = stack.stop().await.unwrap();
    assert!(!stopped.log.contains("admission[1] goodbye"), "{}", stopped.log);
    assert!(stopped.log.contains("authorizer[1] goodbye"), "{}", stopped.log);
    assert!(!lives(pid));
}

#[tokio::test]
async fn sandboxes_say_goodbye_when_local_cloud_stops() {
    let stack = stack(&["--sandboxes", "2"]).await;
    let pids = at_the_same_time::<2>(&stack).await;
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.status.success(), "{:?}", stopped.status);
    for sandbox in ["admission[1]", "admission[2]", "authorizer[1]"] {
        assert!(
            stopped.log.contains(&format!("{sandbox} goodbye after")),
            "{sandbox}:\n{}",
            stopped.log
        );
    }
    assert!(!pids.into_iter().any(lives));
}

#[tokio::test]
async fn a_sandbox_that_does_not_end_is_killed_after_half_a_second() {
    let stack = stack(&["--admission-env", "SCRIPTED_GOODBYE=hang"]).await;
    let pid = seen(&stack).await["pid"].as_u64().unwrap();
    let since = Instant::now();
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.log.contains("admission[1] goodbye after 1 events"), "{}", stopped.log);
    assert!(since.elapsed() >= Duration::from_millis(500), "{:?}", since.elapsed());
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_stop_answers_the_events_in_progress() {
    let stack = stack(&["--sandboxes", "1"]).await;
    seen(&stack).await;
    let in_progress = sent(&stack, "Bearer allow", &json!({"do": "sleep", "ms": 60_000}));
    until_logged_times(&stack, "admission[1] START", 2).await;
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.status.success());
    assert_eq!(in_progress.await.unwrap().status, 500);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_local_cloud_leaves_no_sandbox_behind() {
    let stack = options().args(["--sandboxes", "1"]).start().await.unwrap();
    let pid = seen(&stack).await["pid"].as_u64().unwrap();
    // Busy, so that it would not notice by itself for a minute.
    let busy = sent(&stack, "Bearer allow", &json!({"do": "sleep", "ms": 60_000}));
    until_logged_times(&stack, "admission[1] START", 2).await;
    assert!(lives(pid));
    let own = rustix::process::Pid::from_raw(i32::try_from(stack.pid().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
    until(&format!("sandbox {pid} outlives local-cloud"), || !lives(pid)).await;
    assert!(busy.await.is_err(), "it was never answered");
}

#[tokio::test]
async fn an_event_can_be_made_to_be_none() {
    let args = ["--sandboxes", "1", "--fault", "Invoke@admission=malformed:1"];
    let stack = stack(&args).await;
    let spoilt = seen(&stack).await;
    assert_eq!(spoilt["event"]["requestContext"], "/validate");
    assert_eq!(seen(&stack).await["event"]["requestContext"]["http"]["path"], "/validate");
}
