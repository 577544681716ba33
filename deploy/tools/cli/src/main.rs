//! Reads the command line and the clock, and prints the result.

use std::io::Write;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use ecr_admission_cli::options::Options;
use ecr_admission_cli::{Answer, run};
use ecr_admission_policy::Timestamp;

fn main() -> ExitCode {
    let Answer { out, err, code } = run(&Options::parse(), now());
    let written = std::io::stdout().write_all(out.as_bytes());
    let written = written.and_then(|()| std::io::stderr().write_all(err.as_bytes()));
    // Nobody has read the result: that is not a success.
    if written.is_err() { ExitCode::from(2) } else { ExitCode::from(code) }
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
}
