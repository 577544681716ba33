//! ECR hangs: the denial comes before the caller gives up.

use std::time::{Duration, Instant};

use local_cloud::stack::Stack;
use tokio::task::JoinSet;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::statistics::{Sample, milliseconds};
use crate::{catalogue, pods};

/// What a caller may wait for, in seconds.
const TIMEOUTS: [u64; 3] = [2, 5, 10];

/// How long before that the answer must have come.
const MARGIN: Duration = Duration::from_millis(200);

/// One row for each timeout: reviews on cold and on warm sandboxes.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let stacks = bench.repetitions(3, 1);
    let reviews = 2 * stacks;
    bench
        .say(&format!("deadlines: {reviews} reviews for each of {TIMEOUTS:?} s, at the same time"));
    let mut rows = vec![];
    let mut waiting = vec![];
    for timeout in TIMEOUTS {
        for _ in 0..stacks {
            waiting.push((timeout, hanging(bench).await?));
        }
    }
    // Those of one timeout after those of another: none starts its sandboxes beside many others.
    let mut answers = JoinSet::new();
    for (timeout, stack) in waiting {
        answers.spawn(async move {
            let answered = two_reviews(&stack, timeout).await;
            (timeout, answered.map_err(|failure| failure.to_string()))
        });
    }
    let answers = answers.join_all().await;
    for timeout in TIMEOUTS {
        let mut left = vec![];
        for (_, answered) in answers.iter().filter(|(of, _)| *of == timeout) {
            for took in answered.clone()? {
                left.push(milliseconds(Duration::from_secs(timeout)) - milliseconds(took));
            }
        }
        let left: Sample = left.into_iter().collect();
        rows.push(Row::time(
            format!("deadline: ECR hangs, ?timeout={timeout}s, cold and warm sandbox"),
            format!("denied {:.0} ms before it (worst of {})", left.least(), left.len()),
            format!("≥ {} ms", MARGIN.as_millis()),
            left.least() >= milliseconds(MARGIN),
        ));
    }
    Ok(rows)
}

async fn hanging(bench: &Bench) -> Result<Stack, Failure> {
    let mut arguments = vec!["--sandboxes", "1"];
    for fault in [
        "DescribeRepositories=hang",
        "BatchGetRepositoryScanningConfiguration=hang",
        "DescribeImageScanFindings=hang",
        "BatchGetImage=hang",
    ] {
        arguments.extend(["--fault", fault]);
    }
    bench.stack(&arguments).await
}

/// How long the first review takes, which both sandboxes start for, and the second.
async fn two_reviews(stack: &Stack, timeout: u64) -> Result<[Duration; 2], Failure> {
    let review = pods::review("u", &catalogue::clean_images(0, 3)).ok_or("no captured Pod")?;
    let mut took = [Duration::ZERO; 2];
    for took in &mut took {
        let started = Instant::now();
        let reply = stack.review(&format!("/validate?timeout={timeout}s"), &review).await?;
        *took = started.elapsed();
        let text = reply.text();
        if reply.status != 200 || !text.contains("timed out") {
            return Err(format!("a denial was expected: {} {text}", reply.status).into());
        }
    }
    Ok(took)
}
