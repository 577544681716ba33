//! A storm of denials: what it sends to CloudWatch, and that no review waits for that.

use crate::bench::Bench;
use crate::failure::Failure;
use crate::journal;
use crate::load;
use crate::row::Row;
use crate::statistics::float;

/// Denials.
const DENIALS: usize = 1_000;

/// Of them a second: each sandbox denies many times while one put may leave.
const RATE: u32 = 250;

/// Sandboxes. Each sends one put a second at most.
const SANDBOXES: &str = "8";

/// Puts of one sandbox are at least a second apart when it sends them; they may arrive a little closer.
const WINDOW_MS: u64 = 900;

/// One row.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    bench.say(&format!("a storm of {DENIALS} denials"));
    let stack = bench.stack(&["--sandboxes", SANDBOXES, "--latency-ms", "20"]).await?;
    let foreign = |_| vec!["nginx".to_owned()];
    let load = load::steady(&stack, RATE, DENIALS, false, foreign).await?;
    let mut calls = journal::read(&stack.calls().await?).ok_or("calls cannot be read")?;
    stack.stop().await?;
    calls.retain(|call| call.operation == "PutMetricData");
    let arrivals: Vec<u64> = calls.iter().map(|call| call.at).collect();
    let busiest = busiest(&arrivals);
    let limit: usize = SANDBOXES.parse()?;
    Ok(vec![Row::count(
        format!(
            "storm: {DENIALS} denials in {:.0} s on {SANDBOXES} sandboxes",
            float(DENIALS) / f64::from(RATE)
        ),
        format!(
            "{} puts of metrics, {busiest} at most within 0.9 s; {} answered right, p50 {:.1} ms, p99 {:.1} ms",
            arrivals.len(),
            load.right,
            load.times.median(),
            load.times.percentile(99)
        ),
        format!("≤ {limit} puts a second, {DENIALS} answered right"),
        busiest <= limit && load.right == load.sent,
    )])
}

/// The largest number of arrivals within a window.
fn busiest(arrivals: &[u64]) -> usize {
    let within =
        |from: &u64| arrivals.iter().filter(|at| (*from..from + WINDOW_MS).contains(at)).count();
    arrivals.iter().map(within).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_busiest_second_is_found() {
        assert_eq!(super::busiest(&[]), 0);
        assert_eq!(super::busiest(&[0, 899, 900, 950, 2_000]), 3);
    }
}
