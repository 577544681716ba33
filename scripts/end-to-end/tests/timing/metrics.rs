//! Counts that CloudWatch did not take: once they wait for the next put, twice they are dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use local_cloud::stack::Stack;
use serde_json::json;
use tokio::task::JoinSet;

use end_to_end::cell::{denial, warm};
use end_to_end::support::{VALIDATE, pod, stack, sum, until_metrics};

use crate::in_time;

/// Between two puts, and a little.
const INTERVAL: Duration = Duration::from_millis(10_200);

#[tokio::test]
async fn what_failed_goes_with_the_next_put() {
    let stack = warm(&["--fault", "PutMetricData=server-error:1"]).await;
    denial(&stack).await;
    tokio::time::sleep(INTERVAL).await;
    assert_eq!(stack.metrics().await.unwrap(), "", "the first put failed");
    denial(&stack).await;
    assert_denials(&stack, 2).await;
    let log = stack.stop().await.unwrap().log;
    assert!(!log.contains("metrics_dropped"), "{log}");
}

#[tokio::test]
async fn what_failed_twice_is_dropped_with_one_line() {
    let stack = warm(&["--fault", "PutMetricData=server-error:2"]).await;
    for _ in 0..3 {
        denial(&stack).await;
        tokio::time::sleep(INTERVAL).await;
    }
    // The first is lost; the second failed once, and came with the third.
    assert_denials(&stack, 2).await;
    let log = stack.stop().await.unwrap().log;
    let dropped: Vec<&str> = log.lines().filter(|line| line.contains("metrics_dropped")).collect();
    assert_eq!(dropped.len(), 1, "{log}");
    assert!(dropped[0].contains("InternalServiceError"), "it says why: {}", dropped[0]);
}

async fn assert_denials(stack: &Stack, expected: u32) {
    let metrics = until_metrics(stack, |metrics| metrics.contains("Denied")).await;
    let counted = sum(&metrics, "Denied", &json!([]));
    assert!((counted - f64::from(expected)).abs() < 1e-9, "{counted} denials:\n{metrics}");
}

/// A put that hangs takes a second: an answer that waited for it would be late.
#[tokio::test]
async fn no_answer_waits_for_a_put() {
    in_time(Duration::from_millis(700), async || {
        let stack = warm(&["--fault", "PutMetricData=hang"]).await;
        let began = Instant::now();
        denial(&stack).await;
        began.elapsed()
    })
    .await;
}

/// A put that is in progress holds the next review for 100 ms, and no longer.
#[tokio::test]
async fn a_put_holds_the_next_review_for_a_tenth_of_a_second_at_most() {
    in_time(Duration::from_millis(600), async || {
        let stack = warm(&["--fault", "PutMetricData=hang"]).await;
        denial(&stack).await;
        let began = Instant::now();
        denial(&stack).await;
        began.elapsed()
    })
    .await;
}

/// Each sandbox puts once a second at most, whatever is denied.
#[tokio::test]
async fn a_storm_of_1000_denials_on_8_sandboxes_makes_8_puts_a_second_at_most() {
    let stack = Arc::new(stack(&["--sandboxes", "8"]).await);
    let began = Instant::now();
    let mut storm = JoinSet::new();
    for first in 0..8 {
        let stack = Arc::clone(&stack);
        storm.spawn(async move {
            for n in (first..1_000).step_by(8) {
                let reply = stack.review(VALIDATE, &pod(&n.to_string(), &["nginx"])).await;
                assert_eq!(reply.unwrap().status, 200);
            }
        });
    }
    storm.join_all().await;
    let took = began.elapsed();
    let calls = stack.calls().await.unwrap();
    let puts = calls.iter().filter(|call| call.contains("PutMetricData")).count();
    // The first of a sandbox is at once.
    let most = 8 * (usize::try_from(took.as_secs()).unwrap() + 1);
    assert!((8..=most).contains(&puts), "{puts} puts in {took:?}");
}
