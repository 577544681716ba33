//! What a review waits for under the share of a core that Lambda gives each memory size, near to AWS and far from it.

use std::time::Duration;

use crate::bench::Bench;
use crate::catalogue;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::pair::Pair;
use crate::row::Row;
use crate::sandbox::{Answered, Program};
use crate::share::{self, SIZES, Share};
use crate::statistics::{Sample, milliseconds};

/// What each call of AWS, and each TLS handshake, takes longer, in milliseconds.
const DISTANCES: [u64; 2] = [0, 20];

/// Images of the Pods that meet no sandbox.
const IMAGES: [usize; 3] = [1, 3, 20];

/// Of the reviews that a warm sandbox answers.
const WARM_IMAGES: usize = 3;

/// The bars of the size that is chosen, at the longer distance.
const COLD_BAR_MS: f64 = 2_500.0;
const CACHED_BAR_MS: f64 = 50.0;

/// What was measured at one size and distance.
#[derive(Debug, Default)]
struct Times {
    /// By `IMAGES`.
    cold: [Vec<Duration>; IMAGES.len()],
    fresh: Vec<Duration>,
    cached: Vec<Duration>,
    /// What Lambda bills of a fresh and of a cached review, rounded up to a millisecond each.
    billed: [Vec<Duration>; 2],
}

/// The result at one size, for the picture and for the costs.
#[derive(Clone, Debug)]
pub struct Size {
    /// In MiB.
    pub memory_mib: u32,
    /// In milliseconds, of a review of 3 images that meets no sandbox.
    pub cold_p99_ms: f64,
    /// Of a review of 3 images by a warm sandbox that does not know them.
    pub fresh_p50_ms: f64,
    /// Of one that does.
    pub cached_p99_ms: f64,
    /// Mean milliseconds that Lambda bills of a fresh, and of a cached review.
    pub billed_ms: [f64; 2],
}

/// One row for each size and distance; the sizes at the longer distance. No row but one that says why, where there are
/// no control groups.
pub async fn measure(bench: &Bench) -> Result<(Vec<Row>, Vec<Size>), Failure> {
    if let Err(error) = Share::of(128) {
        let figure = format!("not measured: this user cannot make a control group ({error})");
        return Ok((vec![Row::plain("Lambda's share of a core", figure)], vec![]));
    }
    let (mut rows, mut sizes) = (vec![], vec![]);
    for distance in DISTANCES {
        let folder = bench.file(&format!("sizes-{distance}"));
        std::fs::create_dir(&folder)?;
        let latency = Duration::from_millis(distance);
        let cloud = Cloud::at(latency, &folder, &catalogue::yaml(), []).await?;
        sizes.clear();
        for (memory_mib, times) in series(bench, &cloud, distance).await? {
            let size = size(memory_mib, &times);
            rows.push(row(distance, &size, &times));
            sizes.push(size);
        }
    }
    Ok((rows, sizes))
}

/// Every size once in each round, and the first once more (A/A).
async fn series(bench: &Bench, cloud: &Cloud, distance: u64) -> Result<Vec<(u32, Times)>, Failure> {
    let rounds = bench.repetitions(40, 2);
    let again = SIZES.first().copied();
    let mut series: Vec<(u32, Times)> =
        SIZES.into_iter().chain(again).map(|size| (size, Times::default())).collect();
    for round in 0..rounds {
        if round % 10 == 0 {
            bench.say(&format!("Lambda's share, AWS + {distance} ms: round {round} of {rounds}"));
        }
        let turns = series.len();
        for turn in 0..turns {
            // From round to round another is the first.
            let Some((memory_mib, times)) = series.get_mut((turn + round) % turns) else { continue };
            one(bench, cloud, *memory_mib, times).await?;
        }
    }
    Ok(series)
}

/// A cold review of each number of images, and reviews of the sandboxes that they leave.
async fn one(bench: &Bench, cloud: &Cloud, memory_mib: u32, times: &mut Times) -> Result<(), Failure> {
    let at = |program: Program| {
        let mut environment = cloud.environment.clone();
        let memory = memory_mib.to_string();
        environment.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), memory);
        Program { environment, ..program }
    };
    let pair = Pair { authorizer: at(bench.authorizer()), admission: at(bench.admission()), memory_mib };
    for (images, cold) in IMAGES.into_iter().zip(&mut times.cold) {
        let mut warm = pair.cold(&catalogue::clean_images(0, images)).await?;
        cold.push(warm.first);
        if images == WARM_IMAGES {
            let [fresh_billed, cached_billed] = &mut times.billed;
            // Those that the sandbox does not know yet, and the same once more.
            for number in 1..=bench.repetitions(10, 5) {
                let images = catalogue::clean_images(number * WARM_IMAGES, WARM_IMAGES);
                let fresh = warm.review(&images).await?;
                times.fresh.push(fresh.took);
                fresh_billed.push(billed(&fresh));
                for _ in 0..3 {
                    let cached = warm.review(&images).await?;
                    times.cached.push(cached.took);
                    cached_billed.push(billed(&cached));
                }
            }
        }
        warm.stop().await?;
    }
    Ok(())
}

/// Lambda bills until the function asks for its next event, in whole milliseconds (AWS Lambda pricing).
fn billed(answered: &Answered) -> Duration {
    let exact = answered.took + answered.held;
    Duration::from_millis(u64::try_from(exact.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}

fn size(memory_mib: u32, times: &Times) -> Size {
    let [_, three, _] = &times.cold;
    let mean = |times: &[Duration]| {
        let sum: Duration = times.iter().sum();
        milliseconds(sum) / crate::statistics::float(times.len().max(1))
    };
    Size {
        memory_mib,
        cold_p99_ms: sample(three).percentile(99),
        fresh_p50_ms: sample(&times.fresh).median(),
        cached_p99_ms: sample(&times.cached).percentile(99),
        billed_ms: times.billed.each_ref().map(|times| mean(times)),
    }
}

fn row(distance: u64, size: &Size, times: &Times) -> Row {
    let memory_mib = size.memory_mib;
    let measure = format!(
        "{memory_mib} MiB ({:.1} % of a core), AWS + {distance} ms: p50 / p99",
        share::percent(memory_mib)
    );
    let cold: Vec<String> = times.cold.iter().map(|times| edges(times, 0)).collect();
    let figure = format!(
        "cold, 1, 3 and 20 images: {} ms; fresh {} ms; cached {} ms",
        cold.join(", "),
        edges(&times.fresh, 0),
        edges(&times.cached, 1),
    );
    if distance == 0 {
        return Row::plain(measure, figure);
    }
    let reached = size.cold_p99_ms <= COLD_BAR_MS && size.cached_p99_ms <= CACHED_BAR_MS;
    let bar = format!("p99: cold, 3 images ≤ {COLD_BAR_MS:.0} ms; cached ≤ {CACHED_BAR_MS:.0} ms");
    Row::time(measure, figure, bar, reached)
}

fn sample(times: &[Duration]) -> Sample {
    times.iter().copied().collect()
}

fn edges(times: &[Duration], digits: usize) -> String {
    let sample = sample(times);
    format!("{:.digits$} / {:.digits$}", sample.median(), sample.percentile(99))
}
