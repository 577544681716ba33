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
            "was denied access",
            "allow it for the admission function's role and, for a registry of another account, in the repository policy",
        ),
        Cause::TimedOut => ("timed out", "try again; if it persists, see the function's log"),
        Cause::NotAsked => (
            "was not called for its repository, because too many of the repositories named with it do not exist",
            "correct the images whose repository does not exist",
        ),
        Cause::NotRecorded => (
            "is not among the recorded facts",
            "record them again with ecr-admission check --record",
        ),
        Cause::Outdated => (
            "was recorded too long ago",
            "record the facts again with ecr-admission check --record, or raise --max-facts-age",
        ),
        Cause::Internal => ("failed", "try again; if it persists, see the function's log"),
    };
    write!(f, "could not be evaluated: {operation} {what}; {todo}")
}

/// Actions of Amazon Inspector have no resource, so no repository policy can allow them.
fn action_denied(f: &mut fmt::Formatter<'_>, operation: &str, action: &str) -> fmt::Result {
    write!(
        f,
        "could not be evaluated: {operation} was denied access to {action}; allow {action} "
    )?;
    f.write_str(if action.starts_with("inspector2:") {
        "on all resources for the admission function's role"
    } else {
        "for the admission function's role and, for a registry of another account, in the repository policy"
    })
}
