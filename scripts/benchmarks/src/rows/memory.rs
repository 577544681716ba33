//! The most memory that the admission function has had after a thousand reviews.

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;
use crate::sandbox::Sandbox;
use crate::statistics::mebibytes;
use crate::{catalogue, event, pods};

/// Reviews before the first look.
const REVIEWS: usize = 1_000;

/// Reviews of the largest Pod before the second look.
const HUGE: usize = 20;

/// The bar, in KiB.
const BAR_KIB: u64 = 24 * 1024;

/// Reviews of 3 images each, of more images than the function remembers.
pub async fn measure(bench: &Bench) -> Result<Vec<Row>, Failure> {
    bench.say(&format!("memory after {REVIEWS} reviews"));
    let mut sandbox = Sandbox::start(&bench.admission()).await?;
    let after_init = sandbox.peak_memory_kib()?;
    for number in 0..REVIEWS {
        let first = number * 3 % (catalogue::REPOSITORIES - 3);
        let review =
            pods::review("u", &catalogue::clean_images(first, 3)).ok_or("no captured Pod")?;
        reviewed(&mut sandbox, &review).await?;
    }
    let after_reviews = sandbox.peak_memory_kib()?;
    let huge = pods::huge("u", &catalogue::clean_images(0, 3)).ok_or("no captured Pod")?;
    for _ in 0..HUGE {
        reviewed(&mut sandbox, &huge).await?;
    }
    let after_huge = sandbox.peak_memory_kib()?;
    sandbox.stop().await?;
    Ok(vec![Row::count(
        format!("memory: VmHWM after {REVIEWS} reviews of 3 of {} images", catalogue::REPOSITORIES),
        format!(
            "{} (after init {}; after {HUGE} more of the 1.25 MB Pod {})",
            mebibytes(after_reviews),
            mebibytes(after_init),
            mebibytes(after_huge)
        ),
        format!("≤ {}", mebibytes(BAR_KIB)),
        after_reviews <= BAR_KIB,
    )])
}

async fn reviewed(sandbox: &mut Sandbox, review: &serde_json::Value) -> Result<(), Failure> {
    let answered = sandbox.invoke(event::validate(review)?).await?;
    match event::admits(&answered.body) {
        Some(true) => Ok(()),
        _ => Err(format!("a review of the memory row was not admitted: {answered:?}").into()),
    }
}
