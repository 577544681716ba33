//! The runtime runs functions as Lambda does.
#![cfg(test)]

mod support;

use std::time::{Duration, Instant};

use local_cloud::stack::Stack;
use serde_json::json;
use support::{options, order, seen, stack};

/// Waits until a line of the log contains `text`.
async fn until_logged(stack: &Stack, text: &str) {
    let patience = Instant::now() + Duration::from_secs(10);
    while !stack.log().contains(text) {
        assert!(Instant::now() < patience, "no {text:?} in\n{}", stack.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
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
    let slow = json!({"do": "sleep", "ms": 600});
    let since = Instant::now();
    let replies =
        tokio::join!(order(&stack, slow.clone()), order(&stack, slow.clone()), order(&stack, slow));
    assert!(
        since.elapsed() < Duration::from_millis(1700),
        "at the same time: {:?}",
        since.elapsed()
    );
    let pids: std::collections::BTreeSet<u64> = [replies.0, replies.1, replies.2]
        .iter()
        .map(|reply| reply.json().unwrap()["pid"].as_u64().unwrap())
        .collect();
    assert_eq!(pids.len(), 3);
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
    let since = Instant::now();
    let reply = order(&stack, json!({"do": "linger", "ms": 800})).await;
    assert_eq!(reply.status, 200);
    assert!(
        since.elapsed() < Duration::from_millis(500),
        "what comes after the answer does not delay it"
    );
    let next = seen(&stack).await;
    assert!(since.elapsed() >= Duration::from_millis(800), "the next event had to wait");
    assert_eq!(next["count"], 3, "in the same sandbox");
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
    let (slow, crash, waiting) = tokio::join!(
        order(&stack, json!({"do": "sleep", "ms": 300})),
        async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            order(&stack, json!({"do": "crash"})).await
        },
        async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            seen(&stack).await
        }
    );
    assert_eq!((slow.status, crash.status, waiting["count"].as_u64()), (200, 500, Some(1)));
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
    let since = Instant::now();
    let reply = order(&stack, json!({"do": "sleep", "ms": 60_000})).await;
    assert_eq!(reply.status, 500);
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
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
    assert!((4_000..=7_000).contains(&left), "{left}");
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
    let elapsed = since.elapsed();
    assert!((10..14).contains(&elapsed.as_secs()), "{elapsed:?}");
    until_logged(&stack, "admission[1] Sandbox.Timedout: init took longer than 10 s").await;
}

#[tokio::test]
async fn an_idle_sandbox_is_told_to_end() {
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
    let slow = json!({"do": "sleep", "ms": 300});
    let replies = tokio::join!(order(&stack, slow.clone()), order(&stack, slow));
    let pids = [replies.0, replies.1].map(|reply| reply.json().unwrap()["pid"].as_u64().unwrap());
    let since = Instant::now();
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.status.success(), "{:?}", stopped.status);
    assert!(since.elapsed() < Duration::from_secs(3));
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
    assert!((500..3_000).contains(&since.elapsed().as_millis()), "{:?}", since.elapsed());
    assert!(!lives(pid));
}

#[tokio::test]
async fn a_stop_answers_the_events_under_way() {
    let stack = stack(&[]).await;
    seen(&stack).await;
    let client = stack.client().clone();
    let under_way = tokio::spawn(async move {
        let headers = [support::ALLOWED, support::JSON];
        client.send(http::Method::POST, "/validate", &headers, r#"{"do":"sleep","ms":60000}"#).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopped = stack.stop().await.unwrap();
    assert!(stopped.status.success());
    assert_eq!(under_way.await.unwrap().unwrap().status, 500);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_local_cloud_leaves_no_sandbox_behind() {
    let stack = options().start().await.unwrap();
    let pid = seen(&stack).await["pid"].as_u64().unwrap();
    // Busy, so that it would not notice by itself for a minute.
    let client = stack.client().clone();
    tokio::spawn(async move {
        let headers = [support::ALLOWED, support::JSON];
        client.send(http::Method::POST, "/validate", &headers, r#"{"do":"sleep","ms":60000}"#).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(lives(pid));
    let own = rustix::process::Pid::from_raw(i32::try_from(stack.pid().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
    let patience = Instant::now() + Duration::from_secs(5);
    while lives(pid) {
        assert!(Instant::now() < patience, "sandbox {pid} outlives local-cloud");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
