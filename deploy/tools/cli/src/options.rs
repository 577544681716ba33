//! The command line of `ecr-admission`.

use clap::{Parser, Subcommand};

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
    /// Explains and tests a policy document (deploy/policy.md), without AWS
    #[command(subcommand)]
    Policy(PolicyCommand),
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
