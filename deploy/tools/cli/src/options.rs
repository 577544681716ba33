//! The command line of `ecr-admission`.

use clap::{Parser, Subcommand};

use crate::check::options::CheckOptions;
use crate::policy::options::PolicyCommand;

/// Tools for operators of ecr-admission.
#[derive(Clone, Debug, Parser)]
#[command(name = "ecr-admission", version)]
pub struct Options {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Explains, tests and changes a policy document (deploy/policy.md)
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Says of Kubernetes objects what the webhooks would say of their Pods, without deploying anything (deploy/check.md)
    ///
    /// Exits with 0 when all would be admitted; with 1 when something would be denied; with 2 when the command line or the
    /// input cannot be used, when there is nothing to evaluate, or when an image could not be evaluated and none is
    /// denied.
    Check(Box<CheckOptions>),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }
}
