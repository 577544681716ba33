//! How far it scales: reviews a second of one sandbox, and sandboxes and calls of ECR a second of a fleet of clusters.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::catalogue;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::journal;
use crate::load;
use crate::pair::{Memories, Pair};
use crate::row::Row;
use crate::share::Share;
use crate::statistics::float;

/// How far AWS is, in milliseconds.
const DISTANCE_MS: u64 = 20;

/// The default memory of the admission function, in MiB.
const MEMORY_MIB: u32 = Memories::DEFAULT.admission;

/// The images that the clusters run.
const IMAGES: usize = 500;

/// Of one Pod.
const OF_A_POD: usize = 3;

/// Reviews a second that are measured, and computed too, to compare the two.
const MEASURED: [u32; 2] = [20, 100];

/// Those that are computed with the default `CACHE_SECONDS`.
const COMPUTED: [u32; 4] = [20, 100, 500, 1_000];

/// Calls of ECR for an image that a sandbox does not know, and once more for the review (see the rows of ECR calls).
const OF_AN_IMAGE: f64 = 2.0;
const OF_A_REVIEW: f64 = 2.0;

/// `CACHE_SECONDS` by default, and where a run is measured: short enough for every image to be looked up several times.
const CACHE_SECONDS: u32 = 60;
const SHORT_CACHE_SECONDS: u32 = 10;

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
    let busy = match Share::of(MEMORY_MIB) {
        Ok(_) => Ok(one_sandbox(bench).await?),
        Err(error) => Err(error),
    };
    let figure = match &busy {
        Ok(Busy { fresh, cached }) => {
            let [fresh, cached] = [fresh, cached].map(|busy| 1.0 / busy.as_secs_f64());
            format!("fresh {fresh:.0}, cached {cached:.0}")
        }
        Err(error) => {
            format!(
                "not measured, and nothing computed: this user cannot make a control group ({error})"
            )
        }
    };
    let mut rows = vec![Row::plain(
        format!(
            "one sandbox of {MEMORY_MIB} MiB, AWS + {DISTANCE_MS} ms, {OF_A_POD} images: reviews a second"
        ),
        figure,
    )];
    let busy = busy.ok();
    for rate in MEASURED {
        rows.push(measured(bench, rate).await?);
        rows.push(computed(rate, SHORT_CACHE_SECONDS, busy));
    }
    rows.extend(COMPUTED.map(|rate| computed(rate, CACHE_SECONDS, busy)));
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
        memories: Memories::DEFAULT,
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

/// A row of one rate: of the second of two runs, so that what a cold start needs has passed.
async fn measured(bench: &Bench, rate: u32) -> Result<Row, Failure> {
    let distance = DISTANCE_MS.to_string();
    let cache = format!("CACHE_SECONDS={SHORT_CACHE_SECONDS}");
    let idle = SHORT_CACHE_SECONDS.to_string();
    let stack = bench
        .stack(&[
            "--sandboxes",
            "64",
            "--latency-ms",
            &distance,
            "--handshake-ms",
            &distance,
            "--admission-env",
            &cache,
            "--idle-seconds",
            &idle,
        ])
        .await?;
    let seconds = bench.repetitions(30, 5);
    bench.say(&format!("sustained: {rate} reviews a second for {seconds} s, twice"));
    let count = usize::try_from(rate)? * seconds;
    load::steady(&stack, rate, count, true, pod).await?;
    stack.reset().await?;
    let started = Instant::now();
    let load = load::steady(&stack, rate, count, true, |number| pod(count + number)).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let calls = journal::read(&stack.calls().await?).ok_or("calls cannot be read")?;
    let calls = calls.iter().filter(|call| call.operation != "PutMetricData").count();
    let sandboxes = load::processes(&stack, "admission")?;
    stack.stop().await?;
    Ok(Row::count(
        what(rate, SHORT_CACHE_SECONDS, "measured"),
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

/// The images of a Pod: each as likely as any other, and the same in every run.
fn pod(number: usize) -> Vec<String> {
    let image = |of_it| {
        let mut hasher = DefaultHasher::new();
        (number, of_it).hash(&mut hasher);
        usize::try_from(hasher.finish() % IMAGES as u64).unwrap_or_default()
    };
    (0..OF_A_POD).map(|of_it| catalogue::clean(image(of_it))).collect()
}

fn what(rate: u32, cache_seconds: u32, how: &str) -> String {
    format!(
        "{rate} reviews a second of {IMAGES} images, AWS + {DISTANCE_MS} ms, CACHE_SECONDS {cache_seconds}: sandboxes, calls of ECR a second ({how})"
    )
}

/// The same, computed: by Little's law as many sandboxes as reviews are under way, and twice as many for bursts; each
/// sandbox looks an image up again when its facts are older than `CACHE_SECONDS`.
fn computed(rate: u32, cache_seconds: u32, busy: Option<Busy>) -> Row {
    let figure = busy.map_or("not computed".to_owned(), |busy| {
        let demand = Demand { rate: f64::from(rate), cache_seconds: f64::from(cache_seconds) };
        let sandboxes = demand.sandboxes(busy);
        let calls = demand.calls_per_second(sandboxes);
        format!("{sandboxes:.0} sandboxes of {MEMORY_MIB} MiB, {calls:.0} calls")
    });
    Row::plain(what(rate, cache_seconds, "computed"), figure)
}

/// What all clusters ask.
#[derive(Debug, Clone, Copy)]
struct Demand {
    /// Reviews a second.
    rate: f64,
    cache_seconds: f64,
}

impl Demand {
    /// More sandboxes know less each, which keeps them busy longer: the number at which both agree.
    fn sandboxes(&self, busy: Busy) -> f64 {
        let mut sandboxes = 1.0;
        for _ in 0..20 {
            let fresh = with_unknown(self.unknown(sandboxes));
            let each = fresh * busy.fresh.as_secs_f64() + (1.0 - fresh) * busy.cached.as_secs_f64();
            sandboxes = (2.0 * self.rate * each).ceil().max(1.0);
        }
        sandboxes
    }

    /// The share of images that one of `sandboxes` does not know when it is asked: of how often it is asked for an
    /// image, once in every `cache_seconds` is a look-up.
    fn unknown(&self, sandboxes: f64) -> f64 {
        let asked = self.rate / sandboxes * float(OF_A_POD) / float(IMAGES);
        1.0 / (1.0 + asked * self.cache_seconds)
    }

    /// Of `sandboxes` that share the reviews evenly.
    fn calls_per_second(&self, sandboxes: f64) -> f64 {
        let unknown = self.unknown(sandboxes);
        self.rate * (float(OF_A_POD) * unknown * OF_AN_IMAGE + with_unknown(unknown) * OF_A_REVIEW)
    }
}

/// The share of reviews with an image that is not known.
fn with_unknown(unknown: f64) -> f64 {
    1.0 - (0..OF_A_POD).fold(1.0, |all_known, _| all_known * (1.0 - unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_busy_sandboxes_ask_less_than_many_idle_ones() {
        let demand = Demand { rate: 1_000.0, cache_seconds: 60.0 };
        let few = demand.calls_per_second(10.0);
        let many = demand.calls_per_second(1_000.0);
        assert!(few < many, "{few} {many}");
        // Every sandbox looks each image up once in 60 s, at most.
        assert!(few <= 10.0 * 500.0 / 60.0 * (OF_AN_IMAGE + OF_A_REVIEW), "{few}");
        // Nobody asks twice: each review pays for all.
        assert!((Demand { rate: 1.0, ..demand }.calls_per_second(1e9) - 8.0).abs() < 0.1);
    }
}
