//! The command line of `ecr-admission check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ecr_admission_policy::Mode;
use ecr_admission_policy::names::AccountId;

use super::output::Output;

/// Who creates the Pods where `--as` names nobody: a name that kube-apiserver gives to no user, so that no exemption
/// names it.
pub const NOBODY: &str = "ecr-admission:check";

/// `ecr-admission check`.
#[derive(Clone, Debug, Args)]
pub struct CheckOptions {
    /// Files and folders of Kubernetes objects, YAML or JSON; - reads stdin
    ///
    /// In a folder, files that end with .yaml, .yml or .json are read, and those of its folders. stdin takes the output
    /// of `kubectl get pods -A -o json`, `helm template` and `kustomize build`.
    #[arg(value_name = "FILE|FOLDER|-", required = true)]
    pub paths: Vec<PathBuf>,

    /// What the admission function is set to
    #[command(flatten)]
    pub parameters: Parameters,

    /// Who creates the Pods, and where
    #[command(flatten)]
    pub request: RequestOptions,

    /// Where the facts come from
    #[command(flatten)]
    pub facts: FactOptions,

    /// What is written
    #[command(flatten)]
    pub report: ReportOptions,
}

/// The parameters of the stack.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Parameters of the stack")]
pub struct Parameters {
    /// The stack of the admission function: its parameters and its policy document are used. Options
    /// below set single parameters instead
    #[arg(long, value_name = "NAME", conflicts_with = "own_account")]
    pub stack: Option<String>,

    /// The Region of the stack [default: that of the environment or profile]
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,

    /// The policy document [default: that of the stack; without a stack, none]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// `RegistryIds`: accounts whose registries are allowed [default: that of the stack]
    #[arg(long, value_name = "A,B")]
    pub registry_ids: Option<String>,

    /// `RegistryRegion`: Regions whose registries are allowed [default: that of the stack]
    #[arg(long, value_name = "A,B")]
    pub registry_region: Option<String>,

    /// `SeverityLimit`: INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL [default: CRITICAL]
    #[arg(long, value_name = "WORD")]
    pub severity_limit: Option<String>,

    /// `PinNamespaces`: namespaces whose images are pinned, and must be; * for all [default: none]
    #[arg(long, value_name = "A,B|*")]
    pub pin_namespaces: Option<String>,

    /// `Rewrites`: which images of other registries become which images in Amazon ECR [default: none]
    #[arg(long, value_name = "SOURCE=TARGET,…")]
    pub rewrites: Option<String>,

    /// `IgnoredNamespaces`: namespaces that are admitted without evaluation [default: kube-system]
    #[arg(long, value_name = "A,B")]
    pub ignored_namespaces: Option<String>,

    /// The account of the stack [default without --stack: that of the credentials]
    #[arg(long, value_name = "ACCOUNT")]
    pub own_account: Option<AccountId>,
}

/// The requests that are made of the objects.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Requests")]
pub struct RequestOptions {
    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default")]
    pub namespace: String,

    /// The user who creates the Pods, for exemptions that name users. The user of a controller's Pods is its service
    /// account, as in system:serviceaccount:kube-system:replicaset-controller
    #[arg(long = "as", value_name = "USER", default_value = NOBODY)]
    pub user: String,

    /// A group of that user, for break-glass; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    pub groups: Vec<String>,

    /// Leave the mutating webhook out: pin and rewrite nothing
    #[arg(long)]
    pub as_written: bool,

    /// Evaluate what runs: the image IDs in the status of Pods, by digest, instead of the images in their spec
    #[arg(long)]
    pub running: bool,
}

/// Where facts about images come from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Facts about images")]
pub struct FactOptions {
    /// Take what Amazon ECR says from this file and ask nothing: a catalogue of --record, or written by hand as
    /// deploy/samples/registry.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub facts: Option<PathBuf>,

    /// Write what Amazon ECR says to this file. It lists vulnerabilities: keep it private
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// How old recorded facts may be
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub max_facts_age: Duration,

    /// How long Amazon ECR may take in all, throttling included
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub timeout: Duration,

    /// First pull the images of pull-through caches through Amazon ECR, so that it imports and scans them, and
    /// wait for the scans. Only manifests are pulled
    #[arg(long, conflicts_with_all = ["facts", "record", "running"])]
    pub prefetch: bool,

    /// How long pulls and scans may take together, with --prefetch
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub prefetch_timeout: Duration,
}

impl FactOptions {
    /// How long all calls of Amazon ECR may take.
    pub(super) fn patience(&self) -> Duration {
        let prefetch = if self.prefetch { self.prefetch_timeout } else { Duration::ZERO };
        self.timeout + prefetch
    }
}

/// What is written, and what the exit code says.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Report")]
pub struct ReportOptions {
    /// text, json, sarif or github, to a file after =, else to stdout; may be repeated [default: text]
    #[arg(short, long = "output", value_name = "FORMAT[=FILE]")]
    pub outputs: Vec<Output>,

    /// The weakest mode of a violation that makes the command exit with 1
    #[arg(long, value_name = "MODE", value_enum, default_value_t = FailOn::Deny)]
    pub fail_on: FailOn,

    /// Exit with 0 where there is nothing to evaluate
    #[arg(long)]
    pub allow_empty: bool,

    /// Whether the text is in color; auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// Which results make the command exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// What would be denied.
    Deny,
    /// That, and what would be admitted with a warning.
    Warn,
    /// That, and what would only be audited.
    Audit,
}

impl FailOn {
    /// The mode.
    pub fn mode(self) -> Mode {
        match self {
            Self::Deny => Mode::Deny,
            Self::Warn => Mode::Warn,
            Self::Audit => Mode::Audit,
        }
    }
}

/// When text is in color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A whole number of seconds, minutes, hours or days, as in `90s`, `5m`, `24h` and `7d`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str =
        "expected a whole number of seconds, minutes, hours or days, as in 90s, 5m, 24h or 7d";
    let seconds = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let read = |(unit, seconds): (&str, u64)| {
        let digits = text.strip_suffix(unit).filter(|it| it.bytes().all(|b| b.is_ascii_digit()))?;
        // The longest is more than a century, and far from what an instant can hold.
        let count: u32 = digits.parse().ok()?;
        (count <= 1_000_000).then(|| Duration::from_secs(u64::from(count) * seconds))
    };
    seconds.into_iter().find_map(read).ok_or(EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_and_a_unit() {
        for (text, seconds) in [
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("5", None),
            ("m", None),
            ("", None),
            ("+5m", None),
            ("1.5h", None),
            ("5m30s", None),
            ("1000001d", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(duration(text).ok(), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
