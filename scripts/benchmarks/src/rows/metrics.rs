//! Metrics leave after the answer: a slow CloudWatch delays none.

use std::time::{Duration, Instant};

use local_cloud::stack::Stack;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::pods;
use crate::row::Row;
use crate::shape::VALIDATE;
use crate::statistics::{Sample, milliseconds};

/// What CloudWatch takes. A review of an image from elsewhere asks ECR nothing, so that of all AWS
/// calls only the put of its denial is slow.
const SLOW: &str = "500";

/// Between two reviews: the put is over by then, and the next denial is sent at once again.
const PAUSE: Duration = Duration::from_millis(1_200);

/// How long a put may hold the next review, in milliseconds.
const HOLD: f64 = 100.0;

/// How much later an answer may come, in milliseconds, and still count as not delayed.
const NOISE: f64 = 5.0;

/// Rows of the answer that causes a put, and of the review right behind it.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let rounds = bench.repetitions(20, 8);
    bench.say(&format!("answers before a slow CloudWatch: {rounds} rounds"));
    let sandbox = ["--sandboxes", "1", "--latency-ms"];
    let mut stacks = vec![];
    for latency in ["0", "0", SLOW] {
        let stack = bench.stack(&[&sandbox[..], &[latency]].concat()).await?;
        denied(&stack).await?;
        stacks.push((stack, vec![]));
    }
    tokio::time::sleep(PAUSE).await;
    for _ in 0..rounds {
        for (stack, times) in &mut stacks {
            times.push(denied(stack).await?);
        }
        tokio::time::sleep(PAUSE).await;
    }
    let mut behind = vec![];
    for _ in 0..rounds.min(5) {
        let (slow, _) = stacks.last().ok_or("there are three")?;
        denied(slow).await?;
        behind.push(denied(slow).await?);
        tokio::time::sleep(PAUSE).await;
    }
    let mut samples = vec![];
    for (stack, times) in stacks {
        stack.stop().await?;
        samples.push(Sample::from_iter(times));
    }
    let medians: Vec<f64> = samples.iter().map(Sample::median).collect();
    let [quick, again, slow] = medians.as_slice() else { return Err("there are three".into()) };
    let behind: Sample = behind.into_iter().collect();
    Ok(vec![
        Row::time(
            format!("answer not delayed by metrics: p50, CloudWatch takes {SLOW} ms against 0 ms"),
            format!("{slow:.1} ms against {quick:.1} ms (A/A {again:.1} ms)"),
            format!("equal (± {NOISE} ms)"),
            slow - quick <= NOISE,
        ),
        Row::time(
            format!("review right behind a put of {SLOW} ms, same sandbox: p50"),
            format!("{:.0} ms", behind.median()),
            format!("≤ {HOLD} ms and a review"),
            behind.median() <= HOLD + slow + 10.0 * NOISE,
        ),
    ])
}

/// How long the answer to a review takes that is denied without a call of ECR.
async fn denied(stack: &Stack) -> Result<Duration, Failure> {
    let review = pods::review("u", &["nginx".to_owned()]).ok_or("no captured Pod")?;
    let started = Instant::now();
    let reply = stack.review(VALIDATE, &review).await?;
    let took = started.elapsed();
    if reply.json()?.pointer("/response/allowed") == Some(&false.into()) {
        Ok(took)
    } else {
        let after = milliseconds(took);
        Err(format!("nginx was not denied: {} {} after {after:.0} ms", reply.status, reply.text())
            .into())
    }
}
