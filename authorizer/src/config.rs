//! What the operator set.

use std::time::Duration;

use ecr_admission_lambda::{BadVariable, Environment, Level, Log, Sdk, Timeouts};

use crate::endpoints::Endpoints;
use crate::sources::AllowedSources;
use crate::via::Via;

/// For one version of the secret. A Secrets Manager that takes 1.5 seconds for each of the two is waited
/// for; one lost try leaves time for another. The shortest function timeout that this function needs is
/// a little over [`crate::token_copy::LONGEST_READ`], which bounds all of these together.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(2),
    operation: Some(Duration::from_secs(3)),
};

/// The configuration of the function, read once when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name or ARN of the secret with the tokens (`TOKEN_SECRET_ARN`).
    pub secret: String,
    /// How long the previous token still works after a rotation (`TOKEN_OVERLAP_HOURS`).
    pub overlap: Duration,
    /// What this function authorizes: bearer tokens, or the keys of URLs (`CALLER_KEY`).
    pub via: Via,
    /// From which addresses callers may come at the public door (`ALLOWED_SOURCES`).
    pub sources: AllowedSources,
    /// Through which VPC endpoints they may come at the private door, and as which clusters
    /// (`VPC_ENDPOINT_IDS`, `VPC_ENDPOINT_CLUSTERS`).
    pub endpoints: Endpoints,
    /// Where log lines go (`LOG_LEVEL`).
    pub log: Log,
    /// What the AWS client starts from.
    pub sdk: Sdk,
}

impl Config {
    /// Reads the configuration, or says what is wrong with it.
    pub fn from_environment(environment: &Environment) -> Result<Self, BadVariable> {
        let hours = environment.whole_number("TOKEN_OVERLAP_HOURS", "hours", 0..=168, 24)?;
        Ok(Self {
            secret: secret(environment)?,
            overlap: Duration::from_hours(u64::from(hours)),
            via: Via::from_environment(environment, "CALLER_KEY")?,
            sources: AllowedSources::from_environment(environment, "ALLOWED_SOURCES")?,
            endpoints: Endpoints::from_environment(
                environment,
                "VPC_ENDPOINT_IDS",
                "VPC_ENDPOINT_CLUSTERS",
            )?,
            log: Log::new(Level::from_environment(environment)?),
            sdk: Sdk::from_environment(environment, TIMEOUTS)?,
        })
    }
}

/// Length and characters as `GetSecretValue` and `CreateSecret` take them; a colon is in an ARN
/// only.
fn secret(environment: &Environment) -> Result<String, BadVariable> {
    const NAME: &str = "TOKEN_SECRET_ARN";
    const EXPECTED: &str = "the ARN or the name of a secret in AWS Secrets Manager";
    let value = environment.required(NAME, EXPECTED)?;
    if value.len() <= 2048
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&byte))
    {
        Ok(value.to_owned())
    } else {
        Err(BadVariable::new(NAME, value, EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(extra: &[(&str, &str)]) -> Result<Config, BadVariable> {
        let base = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "the-secret-key"),
            (
                "TOKEN_SECRET_ARN",
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-admission/token-AbCdEf",
            ),
        ];
        Config::from_environment(&base.iter().chain(extra).copied().collect())
    }

    #[test]
    fn defaults() {
        let config = config(&[]).unwrap();
        assert_eq!(config.overlap, Duration::from_hours(24));
        assert_eq!(config.via, Via::Header);
        assert!(config.sources.is_any() && config.endpoints.is_empty());
        assert_eq!(
            config.secret,
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-admission/token-AbCdEf"
        );
    }

    #[test]
    fn the_overlap_is_0_to_168_hours() {
        for (value, hours) in [("0", 0), ("168", 168)] {
            assert_eq!(
                config(&[("TOKEN_OVERLAP_HOURS", value)]).unwrap().overlap,
                Duration::from_hours(hours)
            );
        }
        assert_eq!(
            config(&[("TOKEN_OVERLAP_HOURS", "169")]).unwrap_err().to_string(),
            "environment variable TOKEN_OVERLAP_HOURS: expected a whole number of hours from 0 to 168, got \"169\""
        );
    }

    #[test]
    fn the_secret_must_be_named() {
        assert_eq!(config(&[("TOKEN_SECRET_ARN", "tokens")]).unwrap().secret, "tokens");
        assert_eq!(
            config(&[("TOKEN_SECRET_ARN", "")]).unwrap_err().to_string(),
            "environment variable TOKEN_SECRET_ARN is not set; \
             expected the ARN or the name of a secret in AWS Secrets Manager"
        );
        for value in ["my secret", "a\nb", "{\"a\":\"b\"}", &"a".repeat(2049)] {
            assert!(config(&[("TOKEN_SECRET_ARN", value)]).is_err(), "{value}");
        }
    }

    #[test]
    fn every_variable_is_checked() {
        for (name, value) in [
            ("ALLOWED_SOURCES", "anywhere"),
            ("VPC_ENDPOINT_IDS", "any"),
            ("VPC_ENDPOINT_CLUSTERS", "blue"),
            ("CALLER_KEY", "path"),
            ("LOG_LEVEL", "loud"),
            ("AWS_REGION", ""),
            ("AWS_ENDPOINT_URL", "nowhere"),
        ] {
            assert_eq!(config(&[(name, value)]).unwrap_err().name(), name);
        }
    }
}
