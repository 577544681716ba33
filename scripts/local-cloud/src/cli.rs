//! The command line of local-cloud, which is also that of `scripts/run`.

use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::fault::Fault;

/// The account of the local stack.
pub const ACCOUNT: &str = "123456789012";
/// The Region of the local stack.
pub const REGION: &str = "us-east-1";
/// Where everything listens.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Runs ecr-admission on this machine: the two real functions, and what they need of AWS.
///
/// The stack is account 123456789012 in us-east-1, or where --registry was recorded. When it answers,
/// `ready https://127.0.0.1:PORT` is printed, then a line such as `vpce-0123456789abcdef0 https://127.0.0.1:PORT/v1`
/// for each door of a REST API; Ctrl-C stops everything. GET /_local/calls lists the AWS calls, GET /_local/metrics
/// what CloudWatch received, and POST /_local/reset clears both. POST
/// /_local/reset-authorizers-cache makes API Gateway forget the authorizer's answers.
#[derive(Clone, Debug, Parser)]
#[command(name = "local-cloud", version)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Options {
    /// Port of the front door; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub port: u16,

    /// What ECR holds [default: deploy/samples/registry.yaml]
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,

    /// The policy document, as the secret ecr-admission/policy: the file is read whenever the admission
    /// function reads the secret, so that an edit takes effect within a minute. With --demo the
    /// verdicts stand alone: those that are expected hold without a policy
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Where token, certificates and the files for a kube-apiserver go; what is there is kept
    #[arg(long, value_name = "DIR", default_value = ".local")]
    pub dir: PathBuf,

    /// Sandboxes of each function; further requests wait
    #[arg(long, value_name = "N", default_value = "8")]
    pub sandboxes: NonZeroUsize,

    /// Added to every AWS call
    #[arg(long, value_name = "N", default_value = "0", value_parser = milliseconds)]
    pub latency_ms: Duration,

    /// Added to every TLS handshake with AWS
    #[arg(long, value_name = "N", default_value = "0", value_parser = milliseconds)]
    pub handshake_ms: Duration,

    /// Makes AWS calls fail: KIND is throttle, access-denied, kms-denied, marked-for-deletion,
    /// server-error, hang, reset, malformed or slow, COUNT limits it to the first calls, and KEY to those
    /// whose key in /_local/calls holds it; may be repeated. Invoke@FUNCTION=malformed gives admission,
    /// authorizer or key-authorizer an event that is not one
    #[arg(long, value_name = "OPERATION[@KEY]=KIND[:COUNT]")]
    pub fault: Vec<Fault>,

    /// Namespaces that are not evaluated; '' for none
    #[arg(long, value_name = "A,B", default_value = "kube-system")]
    pub ignored_namespaces: String,

    /// Namespaces whose images are pinned by /mutate and must be pinned; * for all; none by default,
    /// with --demo the namespace "pinned" of the samples
    #[arg(
        long,
        value_name = "A,B|*",
        default_value_if("demo", "true", "pinned"),
        default_value = ""
    )]
    pub pin_namespaces: String,

    /// Regions whose registries are allowed [default: that of the stack]
    #[arg(long, value_name = "A,B")]
    pub registry_region: Option<String>,

    /// Accounts whose registries are allowed [default: that of the stack]
    #[arg(long, value_name = "A,B")]
    pub registry_ids: Option<String>,

    /// Also serves POST /validate/{key} and POST /mutate/{key}, for a control plane that sends no token, and
    /// writes its files, with the key of the token, into the folder eks of --dir
    #[arg(long)]
    pub url_keys: bool,

    /// Also opens a private door: a REST API behind VPC endpoints, each on a port of its own, with the paths
    /// /v1/validate and /v1/mutate. Its files go into the folder private of --dir
    #[arg(long, conflicts_with = "regional")]
    pub private: bool,

    /// The VPC endpoints of the private door
    #[arg(
        long,
        value_name = "A,B",
        value_delimiter = ',',
        default_value = "vpce-0123456789abcdef0"
    )]
    pub vpc_endpoint_ids: Vec<String>,

    /// The clusters that these endpoints stand for, in the same order: a call without an Authorization header
    /// is then one of that cluster
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "private")]
    pub vpc_endpoint_clusters: Vec<String>,

    /// VPC endpoints that the resource policy of the private door denies
    #[arg(long, value_name = "A,B", value_delimiter = ',', requires = "private")]
    pub other_endpoint_ids: Vec<String>,

    /// Also opens a regional REST API, as a stack with a web ACL has it, without the web ACL
    #[arg(long)]
    pub regional: bool,

    /// false: there is no HTTP API, and the first URL is that of the REST API
    #[arg(long, value_name = "true|false", default_value_t = true, action = clap::ArgAction::Set)]
    pub public_endpoint: bool,

    /// First port of the REST API; each VPC endpoint has the next; 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = 8444)]
    pub rest_port: u16,

    /// CIDR blocks that callers may come from; '' for any; at the private door this does not count
    #[arg(long, value_name = "A,B", default_value = "")]
    pub allowed_sources: String,

    /// Sends the reviews of deploy/samples through the front door, prints the verdicts, and exits
    /// with 0 if they are the expected ones, else 1
    #[arg(long)]
    pub demo: bool,

    /// The admission function
    #[arg(long, value_name = "FILE", help_heading = "Functions")]
    pub admission_binary: PathBuf,

    /// The authorizer function
    #[arg(long, value_name = "FILE", help_heading = "Functions")]
    pub authorizer_binary: PathBuf,

    /// A further environment variable of the admission function; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Functions")]
    pub admission_env: Vec<(String, String)>,

    /// A further environment variable of the authorizer function, and of the one for keys; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Functions")]
    pub authorizer_env: Vec<(String, String)>,

    /// The checkout, for deploy/render-config and deploy/samples
    #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Functions")]
    pub project: PathBuf,

    /// How long one event may take a function
    #[arg(long, value_name = "N", default_value = "10000", value_parser = milliseconds, help_heading = "Limits")]
    pub function_timeout_ms: Duration,

    /// How long the gateway waits for the admission function
    #[arg(long, value_name = "N", default_value = "30000", value_parser = milliseconds, help_heading = "Limits")]
    pub integration_timeout_ms: Duration,

    /// How long the gateway uses an answer of the authorizer again; 0: never. An answer about a key is not
    /// used again
    #[arg(long, value_name = "N", default_value = "60", value_parser = seconds, help_heading = "Limits")]
    pub authorizer_cache_seconds: Duration,

    /// How long a sandbox without an event is kept
    #[arg(long, value_name = "N", default_value = "300", value_parser = seconds, help_heading = "Limits")]
    pub idle_seconds: Duration,
}

impl Options {
    /// The catalogue's file.
    pub fn registry(&self) -> PathBuf {
        self.registry.clone().unwrap_or_else(|| self.project.join("deploy/samples/registry.yaml"))
    }
}

fn milliseconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_millis)
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_value_may_hold_the_equals_sign() {
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(variable("=x").is_err() && variable("A").is_err());
    }
}
