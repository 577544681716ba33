//! How far it scales: reviews a second of one sandbox, and sandboxes and calls of ECR a second of a fleet of clusters.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::catalogue;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::journal;
use crate::load;
use crate::pair::Pair;
use crate::row::Row;
use crate::share::Share;
use crate::statistics::float;

/// How far AWS is, in milliseconds.
const DISTANCE_MS: u64 = 20;

/// The default memory of the admission function, in MiB (`admissionMemory` in infra/parameters.json).
const MEMORY_MIB: u32 = 256;

/// The images that the clusters run.
const IMAGES: usize = 500;

/// Of one Pod.
const OF_A_POD: usize = 3;

/// Reviews a second that are measured, and those that are computed: the first of these to compare the two.
const MEASURED: [u32; 2] = [20, 100];
const COMPUTED: [u32; 4] = [20, 100, 500, 1_000];

/// Calls of ECR for an image that a sandbox does not know, and once more for the review (see the rows of ECR calls).
const OF_AN_IMAGE: f64 = 2.0;
const OF_A_REVIEW: f64 = 2.0;

/// `CACHE_SECONDS` by default.
const CACHE_SECONDS: f64 = 60.0;

/// How long a review keeps its sandbox busy.
#[derive(Debug, Clone, Copy)]
struct Busy {
    /// Where the sandbox does not know its images.
    fresh: Duration,
    /// Where it does.
    cached: Duration,
}

/// Rows of one sandbox and of the rates. Without control groups, only what is measured through the front door.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let mut rows = vec![];
    for rate in MEASURED {
        rows.push(measured(bench, rate).await?);
    }
    if Share::of(MEMORY_MIB).is_ok() {
        let busy = one_sandbox(bench).await?;
        rows.push(Row::plain(
            format!(
                "one sandbox of {MEMORY_MIB} MiB, AWS + {DISTANCE_MS} ms, {OF_A_POD} images: reviews a second"
            ),
            format!(
                "fresh {:.0}, cached {:.0}",
                1.0 / busy.fresh.as_secs_f64(),
                1.0 / busy.cached.as_secs_f64()
            ),
        ));
        rows.extend(COMPUTED.map(|rate| computed(rate, busy)));
    }
    Ok(rows)
}

async fn one_sandbox(bench: &Bench) -> Result<Busy, Failure> {
    let folder = bench.file("sustained");
    std::fs::create_dir(&folder)?;
    let latency = Duration::from_millis(DISTANCE_MS);
    let cloud = Cloud::at(latency, &folder, &catalogue::yaml(), []).await?;
    let at =
        |program| crate::sandbox::Program { environment: cloud.environment.clone(), ..program };
    let pair = Pair {
        authorizer: at(bench.authorizer()),
        admission: at(bench.admission()),
        memory_mib: MEMORY_MIB,
    };
    let mut warm = pair.cold(&catalogue::clean_images(0, OF_A_POD)).await?;
    let mut busy = [Duration::ZERO; 2];
    let rounds = bench.repetitions(150, 30);
    bench
        .say(&format!("sustained: {rounds} fresh reviews of one sandbox, and as many cached ones"));
    for (busy, is_fresh) in busy.iter_mut().zip([true, false]) {
        let started = Instant::now();
        for number in 1..=rounds {
            let first = if is_fresh { number * OF_A_POD } else { 0 };
            warm.review(&catalogue::clean_images(first, OF_A_POD)).await?;
        }
        *busy = started.elapsed() / u32::try_from(rounds)?;
    }
    warm.stop().await?;
    let [fresh, cached] = busy;
    Ok(Busy { fresh, cached })
}

/// A row of one rate.
async fn measured(bench: &Bench, rate: u32) -> Result<Row, Failure> {
    let distance = DISTANCE_MS.to_string();
    let arguments = ["--sandboxes", "64", "--latency-ms", &distance, "--handshake-ms", &distance];
    let stack = bench.stack(&arguments).await?;
    let seconds = bench.repetitions(30, 5);
    bench.say(&format!("sustained: {rate} reviews a second for {seconds} s"));
    let count = usize::try_from(rate)? * seconds;
    // What the sandboxes know when they have seen every image is what lasts.
    let pod = |number: usize| -> Vec<String> {
        let first = number * 7_919;
        (0..OF_A_POD).map(|image| catalogue::clean((first + image * 173) % IMAGES)).collect()
    };
    load::steady(&stack, rate, count, true, pod).await?;
    stack.reset().await?;
    let started = Instant::now();
    let load = load::steady(&stack, rate, count, true, pod).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let calls = journal::read(&stack.calls().await?).ok_or("calls cannot be read")?;
    let calls = calls.iter().filter(|call| call.operation != "PutMetricData").count();
    let sandboxes = load::processes(&stack, "admission")?;
    stack.stop().await?;
    Ok(Row::count(
        format!(
            "{rate} reviews a second of {IMAGES} images, AWS + {DISTANCE_MS} ms: sandboxes, calls of ECR a second (measured)"
        ),
        format!(
            "{sandboxes} sandboxes, {:.0} calls; p50 {:.0} ms, p99 {:.0} ms; {} of {} right",
            float(calls) / elapsed,
            load.times.median(),
            load.times.percentile(99),
            load.right,
            load.sent
        ),
        "all right",
        load.right == load.sent,
    ))
}

/// The same, computed: by Little's law as many sandboxes as reviews are under way, and twice as many for bursts; each
/// sandbox looks an image up again when its facts are older than `CACHE_SECONDS`.
fn computed(rate: u32, busy: Busy) -> Row {
    let rate_per_second = f64::from(rate);
    let sandboxes = sandboxes(rate_per_second, busy);
    let calls = calls_per_second(rate_per_second, sandboxes);
    Row::plain(
        format!(
            "{rate} reviews a second of {IMAGES} images, AWS + {DISTANCE_MS} ms: sandboxes, calls of ECR a second (computed)"
        ),
        format!("{sandboxes:.0} sandboxes of {MEMORY_MIB} MiB, {calls:.0} calls"),
    )
}

/// More sandboxes know less each, which keeps them busy longer: the number at which both agree.
fn sandboxes(rate: f64, busy: Busy) -> f64 {
    let mut sandboxes = 1.0;
    for _ in 0..20 {
        let fresh = with_unknown(unknown(rate, sandboxes));
        let each = fresh * busy.fresh.as_secs_f64() + (1.0 - fresh) * busy.cached.as_secs_f64();
        sandboxes = (2.0 * rate * each).ceil().max(1.0);
    }
    sandboxes
}

/// The share of images that one of `sandboxes` does not know when it is asked: of how often it is asked for an image,
/// once in every `CACHE_SECONDS` is a look-up.
fn unknown(rate: f64, sandboxes: f64) -> f64 {
    let asked = rate / sandboxes * float(OF_A_POD) / float(IMAGES);
    1.0 / (1.0 + asked * CACHE_SECONDS)
}

/// The share of reviews with an image that is not known.
fn with_unknown(unknown: f64) -> f64 {
    1.0 - (0..OF_A_POD).fold(1.0, |all_known, _| all_known * (1.0 - unknown))
}

/// Of `sandboxes` that share the reviews evenly.
fn calls_per_second(rate: f64, sandboxes: f64) -> f64 {
    let unknown = unknown(rate, sandboxes);
    rate * (float(OF_A_POD) * unknown * OF_AN_IMAGE + with_unknown(unknown) * OF_A_REVIEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_busy_sandboxes_ask_less_than_many_idle_ones() {
        let few = calls_per_second(1_000.0, 10.0);
        let many = calls_per_second(1_000.0, 1_000.0);
        assert!(few < many, "{few} {many}");
        // Every sandbox looks each image up once in 60 s, at most.
        assert!(few <= 10.0 * 500.0 / 60.0 * (OF_AN_IMAGE + OF_A_REVIEW), "{few}");
        // Nobody asks twice: each review pays for all.
        assert!((calls_per_second(1.0, 1e9) - 8.0).abs() < 0.1);
    }
}
