//! A look-up that failed, and the words for it.

use std::fmt;

use crate::facts::{Cause, Unavailable};
use crate::names::AccountId;

/// A look-up that failed, and in whose registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLookup {
    /// The look-up.
    pub unavailable: Unavailable,
    /// The account that owns the registry, where that is known not to be the account of the stack.
    pub owner: Option<AccountId>,
}

impl fmt::Display for FailedLookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unavailable: Unavailable { operation, cause }, owner } = self;
        write!(f, "could not be evaluated: {operation} ")?;
        let (what, todo) = match cause {
            Cause::ActionDenied(action) => return action_denied(f, action, owner.as_ref()),
            Cause::AccessDenied => return access_denied(f, owner.as_ref()),
            Cause::Throttled => ("was throttled", "try again in a minute"),
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
        write!(f, "{what}; {todo}")
    }
}

fn access_denied(f: &mut fmt::Formatter<'_>, owner: Option<&AccountId>) -> fmt::Result {
    f.write_str("was denied access; ")?;
    match owner {
        None => f.write_str(
            "allow it for the admission function's role and, for a registry of another account, in the repository policy",
        ),
        Some(owner) => {
            not_the_stacks(f, owner)?;
            write!(
                f,
                "; deploy the stack in account {owner}, or allow the call for the admission function's role in the repository policy"
            )
        }
    }
}

fn action_denied(
    f: &mut fmt::Formatter<'_>,
    action: &str,
    owner: Option<&AccountId>,
) -> fmt::Result {
    write!(f, "was denied access to {action}; ")?;
    // Actions of Amazon Inspector have no resource, so no repository policy can allow them.
    let of_inspector = action.starts_with("inspector2:");
    match owner {
        None if of_inspector => {
            write!(f, "allow {action} on all resources for the admission function's role")
        }
        None => write!(
            f,
            "allow {action} for the admission function's role and, for a registry of another account, in the repository policy"
        ),
        Some(owner) if of_inspector => {
            not_the_stacks(f, owner)?;
            write!(
                f,
                ", and no repository policy can allow {action}; deploy the stack in account {owner}"
            )
        }
        Some(owner) => {
            not_the_stacks(f, owner)?;
            write!(
                f,
                "; deploy the stack in account {owner}, or allow {action} for the admission function's role in the repository policy"
            )
        }
    }
}

/// The account of the stack is not named: a short denial names only what the author of the workload wrote.
pub(super) fn not_the_stacks(f: &mut fmt::Formatter<'_>, owner: &AccountId) -> fmt::Result {
    write!(f, "the stack is not in account {owner}, which owns the registry")
}
