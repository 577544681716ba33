//! The codes of the log lines that both functions can write. The comment of each is its row in README.md.

use crate::log::Event;

/// ERROR: an environment variable is missing or has a value that the function does not accept, so the
/// function stopped in its init phase. Written whatever `LOG_LEVEL` is.
pub(crate) const BAD_CONFIGURATION: Event = Event::new("bad_configuration");

/// ERROR: the Lambda runtime client ended, so the sandbox stopped. Lambda starts another one.
pub(crate) const RUNTIME_ENDED: Event = Event::new("runtime_ended");
