//! CloudWatch fails: no answer changes. That none waits is in `tests/timing`.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::task::JoinSet;

use end_to_end::cell::{counted, denial, warm};

/// How long a put may take.
const PUT: Duration = Duration::from_secs(1);

/// How often `PutMetricData` may be called for three denials in a row. The first is sent at once, and another put
/// comes a second later at the soonest; after a put that failed everything waits for the next interval, so that
/// CloudWatch is not stormed. What was answered with 200 did not fail: the operation has no output that could be
/// missing.
#[rustfmt::skip]
const MATRIX: [(&str, RangeInclusive<usize>); 7] = [
    ("throttle",      1..=1),
    ("access-denied", 1..=1),
    ("server-error",  1..=1),
    ("hang",          1..=1),
    ("reset",         1..=1),
    ("malformed",     1..=3),
    ("slow",          1..=1),
];

#[tokio::test]
async fn metrics_cannot_be_put() {
    let mut running: JoinSet<Option<String>> = JoinSet::new();
    for (fault, puts) in MATRIX {
        running.spawn(wrong(format!("PutMetricData={fault}:1"), puts.clone()));
        running.spawn(wrong(format!("PutMetricData={fault}"), puts));
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

async fn wrong(fault: String, puts: RangeInclusive<usize>) -> Option<String> {
    let stack = warm(&["--fault", &fault]).await;
    for _ in 0..3 {
        denial(&stack).await;
    }
    // A put that is on its way has a second.
    tokio::time::sleep(PUT).await;
    let seen = counted(&stack).await.get("PutMetricData").copied().unwrap_or_default();
    (!puts.contains(&seen)).then(|| format!("{fault}: {seen} PutMetricData, not {puts:?}"))
}
