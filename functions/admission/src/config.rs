//! The operator's settings, read once from the environment when a sandbox starts.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::time::Duration;

use ecr_admission_lambda::{BadVariable, Environment, Level, Sdk, Timeouts};
use ecr_admission_policy::names::{AccountId, InvalidName, Region};
use ecr_admission_policy::rewrite::RewriteTable;
use ecr_admission_policy::{Policy, SeverityLimit};

/// One try of an AWS call, connection included. Two tries, and so one lost connection, fit into the
/// 5 seconds that the rendered webhook configuration gives a review; all tries together end at the
/// review's deadline.
const ATTEMPT: Duration = Duration::from_secs(2);

/// A connection to AWS, TLS included.
const CONNECT: Duration = Duration::from_secs(1);

/// The configuration of the admission function.
#[derive(Debug)]
pub struct Config {
    /// `REGISTRY_IDS`: the accounts whose registries are allowed; `None` for the function's own.
    pub registry_ids: Option<BTreeSet<AccountId>>,
    /// `REGISTRY_REGION`: the Regions whose registries are allowed.
    pub regions: BTreeSet<Region>,
    /// `IGNORED_NAMESPACES`: the namespaces admitted without evaluation.
    pub ignored_namespaces: BTreeSet<String>,
    /// `POLICY_SECRET`: the secret with the policy document; `None` leaves the parameters alone.
    pub policy_secret: Option<String>,
    /// `SEVERITY_LIMIT`: the lowest severity that denies.
    pub severity_limit: SeverityLimit,
    /// `LOG_LEVEL`: the lowest level that is logged.
    pub log_level: Level,
    /// `METRICS_NAMESPACE`: the CloudWatch namespace.
    pub metrics_namespace: String,
    /// `CLUSTER_METRICS`: whether each cluster is also counted by itself.
    pub cluster_metrics: bool,
    /// `CACHE_SECONDS`: how long inspected facts may be reused.
    pub cache: Duration,
    /// `MAX_IMAGES`: how many distinct images of one review are looked up at most.
    pub max_images: usize,
    /// `PIN_NAMESPACES`: where images get their digest, and must have it.
    pub pin: PinNamespaces,
    /// `REWRITES`: which images of other registries become which images in ECR.
    pub rewrites: RewriteTable,
    /// Region, credentials, endpoints and timeouts of the AWS clients.
    pub sdk: Sdk,
}

impl Config {
    /// Reads the configuration. The error is the first bad value.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadVariable> {
        let timeouts = Timeouts { connect: CONNECT, attempt: ATTEMPT, operation: None };
        let sdk = Sdk::from_environment(environment, timeouts)?;
        let registry_ids = list(environment, "REGISTRY_IDS", "12-digit accounts")?;
        let regions = match list(environment, "REGISTRY_REGION", "Regions such as us-east-1")? {
            Some(regions) => regions,
            None => BTreeSet::from([own_region(environment)?]),
        };
        let rewrites = rewrites(environment, registry_ids.as_ref(), &regions)?;
        Ok(Self {
            registry_ids,
            regions,
            ignored_namespaces: ignored_namespaces(environment)?,
            policy_secret: policy_secret(environment)?,
            severity_limit: severity_limit(environment)?,
            log_level: Level::from_environment(environment)?,
            metrics_namespace: metrics_namespace(environment)?,
            cluster_metrics: environment.switch("CLUSTER_METRICS")?,
            cache: Duration::from_secs(
                environment.whole_number("CACHE_SECONDS", "seconds", 0..=300, 60)?.into(),
            ),
            max_images: max_images(environment)?,
            pin: pin_namespaces(environment)?,
            rewrites,
            sdk,
        })
    }
}

/// The namespaces whose images are pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinNamespaces {
    /// Every namespace, and what has none.
    All,
    /// These, exactly.
    Only(BTreeSet<String>),
}

impl PinNamespaces {
    /// Whether images in this namespace are pinned.
    pub fn contains(&self, namespace: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => namespace.is_some_and(|namespace| names.contains(namespace)),
        }
    }
}

/// The comma-separated names of a variable; `None` when it is not set or empty, which means the
/// stack's own. Spaces around a name are accepted, an empty name is not.
fn list<T: FromStr<Err = InvalidName> + Ord>(
    environment: &Environment,
    name: &'static str,
    expected: &str,
) -> Result<Option<BTreeSet<T>>, BadVariable> {
    let Some(value) = environment.non_empty(name) else { return Ok(None) };
    let names: Result<BTreeSet<T>, InvalidName> =
        value.split(',').map(|name| name.trim().parse()).collect();
    names.map(Some).map_err(|invalid| {
        BadVariable::new(
            name,
            value,
            format!("comma-separated {expected} ({})", invalid.accepted()),
        )
    })
}

fn own_region(environment: &Environment) -> Result<Region, BadVariable> {
    const EXPECTED: &str = "a Region such as us-east-1, which AWS Lambda sets";
    let value = environment.required("AWS_REGION", EXPECTED)?;
    value.parse().ok().ok_or_else(|| BadVariable::new("AWS_REGION", value, EXPECTED))
}

/// Not set means `kube-system`, set and empty means none.
fn ignored_namespaces(environment: &Environment) -> Result<BTreeSet<String>, BadVariable> {
    const NAME: &str = "IGNORED_NAMESPACES";
    namespaces(NAME, environment.get(NAME).unwrap_or("kube-system"), "")
}

/// Not set and empty mean none, `*` means all.
fn pin_namespaces(environment: &Environment) -> Result<PinNamespaces, BadVariable> {
    const NAME: &str = "PIN_NAMESPACES";
    match environment.get(NAME).unwrap_or_default().trim() {
        "*" => Ok(PinNamespaces::All),
        value => Ok(PinNamespaces::Only(namespaces(NAME, value, "*, or ")?)),
    }
}

/// Comma-separated namespaces. `or` starts the list of what is expected.
fn namespaces(name: &'static str, value: &str, or: &str) -> Result<BTreeSet<String>, BadVariable> {
    if value.trim().is_empty() {
        return Ok(BTreeSet::new());
    }
    let names: BTreeSet<String> = value.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().all(|name| is_namespace(name)) {
        Ok(names)
    } else {
        let expected = format!(
            "{or}comma-separated namespaces, each of 1 to 63 lower-case letters, digits and -, without patterns"
        );
        Err(BadVariable::new(name, value, expected))
    }
}

/// The targets must be in the allowed registries, so these must be known when the table is read: the
/// function learns its own account only from its first event.
fn rewrites(
    environment: &Environment,
    registry_ids: Option<&BTreeSet<AccountId>>,
    regions: &BTreeSet<Region>,
) -> Result<RewriteTable, BadVariable> {
    const NAME: &str = "REWRITES";
    const EXPECTED: &str = "comma-separated SOURCE=TARGET, as in docker.io/=123456789012.dkr.ecr.us-east-1.amazonaws.com/docker-hub/";
    let Some(value) = environment.non_empty(NAME) else { return Ok(RewriteTable::default()) };
    let Some(registry_ids) = registry_ids else {
        return Err(BadVariable::unset("REGISTRY_IDS", "12-digit accounts, which REWRITES needs"));
    };
    let policy = Policy::new(registry_ids.clone(), regions.clone(), SeverityLimit::Critical);
    RewriteTable::parse(value, &policy)
        .map_err(|invalid| BadVariable::new(NAME, value, format!("{EXPECTED} ({invalid})")))
}

/// A DNS label, as in RFC 1123, which Kubernetes requires of a namespace.
fn is_namespace(name: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.bytes().all(|b| alphanumeric(b) || b == b'-')
        && name.bytes().next().is_some_and(alphanumeric)
        && name.bytes().next_back().is_some_and(alphanumeric)
}

fn severity_limit(environment: &Environment) -> Result<SeverityLimit, BadVariable> {
    const NAME: &str = "SEVERITY_LIMIT";
    let Some(value) = environment.non_empty(NAME) else { return Ok(SeverityLimit::Critical) };
    let expected = "INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL";
    value.parse().ok().ok_or_else(|| BadVariable::new(NAME, value, expected))
}

/// Not set and empty mean none. Secrets Manager checks the rest of the ARN.
fn policy_secret(environment: &Environment) -> Result<Option<String>, BadVariable> {
    const NAME: &str = "POLICY_SECRET";
    let Some(value) = environment.non_empty(NAME) else { return Ok(None) };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@!:-".contains(&b);
    if value.starts_with("arn:") && value.len() <= 2_048 && value.bytes().all(allowed) {
        Ok(Some(value.to_owned()))
    } else {
        let expected = "the ARN of a secret, such as arn:aws:secretsmanager:us-east-1:123456789012:secret:policy-AbCdEf";
        Err(BadVariable::new(NAME, value, expected))
    }
}

/// kube-apiserver accepts a Pod of 3 MB, which can name 30,000 images: more than can be looked up before
/// any deadline, or held in memory. By default far fewer are, so that one tenant cannot use up what ECR
/// allows the account.
fn max_images(environment: &Environment) -> Result<usize, BadVariable> {
    let images = environment.whole_number("MAX_IMAGES", "images", 1..=500, 100)?;
    Ok(usize::try_from(images).unwrap_or(usize::MAX))
}

/// A CloudWatch namespace: 1 to 255 characters, not starting with `:` (API reference,
/// `PutMetricData`), and not one of AWS's own.
fn metrics_namespace(environment: &Environment) -> Result<String, BadVariable> {
    const NAME: &str = "METRICS_NAMESPACE";
    let value = environment.non_empty(NAME).unwrap_or("EcrAdmission");
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-/#:".contains(&b);
    if value.len() <= 255
        && value.bytes().all(allowed)
        && !value.starts_with(':')
        && !value.starts_with("AWS/")
    {
        Ok(value.to_owned())
    } else {
        let expected = "1 to 255 letters, digits and . _ - / # :, the first not :, and not AWS/";
        Err(BadVariable::new(NAME, value, expected))
    }
}

#[cfg(test)]
mod tests;
