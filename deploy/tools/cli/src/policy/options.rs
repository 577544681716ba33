//! The command line of `ecr-admission policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ecr_admission_policy::names::{AccountId, ClusterName, Region};
use ecr_admission_policy::{Rule, SeverityLimit};

use crate::check::options::CLUSTER;

mod secret;

pub use secret::{Covered, PolicyExempt, PolicyHistory, PolicyPut, PolicyRestore, SecretOptions};

/// What to do with a policy document.
#[derive(Clone, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Reads a document as the admission function does, and explains it
    ///
    /// Exits with 0 when it is valid; with 1 when it is not, after one line on stderr that says what is
    /// wrong and where, `FILE:LINE:COLUMN: …`; with 2 when it cannot be read.
    Check(PolicyCheck),
    /// Evaluates the Pods of a table of cases by a document
    ///
    /// deploy/samples/policy-cases.yaml shows every key of a case. A case is what reaches /validate:
    /// write an image as the mutating webhook leaves it. Namespaces in `IgnoredNamespaces`, which are
    /// admitted without evaluation, are evaluated here. Exits with 0 when every case is as expected, with
    /// 1 when one is not, with 2 when a file is not valid or cannot be read.
    Test(PolicyTest),
    /// Exempts something from rules for a while: adds the exemption to the document in the policy secret
    ///
    /// Comments and order of the document stay as they are. Refuses what `check` refuses, and an exemption that
    /// could never apply. Shows the difference, makes the new document the one in force, and prints how to undo
    /// it. Exits with 0 when it is in force; with 1 when the exemption or the document is refused; with 2 when
    /// AWS could not be asked. Nothing changes when somebody else changes the policy at the same time.
    Exempt(Box<PolicyExempt>),
    /// Puts a document into the policy secret
    ///
    /// Checks it first, shows the difference, labels the version (policy-TIME) and prints how to undo it. Exit
    /// codes as of exempt.
    Put(PolicyPut),
    /// Lists the versions of the policy secret, the newest first
    ///
    /// Secrets Manager keeps the versions that have a label; this tool labels the last 15. Others it may delete.
    History(PolicyHistory),
    /// Makes an earlier version of the document the one in force
    ///
    /// Checks it first, shows the difference and prints how to undo it. Exit codes as of exempt.
    Restore(PolicyRestore),
}

/// `ecr-admission policy check`.
#[derive(Clone, Debug, Args)]
pub struct PolicyCheck {
    /// The policy document
    #[arg(value_name = "FILE")]
    pub document: PathBuf,

    /// A namespace whose modes to show; may be repeated
    #[arg(long = "namespace", value_name = "NAME", value_parser = namespace)]
    pub namespaces: Vec<String>,

    /// The cluster in which they are, as its token is named
    #[arg(long, value_name = "NAME", default_value = CLUSTER)]
    pub cluster: ClusterName,

    /// Exit with 1, after one line on stderr that says what loosens the rule, if a namespace, an
    /// exemption or break-glass admits what the rule denies
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub require_deny: Option<Rule>,

    /// The parameters of the stack
    #[command(flatten)]
    pub parameters: Parameters,
}

/// `ecr-admission policy test`.
#[derive(Clone, Debug, Args)]
pub struct PolicyTest {
    /// The policy document
    #[arg(value_name = "FILE")]
    pub document: PathBuf,

    /// The cases
    #[arg(value_name = "CASES")]
    pub cases: PathBuf,

    /// The parameters of the stack
    #[command(flatten)]
    pub parameters: Parameters,
}

/// The parameters that a document is read on top of.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Parameters of the stack")]
pub struct Parameters {
    /// `RegistryRegion`: Regions whose registries are allowed [default for test: that of each case's
    /// image]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub registry_region: Option<Vec<Region>>,

    /// `RegistryIds`: accounts whose registries are allowed [default for test: that of each case's
    /// image]
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub registry_ids: Option<Vec<AccountId>>,

    /// The account of the stack, whose images are always inspected [default: one that no entry names]
    #[arg(long, value_name = "ACCOUNT")]
    pub own_account: Option<AccountId>,

    /// `SeverityLimit`: INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL [default for test: CRITICAL]
    #[arg(long, value_name = "WORD")]
    pub severity_limit: Option<SeverityLimit>,

    /// `PinNamespaces`: namespaces whose images are pinned, and must be; * for all [default for test:
    /// none]
    #[arg(long, value_name = "A,B|*", value_delimiter = ',', value_parser = namespace_or_all)]
    pub pin_namespaces: Option<Vec<String>>,
}

fn namespace(text: &str) -> Result<String, &'static str> {
    let accepted = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&text.len()) && text.bytes().all(accepted) {
        Ok(text.to_owned())
    } else {
        Err("expected a namespace: 1 to 63 lower-case letters, digits and -")
    }
}

fn rule(text: &str) -> Result<Rule, String> {
    Rule::ALL.into_iter().find(|rule| rule.id() == text).ok_or_else(|| {
        let ids = Rule::ALL.map(Rule::id).join(", ");
        format!("expected one of {ids}")
    })
}

fn namespace_or_all(text: &str) -> Result<String, &'static str> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    namespace(text).or(Err("expected * or namespaces of 1 to 63 lower-case letters, digits and -"))
}
