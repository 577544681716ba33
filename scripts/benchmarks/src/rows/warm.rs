//! A review whose facts are remembered: what the function itself costs, over the null function.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::Sandbox;
use crate::statistics::{Sample, float, milliseconds};
use crate::{catalogue, event, pods};

/// One program's reviews.
struct Reviews {
    sandbox: Sandbox,
    times: Vec<Duration>,
    cpu: Duration,
}

impl Reviews {
    fn sample(&self) -> Sample {
        self.times.iter().copied().collect()
    }

    /// CPU milliseconds of a review, what follows its answer included.
    fn cpu(&self) -> f64 {
        milliseconds(self.cpu) / float(self.times.len().max(1))
    }
}

/// Rows of a review of 3 images and of the largest Pod.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let images = catalogue::clean_images(0, 3);
    let small = pods::review("u", &images).ok_or("no captured Pod")?;
    let huge = pods::huge("u", &images).ok_or("no captured Pod")?;
    bench.say("cached reviews of 3 images");
    let mut rows = compare(bench, &small, bench.repetitions(2_000, 400), "3 images", 1.0).await?;
    bench.say("cached reviews of the 1.25 MB Pod");
    rows.extend(compare(bench, &huge, bench.repetitions(100, 20), "1.25 MB Pod", 15.0).await?);
    Ok(rows)
}

/// `rounds` reviews by the function and by two null functions, in turns.
async fn compare(
    bench: &Bench,
    review: &Value,
    rounds: usize,
    name: &str,
    bar_ms: f64,
) -> Result<Vec<Row>, Failure> {
    let mut turns = [
        start(bench.admission(), review).await?,
        start(bench.null(), review).await?,
        start(bench.null(), review).await?,
    ];
    for reviews in &mut turns {
        reviews.cpu = reviews.sandbox.cpu()?;
    }
    for _ in 0..rounds {
        let event = event::validate(review)?;
        for reviews in &mut turns {
            let took = reviews.sandbox.invoke(event.clone()).await?.took;
            reviews.times.push(took);
        }
    }
    for reviews in &mut turns {
        reviews.cpu = reviews.sandbox.cpu()?.saturating_sub(reviews.cpu);
    }
    let [admission, null, again] = &turns;
    let over = admission.cpu() - null.cpu();
    let rows = vec![
        Row::time(
            format!("cached review, {name}: CPU over the null function"),
            format!(
                "{over:.2} ms ({:.2} − {:.2}; A/A {:.2})",
                admission.cpu(),
                null.cpu(),
                again.cpu()
            ),
            format!("≤ {bar_ms} ms"),
            over <= bar_ms,
        ),
        Row::plain(
            format!("cached review, {name}: p50 / p99"),
            format!(
                "{}; null {}; null again (A/A) {}",
                edges(&admission.sample()),
                edges(&null.sample()),
                edges(&again.sample())
            ),
        ),
    ];
    for reviews in turns {
        reviews.sandbox.stop().await?;
    }
    Ok(rows)
}

fn edges(sample: &Sample) -> String {
    format!("{:.2} / {:.2} ms", sample.median(), sample.percentile(99))
}

/// A sandbox that has answered the review, and so remembers its facts.
async fn start(program: crate::sandbox::Program, review: &Value) -> Result<Reviews, Failure> {
    let mut sandbox = Sandbox::start(&program).await?;
    for _ in 0..3 {
        let event: Bytes = event::validate(review)?;
        let answered = sandbox.invoke(event).await?;
        if event::admits(&answered.body) != Some(true) {
            return Err(format!("{} did not admit: {answered:?}", program.name).into());
        }
    }
    Ok(Reviews { sandbox, times: vec![], cpu: Duration::ZERO })
}
