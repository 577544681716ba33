//! Runs the command inside the test, at one instant.

use clap::Parser;
use ecr_admission_cli::options::Options;
use ecr_admission_cli::{Answer, run};
use ecr_admission_policy::Timestamp;

/// 2026-11-20 at noon, UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

/// What `ecr-admission policy` with these arguments says.
pub(crate) fn policy(arguments: &[&str]) -> Answer {
    run(&Options::parse_from([&["ecr-admission", "policy"], arguments].concat()), NOW)
}
