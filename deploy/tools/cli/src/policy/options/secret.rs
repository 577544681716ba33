//! The command lines that change the policy secret, or show its versions.

use std::path::PathBuf;

use clap::Args;
use ecr_admission_policy::names::{AccountId, Region};
use ecr_admission_policy::policy::clusters::ClusterPattern;
use ecr_admission_policy::policy::pattern::Pattern;
use ecr_admission_policy::{Rule, Timestamp};

use crate::check::options::duration;

/// Which secret.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Policy secret")]
pub struct SecretOptions {
    /// The stack whose policy secret it is
    #[arg(
        long,
        value_name = "NAME",
        required_unless_present = "secret",
        conflicts_with = "secret"
    )]
    pub stack: Option<String>,

    /// The name or ARN of the secret, instead of --stack. The parameters of the stack are then not known
    #[arg(long, value_name = "NAME|ARN")]
    pub secret: Option<String>,

    /// The Region of the stack [default: that of the environment or profile]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

/// `ecr-admission policy exempt`.
#[derive(Clone, Debug, Args)]
pub struct PolicyExempt {
    /// The rules that are only audited, as a denial names them
    #[arg(long, value_name = "A,B", required = true, value_delimiter = ',', value_parser = super::rule)]
    pub rules: Vec<Rule>,

    /// How long, from now
    #[arg(long = "for", value_name = "TIME", value_parser = duration, conflicts_with = "until", required_unless_present = "until")]
    pub lasts: Option<std::time::Duration>,

    /// Until when, instead of --for: a date, which is its start in UTC, or a time such as 2026-12-31T08:00:00Z
    #[arg(long, value_name = "TIME")]
    pub until: Option<Timestamp>,

    /// Why: an incident, a ticket
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Who answers for it [default: the ARN of the AWS credentials]
    #[arg(long, value_name = "TEXT")]
    pub owner: Option<String>,

    /// Show the difference, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// What is exempt
    #[command(flatten)]
    pub covered: Covered,

    /// Which secret
    #[command(flatten)]
    pub secret: SecretOptions,
}

/// What an exemption covers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What is exempt; all that is given must match")]
pub struct Covered {
    /// Namespaces, or starts such as team-*
    #[arg(long = "namespace", value_name = "A,B", value_delimiter = ',')]
    pub namespaces: Vec<Pattern>,

    /// Repositories, or starts such as legacy/*
    #[arg(long = "repository", value_name = "A,B", value_delimiter = ',')]
    pub repositories: Vec<Pattern>,

    /// Accounts of allowed registries
    #[arg(long = "account", value_name = "A,B", value_delimiter = ',')]
    pub accounts: Vec<AccountId>,

    /// Regions of allowed registries
    #[arg(long = "registry-region", value_name = "A,B", value_delimiter = ',')]
    pub regions: Vec<Region>,

    /// Users, exactly as kube-apiserver knows them; may be repeated
    #[arg(long = "user", value_name = "NAME")]
    pub users: Vec<String>,

    /// Clusters, or starts such as prod-*
    #[arg(long = "cluster", value_name = "A,B", value_delimiter = ',')]
    pub clusters: Vec<ClusterPattern>,
}

/// `ecr-admission policy put`.
#[derive(Clone, Debug, Args)]
pub struct PolicyPut {
    /// The policy document
    #[arg(value_name = "FILE")]
    pub document: PathBuf,

    /// Show the difference, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Which secret
    #[command(flatten)]
    pub secret: SecretOptions,
}

/// `ecr-admission policy history`.
#[derive(Clone, Debug, Args)]
pub struct PolicyHistory {
    /// Which secret
    #[command(flatten)]
    pub secret: SecretOptions,
}

/// `ecr-admission policy restore`.
#[derive(Clone, Debug, Args)]
pub struct PolicyRestore {
    /// The version: its id, or one of its labels
    #[arg(value_name = "VERSION")]
    pub version: String,

    /// Show the difference, and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Which secret
    #[command(flatten)]
    pub secret: SecretOptions,
}
