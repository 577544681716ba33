//! `ecr-admission policy`: explains an operator's policy document, and tests it on the operator's own cases.
//!
//! Without AWS and without a server: only `ecr_admission_policy` knows what a document may contain and how it is
//! evaluated.

use ecr_admission_policy::Timestamp;

mod cases;
mod check;
pub mod options;
mod page;
mod parameters;
mod test;

use crate::Answer;
use options::PolicyCommand;

/// Does what was asked for, at the instant `now`.
pub(crate) fn run(command: &PolicyCommand, now: Timestamp) -> Answer {
    match command {
        PolicyCommand::Check(options) => check::run(options, now),
        PolicyCommand::Test(options) => test::run(options, now),
    }
}
