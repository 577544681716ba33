//! How a function that cannot continue stops: one log line that says why, and exit code 1.

use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;

use crate::env::BadVariable;
use crate::events::{BAD_CONFIGURATION, RUNTIME_ENDED};
use crate::log::{Level, Log, causes};

/// Stops the function in its init phase because of its configuration.
///
/// The line is written whatever `LOG_LEVEL` says, since that may be the bad one.
pub fn bad_configuration(bad: &BadVariable) -> ExitCode {
    #[derive(Serialize)]
    struct Fields<'a> {
        variable: &'a str,
        expected: &'a str,
        got: Option<&'a str>,
    }
    let fields = Fields { variable: bad.name(), expected: bad.expected(), got: bad.got() };
    Log::new(Level::Error).error(BAD_CONFIGURATION, &bad.to_string(), &fields);
    ExitCode::FAILURE
}

/// Stops the function because the Lambda runtime client ended with `error`; Lambda then starts a
/// new sandbox.
pub fn runtime_ended(error: &(dyn Error + 'static)) -> ExitCode {
    #[derive(Serialize)]
    struct Fields {
        error: String,
    }
    let fields = Fields { error: causes(error) };
    Log::new(Level::Error).error(RUNTIME_ENDED, "the Lambda runtime client ended", &fields);
    ExitCode::FAILURE
}
