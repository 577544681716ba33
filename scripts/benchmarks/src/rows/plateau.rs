//! Memory under load: reviews of far more images than a sandbox remembers, with facts as large as they may be.

use std::fmt::Write as _;

use local_cloud::aws::secret_arn;
use local_cloud::cli::{ACCOUNT, REGION};

use crate::bench::Bench;
use crate::cloud::Cloud;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::{Program, Sandbox};
use crate::statistics::mebibytes;
use crate::{event, pods};

/// Tags, each with its facts.
const IMAGES: usize = 5_000;

/// A Pod of so many.
const OF_A_POD: usize = 2;

/// Findings of one image, all of which the policy document makes the function keep: three pages of ECR.
const FINDINGS: usize = 300;

/// The bar, in KiB: a fourth of the default memory.
const BAR_KIB: u64 = 64 * 1024;

/// More than this between the two looks is growth.
const FLAT_KIB: u64 = 1024;

const REPOSITORY: &str = "bench/plateau";
const POLICY_SECRET: &str = "ecr-admission/policy";
const POLICY: &str = "apiVersion: ecr-admission/v1\nrules: {scan-findings: {severityLimit: INFORMATIONAL, fixableOnly: true}}\n";

/// One row: the peak after half of the reviews and after all of them.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    let reviews = bench.repetitions(10_000, 600);
    bench.say(&format!("memory under load: {reviews} reviews of {IMAGES} images"));
    let folder = bench.file("plateau");
    std::fs::create_dir(&folder)?;
    let secrets = [(POLICY_SECRET.to_owned(), POLICY.to_owned())];
    let cloud = Cloud::start(&folder, &yaml(), secrets).await?;
    let mut environment = cloud.environment.clone();
    environment.insert("POLICY_SECRET".to_owned(), secret_arn(REGION, ACCOUNT, POLICY_SECRET));
    let mut sandbox = Sandbox::start(&Program { environment, ..bench.admission() }).await?;
    let mut half = 0;
    for number in 0..reviews {
        if number == reviews / 2 {
            half = sandbox.peak_memory_kib()?;
        }
        if number % 2_000 == 0 {
            bench.say(&format!("memory under load: review {number} of {reviews}"));
        }
        let images: Vec<String> =
            (0..OF_A_POD).map(|image| tagged((number * OF_A_POD + image) % IMAGES)).collect();
        let review = pods::review("u", &images).ok_or("no captured Pod")?;
        let answered = sandbox.invoke(event::validate(&review)?).await?;
        if event::admits(&answered.body) != Some(true) {
            return Err(format!("a review of the plateau was not admitted: {answered:?}").into());
        }
    }
    let all = sandbox.peak_memory_kib()?;
    sandbox.stop().await?;
    let grown = all.saturating_sub(half);
    Ok(vec![Row::count(
        format!(
            "memory: VmHWM after {reviews} reviews of {IMAGES} images with {FINDINGS} findings each"
        ),
        format!("{} (after half of them {})", mebibytes(all), mebibytes(half)),
        format!("≤ {}, flat (± {})", mebibytes(BAR_KIB), mebibytes(FLAT_KIB)),
        all <= BAR_KIB && grown <= FLAT_KIB,
    )])
}

fn tagged(tag: usize) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}:{tag}")
}

/// One image under all tags: what a sandbox keeps, it keeps by tag.
fn yaml() -> String {
    let mut tags = String::new();
    for tag in 0..IMAGES {
        // Writing to a String cannot fail.
        let _ = write!(tags, "\"{tag}\",");
    }
    let name = "n".repeat(500);
    format!(
        "registries:\n  - account: \"{ACCOUNT}\"\n    region: {REGION}\n    repositories:\n      \
         - {{name: {REPOSITORY}, imageTagMutability: IMMUTABLE, scanFrequency: SCAN_ON_PUSH, images: [{{tags: [{tags}], \
         scan: {{scanType: ENHANCED, status: ACTIVE, findings: [{{name: CVE-2026-1, severity: LOW, package: {name}, version: {name}, \
         fixAvailable: \"NO\", repeat: {FINDINGS}}}]}}}}]}}\n"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use local_cloud::catalogue::Catalogue;

    #[test]
    fn the_catalogue_is_one() {
        Catalogue::parse(Path::new("plateau.yaml"), &super::yaml()).unwrap();
    }
}
