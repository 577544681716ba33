//! The command line that `scripts/bench` writes.

use std::path::PathBuf;

use clap::Parser;

use crate::rows::Measurement;

/// Measures the functions that ship. `scripts/bench` builds what the paths name.
#[derive(Clone, Debug, Parser)]
#[command(name = "benchmarks")]
pub struct Options {
    /// The admission function, as it ships
    #[arg(long, value_name = "FILE")]
    pub admission: PathBuf,

    /// The authorizer function, as it ships
    #[arg(long, value_name = "FILE")]
    pub authorizer: PathBuf,

    /// The smallest function
    #[arg(long, value_name = "FILE")]
    pub null: PathBuf,

    /// The authorizer's comparison alone
    #[arg(long, value_name = "FILE")]
    pub comparison: PathBuf,

    /// local-cloud
    #[arg(long, value_name = "FILE")]
    pub local_cloud: PathBuf,

    /// Where the deployment packages admission.zip and authorizer.zip are
    #[arg(long, value_name = "DIR")]
    pub packages: PathBuf,

    /// Also puts the table between the markers of this page; with --only, its rows in place of those there
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,

    /// Only these measurements, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<Measurement>,

    /// Fewer repetitions: a look, not a result
    #[arg(long)]
    pub quick: bool,

    /// Exits with 1 when a count or a size misses its bound
    #[arg(long)]
    pub assert: bool,
}
