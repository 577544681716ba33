//! The command-line tool `ecr-admission`: explains an operator's policy document, and tests it on the operator's own cases.
//!
//! Both are done by the code that judges in the admission function, without AWS and without a server.
//! What may stand in a document, and how it is judged, is known by `ecr_admission_policy` alone.

use ecr_admission_policy::Timestamp;

mod cases;
mod check;
pub mod options;
mod page;
mod parameters;
mod read;
mod test;

use options::{Command, Options, PolicyCommand};

/// What the command says, and how it ends.
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
    /// Nothing could be said: a file or the command line is not what it must be.
    const UNUSABLE: u8 = 2;

    fn refused(problem: &str, code: u8) -> Self {
        Self { out: String::new(), err: format!("{problem}\n"), code }
    }
}

/// Does what was asked for, at the instant `now`.
pub fn run(options: &Options, now: Timestamp) -> Answer {
    match &options.command {
        Command::Policy(PolicyCommand::Check(options)) => check::run(options, now),
        Command::Policy(PolicyCommand::Test(options)) => test::run(options, now),
    }
}
