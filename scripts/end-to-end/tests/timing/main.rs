//! What must be fast or slow by a real clock, and no count of calls can show. Limits that a machine can be
//! too slow for are tried three times; all other tests hold on a machine of any speed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod frozen;
mod hangs;
mod metrics;

use std::time::Duration;

/// Holds when one of three attempts takes less: a busy machine spoils some of them, not all.
async fn in_time(limit: Duration, attempt: impl AsyncFn() -> Duration) {
    let mut took = vec![];
    while took.len() < 3 {
        let time = attempt().await;
        if time < limit {
            return;
        }
        took.push(time);
    }
    panic!("expected less than {limit:?} once, got {took:?}");
}
