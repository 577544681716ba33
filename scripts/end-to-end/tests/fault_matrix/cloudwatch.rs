//! CloudWatch fails: no answer changes or waits, and the next review is held for a second at most.

use std::time::{Duration, Instant};

use local_cloud::stack::Stack;
use tokio::task::JoinSet;

use crate::cell::{Answer, VALIDATE, answer, counted, warm};
use end_to_end::support::pod;

/// What a review of an image that is not looked up may take here. A put that fails slowly takes a
/// second, so that an answer that waited for one would be far off.
const AT_ONCE: Duration = Duration::from_millis(700);

/// How long a put may hold the next review.
const PUT: Duration = Duration::from_secs(1);

/// How often `PutMetricData` is called for three denials in a row. A denial is sent at once, but after
/// a put that failed everything waits for the next interval, so that CloudWatch is not stormed. What
/// was answered with 200 did not fail: the operation has no output that could be missing.
#[rustfmt::skip]
const MATRIX: [(&str, usize, usize); 7] = [
    // fault          first call only   every call
    ("throttle",      1,                1),
    ("access-denied", 1,                1),
    ("server-error",  1,                1),
    ("hang",          1,                1),
    ("reset",         1,                1),
    ("malformed",     3,                3),
    ("slow",          1,                1),
];

#[tokio::test]
async fn metrics_cannot_be_put() {
    let mut running: JoinSet<Option<String>> = JoinSet::new();
    for (fault, first, every) in MATRIX {
        running.spawn(wrong(format!("PutMetricData={fault}:1"), first));
        running.spawn(wrong(format!("PutMetricData={fault}"), every));
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

async fn wrong(fault: String, puts: usize) -> Option<String> {
    let stack = warm(&["--fault", &fault]).await;
    let denied = [denial(&stack).await, denial(&stack).await, denial(&stack).await];
    let limits = [AT_ONCE, PUT + AT_ONCE, AT_ONCE];
    let in_time = denied.iter().zip(limits).all(|(took, limit)| *took < limit);
    // A put that is on its way has a second.
    tokio::time::sleep(PUT).await;
    let seen = counted(&stack).await.get("PutMetricData").copied().unwrap_or_default();
    (!in_time || seen != puts)
        .then(|| format!("{fault}: denied in {denied:?}, {seen} PutMetricData, not {puts}"))
}

/// Has a Pod denied, and says how long that took.
pub(crate) async fn denial(stack: &Stack) -> Duration {
    let began = Instant::now();
    let reply = stack.review(VALIDATE, &pod("the-uid", &["nginx"])).await.unwrap();
    let took = began.elapsed();
    let message = "spec.containers[0].image \"nginx\": is not in an Amazon ECR private registry; push \
                   it to <account>.dkr.ecr.<region>.amazonaws.com and name it there [ecr-registry]";
    assert_eq!(answer(&reply), Answer::Denied(message.to_owned()));
    took
}
