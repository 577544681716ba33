//! `ecr-admission policy`: explains an operator's policy document, tests it on the operator's own cases, and changes the
//! one that is in force.
//!
//! Only `ecr_admission_policy` knows what a document may contain and how it is evaluated. `check` and `test` work without
//! AWS; the others call AWS Secrets Manager.

use ecr_admission_policy::Timestamp;
use ecr_admission_policy::text::printable;

mod cases;
mod check;
mod exempt;
mod history;
pub mod options;
mod page;
mod parameters;
mod put;
mod restore;
mod secret;
mod test;

use crate::Answer;
use crate::check::aws::Aws;
use options::{PolicyCommand, SecretOptions};

/// Does what was asked for, at the instant `now`.
pub(crate) fn run(command: &PolicyCommand, now: Timestamp) -> Answer {
    match command {
        PolicyCommand::Check(options) => check::run(options, now),
        PolicyCommand::Test(options) => test::run(options, now),
        PolicyCommand::Exempt(it) => with_aws(&it.secret, command, now),
        PolicyCommand::Put(it) => with_aws(&it.secret, command, now),
        PolicyCommand::History(it) => with_aws(&it.secret, command, now),
        PolicyCommand::Restore(it) => with_aws(&it.secret, command, now),
    }
}

/// Finds the credentials, then does it.
fn with_aws(options: &SecretOptions, command: &PolicyCommand, now: Timestamp) -> Answer {
    let refused = |problem: &str| Answer::refused(&printable(problem), Answer::UNUSABLE);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refused(&format!("the command could not start: {error}")),
    };
    runtime.block_on(async {
        match Aws::load(options.region.as_deref()).await {
            Ok(aws) => on(&aws, command, now).await,
            Err(problem) => refused(&problem),
        }
    })
}

/// Does what was asked for with these clients. `check` and `test` use none.
pub async fn on(aws: &Aws, command: &PolicyCommand, now: Timestamp) -> Answer {
    let result = match command {
        PolicyCommand::Check(options) => return check::run(options, now),
        PolicyCommand::Test(options) => return test::run(options, now),
        PolicyCommand::Exempt(options) => Box::pin(exempt::exempt(aws, options, now)).await,
        PolicyCommand::Put(options) => Box::pin(put::put(aws, options, now)).await,
        PolicyCommand::History(options) => Box::pin(history::history(aws, options)).await,
        PolicyCommand::Restore(options) => Box::pin(restore::restore(aws, options, now)).await,
    };
    secret::answer(result)
}
