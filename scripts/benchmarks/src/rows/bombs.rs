//! What the worst Pod of each kind costs the admission function: memory, and CPU time of one review.

use std::time::Duration;

use local_cloud::aws::secret_arn;
use local_cloud::cli::{ACCOUNT, REGION};

use crate::bench::Bench;
use crate::bomb::{self, Bomb, POLICY};
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::{Program, Sandbox};
use crate::statistics::{mebibytes, milliseconds};
use crate::{event, pods};

/// The bar of memory, in KiB.
const BAR_KIB: u64 = 64 * 1024;

/// The bar of CPU time.
const BAR_CPU: Duration = Duration::from_millis(300);

/// Reviews, should one be broken off by its deadline: the machine may be busy.
const ATTEMPTS: usize = 3;

/// The secret of the policy document.
const POLICY_SECRET: &str = "ecr-admission/policy";

/// Two rows for each kind.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let directory = bench.file("bombs");
    std::fs::create_dir(&directory)?;
    let secrets = [(POLICY_SECRET.to_owned(), POLICY.to_owned())];
    let cloud = Cloud::start(&directory, &bomb::yaml(), secrets).await?;
    let mut rows = vec![];
    for bomb in bomb::bombs()? {
        bench.say(&format!("a bomb: {}", bomb.name));
        rows.extend(one(bench, &cloud, &bomb).await?);
    }
    Ok(rows)
}

/// What one review took.
struct Cost {
    cpu: Duration,
    memory_kib: u64,
    /// Whether it came to its verdict: one that was broken off by its deadline costs little.
    is_whole: bool,
}

async fn one(bench: &Bench, cloud: &Cloud, bomb: &Bomb) -> Result<[Row; 2], Failure> {
    let mut cost = review(bench, cloud, bomb).await?;
    for _ in 1..ATTEMPTS {
        if !cost.is_whole {
            cost = review(bench, cloud, bomb).await?;
        }
    }
    let Cost { cpu, memory_kib, is_whole } = cost;
    let note = if is_whole { "" } else { ", broken off by its deadline" };
    let name = bomb.name;
    Ok([
        Row::count(
            format!("bomb, {name}: VmHWM"),
            format!("{}{note}", mebibytes(memory_kib)),
            format!("< {}", mebibytes(BAR_KIB)),
            is_whole && memory_kib < BAR_KIB,
        ),
        Row::time(
            format!("bomb, {name}: CPU"),
            format!("{:.0} ms{note}", milliseconds(cpu)),
            format!("< {} ms", BAR_CPU.as_millis()),
            is_whole && cpu < BAR_CPU,
        ),
    ])
}

async fn review(bench: &Bench, cloud: &Cloud, bomb: &Bomb) -> Result<Cost, Failure> {
    let mut environment = cloud.environment.clone();
    environment.insert("REGISTRY_IDS".to_owned(), bomb.accounts.clone());
    if bomb.has_policy {
        let arn = secret_arn(REGION, ACCOUNT, POLICY_SECRET);
        environment.insert("POLICY_SECRET".to_owned(), arn);
    }
    let mut sandbox = Sandbox::start(&Program { environment, ..bench.admission() }).await?;
    // Opens what is opened once, whatever the verdict.
    let harmless = pods::review("u", &[bomb::harmless()]).ok_or("no captured Pod")?;
    sandbox.invoke(event::validate(&harmless)?).await?;
    let before = sandbox.cpu()?;
    let answered = sandbox.invoke(event::validate(&bomb.review)?).await?;
    let cpu = sandbox.cpu()?.saturating_sub(before);
    let memory_kib = sandbox.peak_memory_kib()?;
    sandbox.stop().await?;
    let text = String::from_utf8_lossy(&answered.body);
    let is_whole = !text.contains("timed out");
    if is_whole && event::admits(&answered.body) != Some(bomb.admitted) {
        let start: String = text.chars().take(2_000).collect();
        return Err(format!("{}: the wrong verdict: {start}", bomb.name).into());
    }
    Ok(Cost { cpu, memory_kib, is_whole })
}
