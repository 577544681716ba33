//! What the worst Pod of each kind costs the admission function: memory, and CPU time of one review.

use std::time::Duration;

use local_cloud::aws::secret_arn;
use local_cloud::cli::{ACCOUNT, REGION};

use crate::bench::{Bench, Failure};
use crate::bomb::{self, Bomb, POLICY};
use crate::cloud::Cloud;
use crate::row::Row;
use crate::sandbox::{Program, Sandbox};
use crate::statistics::milliseconds;
use crate::{event, pods};

/// The bar of memory, in KiB.
const BAR_KIB: u64 = 64 * 1024;

/// The bar of CPU time.
const BAR_CPU: Duration = Duration::from_millis(300);

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

async fn one(bench: &Bench, cloud: &Cloud, bomb: &Bomb) -> Result<[Row; 2], Failure> {
    let mut environment = cloud.environment.clone();
    environment.insert("REGISTRY_IDS".to_owned(), bomb.accounts.clone());
    if bomb.has_policy {
        let arn = secret_arn(REGION, ACCOUNT, POLICY_SECRET);
        environment.insert("POLICY_SECRET".to_owned(), arn);
    }
    let mut sandbox = Sandbox::start(&Program { environment, ..bench.admission() }).await?;
    // Opens what is opened once, whatever the verdict.
    let harmless = pods::review("u", &[bomb::harmless()]).ok_or("no captured Pod")?;
    sandbox.invoke(event::validate(&harmless)).await?;
    let before = sandbox.cpu()?;
    let answered = sandbox.invoke(event::validate(&bomb.review)).await?;
    let cpu = sandbox.cpu()?.saturating_sub(before);
    let memory = sandbox.peak_memory_kib()?;
    sandbox.stop().await?;
    // A review that was broken off by its deadline would cost little.
    let text = String::from_utf8_lossy(&answered.body);
    if event::admits(&answered.body) != Some(bomb.admitted) || text.contains("timed out") {
        return Err(format!("{}: {}", bomb.name, text.get(..2_000).unwrap_or(&text)).into());
    }
    let name = bomb.name;
    Ok([
        Row::count(
            format!("bomb, {name}: VmHWM"),
            format!("{:.1} MiB", mebibytes(memory)),
            format!("< {:.0} MiB", mebibytes(BAR_KIB)),
            memory < BAR_KIB,
        )
        .valued(mebibytes(memory)),
        Row::time(
            format!("bomb, {name}: CPU"),
            format!("{:.0} ms", milliseconds(cpu)),
            format!("< {} ms", BAR_CPU.as_millis()),
            cpu < BAR_CPU,
        )
        .valued(milliseconds(cpu)),
    ])
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn mebibytes(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
