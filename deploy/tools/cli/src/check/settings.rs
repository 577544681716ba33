//! What the admission function of a stack would be configured with.

use ecr_admission::config::Config;
use ecr_admission::policy_secret::PolicyVersion;
use ecr_admission_lambda::{BadVariable, Environment};
use ecr_admission_policy::names::AccountId;

use super::options::Parameters;

/// The settings of an admission function, of a deployed stack or made of options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its environment variables. Of two values for one variable, the last counts.
    pub environment: Vec<(String, String)>,
    /// The policy document; `None` leaves the parameters alone.
    pub document: Option<PolicyVersion>,
    /// The account that it runs in.
    pub own_account: AccountId,
    /// What is to be said of where all this comes from; one plain line each.
    pub notices: Vec<String>,
}

/// What the function needs in order to start, and what is not used here: the clients are made from the credentials of
/// the person who checks.
const DEFAULTS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "unused"), ("AWS_SECRET_ACCESS_KEY", "unused")];

/// What is not taken from the stack: the facts are kept elsewhere, the document is at hand, and the log is not for here.
const FIXED: [(&str, &str); 3] =
    [("CACHE_SECONDS", "0"), ("POLICY_SECRET", ""), ("LOG_LEVEL", "ERROR")];

impl Settings {
    /// The configuration, read by the function's own code.
    pub fn config(&self) -> Result<Config, String> {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment: Environment = DEFAULTS
            .map(own)
            .into_iter()
            .chain(self.environment.iter().cloned())
            .chain(FIXED.map(own))
            .collect();
        Config::from_environment(&environment).map_err(|bad| problem(&bad))
    }
}

/// The options by the variables that they set.
const OPTIONS: [(&str, &str); 7] = [
    ("REGISTRY_IDS", "--registry-ids"),
    ("REGISTRY_REGION", "--registry-region"),
    ("SEVERITY_LIMIT", "--severity-limit"),
    ("PIN_NAMESPACES", "--pin-namespaces"),
    ("REWRITES", "--rewrites"),
    ("IGNORED_NAMESPACES", "--ignored-namespaces"),
    ("AWS_REGION", "--region"),
];

impl Parameters {
    /// The variables that the options set.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let values = [
            ("REGISTRY_IDS", &self.registry_ids),
            ("REGISTRY_REGION", &self.registry_region),
            ("SEVERITY_LIMIT", &self.severity_limit),
            ("PIN_NAMESPACES", &self.pin_namespaces),
            ("REWRITES", &self.rewrites),
            ("IGNORED_NAMESPACES", &self.ignored_namespaces),
            ("AWS_REGION", &self.region),
        ];
        let set = |(name, value): (&str, &Option<String>)| Some((name.to_owned(), value.clone()?));
        values.into_iter().filter_map(set).collect()
    }
}

/// What is wrong with a value, for somebody who writes options.
fn problem(bad: &BadVariable) -> String {
    let Some((_, option)) = OPTIONS.iter().find(|(variable, _)| *variable == bad.name()) else {
        return bad.to_string();
    };
    match bad.got() {
        Some(got) => format!("{option}: expected {}, got \"{got}\"", bad.expected()),
        None => format!("{option} is missing; expected {}", bad.expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(environment: &[(&str, &str)]) -> Settings {
        Settings {
            environment: environment
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            document: None,
            own_account: "123456789012".parse().unwrap(),
            notices: vec![],
        }
    }

    #[test]
    fn the_last_value_of_a_variable_counts_and_what_is_not_for_here_is_left_out() {
        let settings = settings(&[
            ("AWS_REGION", "us-east-1"),
            ("SEVERITY_LIMIT", "HIGH"),
            ("POLICY_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:p"),
            ("CACHE_SECONDS", "60"),
            ("SEVERITY_LIMIT", "LOW"),
        ]);
        let config = settings.config().unwrap();
        assert_eq!(config.severity_limit, "LOW".parse().unwrap());
        assert_eq!((config.policy_secret, config.cache.as_secs()), (None, 0));
    }

    #[test]
    fn a_bad_value_names_the_option() {
        let region = ("AWS_REGION", "us-east-1");
        for (bad, expected) in [
            (
                ("SEVERITY_LIMIT", "huge"),
                "--severity-limit: expected INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL, got \"huge\"",
            ),
            (
                ("MAX_IMAGES", "0"),
                "environment variable MAX_IMAGES: expected a whole number of images from 1 to 500, got \"0\"",
            ),
            (("AWS_REGION", ""), "--region is missing; expected an AWS Region, as in us-east-1"),
        ] {
            assert_eq!(settings(&[region, bad]).config().unwrap_err(), expected);
        }
    }
}
