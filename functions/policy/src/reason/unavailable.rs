//! The words for a look-up that failed.

use std::fmt;

use crate::facts::Cause;

pub(super) fn unavailable(
    f: &mut fmt::Formatter<'_>,
    operation: &str,
    cause: Cause,
) -> fmt::Result {
    let (what, todo) = match cause {
        Cause::ActionDenied(action) => return action_denied(f, operation, action),
        Cause::Throttled => ("was throttled", "try again in a minute"),
        Cause::AccessDenied => (
            "was answered access denied",
            "allow it to the admission function's role and, for a registry of another account, in the repository's policy",
        ),
        Cause::TimedOut => ("timed out", "try again, and see the function's log if it goes on"),
        Cause::NotAsked => (
            "could not be asked about its repository, because too many repositories named with it do not exist",
            "correct the images whose repository does not exist",
        ),
        Cause::Internal => ("failed", "try again, and see the function's log if it goes on"),
    };
    write!(f, "could not be judged: {operation} {what}; {todo}")
}

/// Actions of Amazon Inspector have no resource, and no repository's policy allows them.
fn action_denied(f: &mut fmt::Formatter<'_>, operation: &str, action: &str) -> fmt::Result {
    write!(
        f,
        "could not be judged: {operation} was answered access denied to {action}; allow {action} "
    )?;
    f.write_str(if action.starts_with("inspector2:") {
        "on all resources to the admission function's role"
    } else {
        "to the admission function's role and, for a registry of another account, in the repository's policy"
    })
}
