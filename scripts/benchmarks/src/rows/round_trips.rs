//! How many round trips to ECR a review waits for, one after another: by how much longer it takes
//! when every call of AWS takes longer.

use std::time::Instant;

use local_cloud::stack::Stack;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::shape::{Shape, shapes};
use crate::statistics::{Sample, float, slope};

/// What is added to every call of AWS, in milliseconds.
const LATENCIES: [u16; 4] = [0, 20, 40, 80];

/// How far a slope may lie from a whole number: the machine is not quiet.
const TOLERANCE: f64 = 0.25;

/// Reviews that open connections and fill caches, before those that count.
const WARM_UP: usize = 2;

/// The latencies of one shape of review.
struct Series {
    /// What was reviewed.
    name: &'static str,
    /// Round trips that are expected.
    expected: usize,
    /// Round trips that were measured: milliseconds of latency for each millisecond added.
    slope: f64,
    /// Milliseconds added, median latency in milliseconds, and its spread.
    points: Vec<[f64; 3]>,
}

/// One row for each shape of review.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let shapes: Vec<Shape> = shapes().into_iter().filter(|shape| shape.timed).collect();
    bench.say("round trips to ECR: starting 8 local clouds");
    let mut stacks = vec![];
    for latency in LATENCIES {
        for cache in ["CACHE_SECONDS=0", "CACHE_SECONDS=300"] {
            let latency = latency.to_string();
            let arguments =
                ["--sandboxes", "1", "--admission-env", cache, "--latency-ms", &latency];
            stacks.push((latency.parse::<u16>()?, cache, bench.stack(&arguments).await?));
        }
    }
    let rounds = bench.repetitions(30, 8);
    // Every shape at every latency once in each round, so that what slows the machine for a while
    // slows all of them.
    let mut times = vec![vec![vec![]; LATENCIES.len()]; shapes.len()];
    for round in 0..WARM_UP + rounds {
        if round % 5 == 0 {
            bench.say(&format!("round trips to ECR: round {} of {rounds}", round.max(1)));
        }
        for (shape, times) in shapes.iter().zip(&mut times) {
            for (latency, times) in LATENCIES.into_iter().zip(times) {
                let stack = stacks
                    .iter()
                    .find(|(of, cache, _)| *of == latency && *cache == shape.cache_argument());
                let took = timed(shape, &stack.ok_or("a stack is missing")?.2).await?;
                if round >= WARM_UP {
                    times.push(took);
                }
            }
        }
    }
    for (_, _, stack) in stacks {
        stack.stop().await?;
    }
    Ok(shapes.iter().zip(times).map(|(shape, times)| row(&series(shape, times))).collect())
}

async fn timed(shape: &Shape, stack: &Stack) -> Result<std::time::Duration, Failure> {
    let started = Instant::now();
    shape.review(stack).await?;
    Ok(started.elapsed())
}

fn series(shape: &Shape, times: Vec<Vec<std::time::Duration>>) -> Series {
    let points: Vec<[f64; 3]> = LATENCIES
        .into_iter()
        .zip(times)
        .map(|(latency, times)| {
            let sample: Sample = times.into_iter().collect();
            [latency.into(), sample.median(), sample.spread()]
        })
        .collect();
    let line: Vec<(f64, f64)> = points.iter().map(|[x, y, _]| (*x, *y)).collect();
    Series { name: shape.name, expected: shape.depth, slope: slope(&line), points }
}

fn row(series: &Series) -> Row {
    let medians: Vec<String> = series
        .points
        .iter()
        .map(|[_, median, spread]| format!("{median:.0} ± {spread:.0}"))
        .collect();
    Row::time(
        format!("serial ECR round trips: {}", series.name),
        format!("{:.2} ({} ms)", series.slope, medians.join(", ")),
        series.expected.to_string(),
        (series.slope - float(series.expected)).abs() <= TOLERANCE,
    )
}
