//! Runs the command inside the test, at one instant.

use clap::Parser;
use ecr_admission_policy::Timestamp;
use policy_cli::options::Options;
use policy_cli::{Answer, run};

/// 2026-11-20 at noon, UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_176_000);

/// What `scripts/policy` with these arguments says.
pub(crate) fn policy(arguments: &[&str]) -> Answer {
    run(&Options::parse_from([&["policy"], arguments].concat()), NOW)
}
