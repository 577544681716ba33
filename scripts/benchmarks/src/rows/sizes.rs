//! What a review waits for under the share of a core that Lambda gives each memory size, near to AWS and far from it.

use std::time::Duration;

use crate::bench::Bench;
use crate::catalogue;
use crate::cloud::Cloud;
use crate::cost::Prices;
use crate::failure::Failure;
use crate::pair::{Memories, Pair};
use crate::picture::{self, Line, Panel};
use crate::row::Row;
use crate::sandbox::{Answered, Program};
use crate::share::{self, SIZES, Share};
use crate::statistics::{Sample, float, milliseconds};

/// What each call of AWS, and each TLS handshake, takes longer, in milliseconds.
const DISTANCES: [u64; 2] = [0, 20];

/// Images of the Pods that meet no sandbox.
const IMAGES: [usize; 3] = [1, 3, 20];

/// Of the reviews that a warm sandbox answers.
const WARM_IMAGES: usize = 3;

/// The bars of a size that may be chosen, at the longer distance.
const COLD_BAR_MS: f64 = 2_500.0;
const CACHED_BAR_MS: f64 = 50.0;

/// And the median of a review of 3 images that meets no sandbox, at the default memories.
const DEFAULT_COLD_BAR_MS: f64 = 130.0;

/// What was measured at one size and distance.
#[derive(Debug, Default)]
struct Times {
    /// By `IMAGES`.
    cold: [Vec<Duration>; IMAGES.len()],
    fresh: Vec<Duration>,
    cached: Vec<Duration>,
    /// What Lambda bills of a fresh review, a cached one, and an answer of the authorizer, each rounded up to a
    /// millisecond.
    billed: [Vec<Duration>; 3],
}

/// The result at one size, for the picture.
#[derive(Clone, Debug)]
struct Size {
    memories: Memories,
    /// In milliseconds, of a review of 3 images that meets no sandbox.
    cold_p99: f64,
    /// Of a review of 3 images by a warm sandbox that does not know them.
    fresh_p99: f64,
    /// Of one that does.
    cached_p99: f64,
    /// USD for a million fresh reviews, cached reviews, and answers of the authorizer.
    usd: [f64; 3],
}

/// Rows of each size and distance, and the picture of the longer one. One row that says why not, where there are no
/// control groups.
pub async fn measure(bench: &Bench) -> Result<(Vec<Row>, Option<String>), Failure> {
    if let Err(error) = Share::of(128) {
        let figure = format!("not measured: this user cannot make a control group ({error})");
        return Ok((vec![Row::plain("Lambda's share of a core", figure)], None));
    }
    let prices = Prices::read()?;
    let (mut rows, mut sizes) = (vec![], vec![]);
    for distance in DISTANCES {
        let folder = bench.file(&format!("sizes-{distance}"));
        std::fs::create_dir(&folder)?;
        let latency = Duration::from_millis(distance);
        let cloud = Cloud::at(latency, &folder, &catalogue::yaml(), []).await?;
        sizes.clear();
        for (memories, times) in series(bench, &cloud, distance).await? {
            let is_again = sizes.iter().any(|size: &Size| size.memories == memories);
            let size = size(memories, &times, &prices)?;
            rows.push(row(distance, &size, &times, is_again));
            if !is_again {
                sizes.push(size);
            }
        }
    }
    sizes.retain(|size| size.memories != Memories::DEFAULT);
    let metrics = prices.metrics()?;
    rows.extend(sizes.iter().map(|size| cost(size, metrics, &prices)));
    Ok((rows, Some(picture(&sizes, &prices))))
}

/// Every size once in each round, the defaults, and the first size once more (A/A).
async fn series(
    bench: &Bench,
    cloud: &Cloud,
    distance: u64,
) -> Result<Vec<(Memories, Times)>, Failure> {
    let rounds = bench.repetitions(20, 2);
    let sizes = SIZES.into_iter().map(Memories::both);
    let again = SIZES.first().copied().map(Memories::both);
    let all = sizes.chain([Memories::DEFAULT]).chain(again);
    let mut series: Vec<(Memories, Times)> =
        all.map(|memories| (memories, Times::default())).collect();
    for round in 0..rounds {
        if round % 10 == 0 {
            bench.say(&format!("Lambda's share, AWS + {distance} ms: round {round} of {rounds}"));
        }
        let turns = series.len();
        for turn in 0..turns {
            // From round to round another is the first.
            let Some((memories, times)) = series.get_mut((turn + round) % turns) else {
                continue;
            };
            one(bench, cloud, *memories, times).await?;
        }
    }
    Ok(series)
}

/// A cold review of each number of images, and reviews of the sandboxes that they leave.
async fn one(
    bench: &Bench,
    cloud: &Cloud,
    memories: Memories,
    times: &mut Times,
) -> Result<(), Failure> {
    let at = |program| Program { environment: cloud.environment.clone(), ..program };
    let pair =
        Pair { authorizer: at(bench.authorizer()), admission: at(bench.admission()), memories };
    for (images, cold) in IMAGES.into_iter().zip(&mut times.cold) {
        let mut warm = pair.cold(&catalogue::clean_images(0, images)).await?;
        cold.push(warm.first);
        if images == WARM_IMAGES {
            let [fresh_billed, cached_billed, authorizer_billed] = &mut times.billed;
            authorizer_billed.push(billed(&warm.authorizer));
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

fn size(memories: Memories, times: &Times, prices: &Prices) -> Result<Size, Failure> {
    let [_, three, _] = &times.cold;
    let p99 = |times| sample(times).percentile(99);
    let of = [memories.admission, memories.admission, memories.authorizer];
    let mut usd = [0.0; 3];
    for ((usd, billed), memory_mib) in usd.iter_mut().zip(&times.billed).zip(of) {
        let sum: Duration = billed.iter().sum();
        *usd = prices.function(memory_mib, milliseconds(sum) / float(billed.len().max(1)))?;
    }
    let api = prices.http_api()?;
    let [fresh, cached, authorizer] = usd;
    Ok(Size {
        memories,
        cold_p99: p99(three),
        fresh_p99: p99(&times.fresh),
        cached_p99: p99(&times.cached),
        usd: [fresh + api, cached + api, authorizer],
    })
}

fn row(distance: u64, size: &Size, times: &Times, is_again: bool) -> Row {
    let Memories { authorizer, admission } = size.memories;
    let is_default = size.memories == Memories::DEFAULT;
    let name = if is_default {
        format!("the defaults: authorizer {authorizer} MiB, admission {admission} MiB")
    } else {
        format!("{admission} MiB ({:.1} % of a core)", share::percent(admission))
    };
    let again = if is_again { " again (A/A)" } else { "" };
    let measure = format!("{name}{again}, AWS + {distance} ms: p50 / p99");
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
    let reached = size.cold_p99 <= COLD_BAR_MS && size.cached_p99 <= CACHED_BAR_MS;
    let bar = format!("p99: cold, 3 images ≤ {COLD_BAR_MS:.0} ms; cached ≤ {CACHED_BAR_MS:.0} ms");
    if !is_default {
        return Row::time(measure, figure, bar, reached);
    }
    let [_, three, _] = &times.cold;
    let reached = reached && sample(three).median() <= DEFAULT_COLD_BAR_MS;
    let bar = format!("{bar}; p50: cold, 3 images ≤ {DEFAULT_COLD_BAR_MS:.0} ms");
    Row::time(measure, figure, bar, reached)
}

fn cost(size: &Size, metrics: f64, prices: &Prices) -> Row {
    let [fresh, cached, authorizer] = size.usd;
    Row::plain(
        format!(
            "{} MiB: USD for a million reviews of 3 images at the HTTP API and the admission function, AWS + 20 ms, list prices of {}, {}",
            size.memories.admission, prices.region, prices.checked
        ),
        format!(
            "cached {cached:.2}, fresh {fresh:.2}; {authorizer:.2} more where the authorizer is asked for each; metrics {metrics:.2} more where one of 100 is denied"
        ),
    )
}

fn picture(sizes: &[Size], prices: &Prices) -> String {
    let line = |name, of: fn(&Size) -> f64| Line { name, values: sizes.iter().map(of).collect() };
    let memories: Vec<u32> = sizes.iter().map(|size| size.memories.admission).collect();
    let latency = Panel {
        title: "A review of 3 images, AWS + 20 ms: p99, ms".to_owned(),
        lines: vec![
            line("cold", |size| size.cold_p99),
            line("fresh", |size| size.fresh_p99),
            line("cached", |size| size.cached_p99),
        ],
        marks: vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0],
    };
    let cost = Panel {
        title: format!("A million reviews, USD ({}, {})", prices.region, prices.checked),
        lines: vec![
            line("fresh", |size| size.usd.first().copied().unwrap_or_default()),
            line("cached", |size| size.usd.get(1).copied().unwrap_or_default()),
        ],
        marks: vec![1.0, 1.2, 1.5, 2.0, 3.0, 5.0],
    };
    picture::svg(&memories, &[latency, cost])
}

fn sample(times: &[Duration]) -> Sample {
    times.iter().copied().collect()
}

fn edges(times: &[Duration], digits: usize) -> String {
    let sample = sample(times);
    format!("{:.digits$} / {:.digits$}", sample.median(), sample.percentile(99))
}
