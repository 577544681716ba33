//! The measurements, each a file of rows.

pub mod bombs;
pub mod burst;
pub mod calls;
pub mod deadline;
pub mod init;
pub mod instructions;
pub mod memory;
pub mod metrics;
pub mod plateau;
pub mod round_trips;
pub mod size;
pub mod sizes;
pub mod storm;
pub mod sustained;
pub mod timing;
pub mod warm;

use clap::ValueEnum;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::row::Row;

/// One of them, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Measurement {
    /// Round trips to ECR that follow one another
    RoundTrips,
    /// Calls of ECR
    Calls,
    /// Init phases, and first reviews
    Init,
    /// Cached reviews
    Warm,
    /// Instructions, by callgrind
    Instructions,
    /// Memory after many reviews
    Memory,
    /// Memory after reviews of many images with large facts
    Plateau,
    /// Pods that cost as much as they can
    Bombs,
    /// Deployment packages
    Size,
    /// Answers beside puts of metrics
    Metrics,
    /// Answers before the deadline
    Deadline,
    /// Many reviews at once
    Burst,
    /// Many denials in a few seconds
    Storm,
    /// Reviews a second, sandboxes, and calls of ECR a second
    Sustained,
    /// Lambda's share of a core at each memory size
    Sizes,
    /// The comparison of tokens
    Timing,
}

impl Measurement {
    /// Its rows, and the picture of some.
    pub async fn measure(self, bench: &Bench) -> Result<(Vec<Row>, Option<String>), Failure> {
        let rows = match self {
            Self::RoundTrips => round_trips::measure(bench).await?,
            Self::Calls => calls::measure(bench).await?,
            Self::Init => init::measure(bench).await?,
            Self::Warm => warm::measure(bench).await?,
            Self::Instructions => instructions::measure(bench).await?,
            Self::Memory => memory::measure(bench).await?,
            Self::Plateau => plateau::measure(bench).await?,
            Self::Bombs => bombs::measure(bench).await?,
            Self::Size => size::measure(bench)?,
            Self::Metrics => metrics::measure(bench).await?,
            Self::Deadline => deadline::measure(bench).await?,
            Self::Burst => burst::measure(bench).await?,
            Self::Storm => storm::measure(bench).await?,
            Self::Sustained => sustained::measure(bench).await?,
            Self::Sizes => return sizes::measure(bench).await,
            Self::Timing => timing::measure(bench).await?,
        };
        Ok((rows, None))
    }
}
