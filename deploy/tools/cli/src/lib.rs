//! The command-line tool `ecr-admission`: explains, tests and changes an operator's policy document, and checks
//! Kubernetes objects.
//!
//! All of it uses the code of the admission function, without a server. Only `ecr_admission_policy` knows what a
//! document may contain and how it is evaluated.

use ecr_admission_policy::Timestamp;

pub mod check;
pub mod options;
pub mod policy;
mod read;

use options::{Command, Options};

/// The output of the command, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// For stdout.
    pub out: String,
    /// For stderr.
    pub err: String,
    /// The exit code.
    pub code: u8,
}

impl Answer {
    /// The document is good; every case is as expected.
    const GOOD: u8 = 0;
    /// The document is bad; a case is not as expected.
    const BAD: u8 = 1;
    /// A file or the command line cannot be used.
    const UNUSABLE: u8 = 2;

    fn refused(problem: &str, code: u8) -> Self {
        Self { out: String::new(), err: format!("{problem}\n"), code }
    }
}

/// Does what was asked for, at the instant `now`.
pub fn run(options: &Options, now: Timestamp) -> Answer {
    match &options.command {
        Command::Policy(command) => policy::run(command, now),
        Command::Check(options) => check::run(options, now),
    }
}
