//! The settings that every AWS client of a function starts from.
//!
//! They are assembled here, without `aws-config`: a Lambda function has its Region and its
//! credentials in its environment, and the profile files, metadata service and sign-in flows that
//! `aws-config` brings would only make the binary larger and a cold start longer.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use http::Uri;

use crate::connections::{Connections, Tls};
use crate::env::{BadVariable, Environment};
use crate::trust::client_config;

/// Tries of one operation, the first included.
pub const ATTEMPTS: u32 = 3;

/// The longest wait before the second try; it doubles with each further one, with jitter.
pub const FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// How long a client waits. The SDK has no limit of its own for an answer.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For one try, connection and answer included.
    pub attempt: Duration,
    /// For all tries of an operation together; `None` where the caller bounds it itself.
    pub operation: Option<Duration>,
}

/// The AWS services that the functions call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Amazon ECR.
    Ecr,
    /// AWS Secrets Manager.
    SecretsManager,
    /// Amazon CloudWatch.
    CloudWatch,
}

impl Service {
    const ALL: [Self; 3] = [Self::Ecr, Self::SecretsManager, Self::CloudWatch];

    /// The variable that holds the endpoint of this service alone, as in every AWS SDK:
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>
    fn endpoint_variable(self) -> &'static str {
        match self {
            Self::Ecr => "AWS_ENDPOINT_URL_ECR",
            Self::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            Self::CloudWatch => "AWS_ENDPOINT_URL_CLOUDWATCH",
        }
    }
}

/// The settings of all AWS clients of a function.
#[derive(Clone, Debug)]
pub struct Sdk {
    shared: SdkConfig,
    /// Made now, so that this is a part of the init phase of a function.
    tls: Tls,
    connect: Duration,
    endpoints: Vec<(Service, String)>,
}

impl Sdk {
    /// Reads Region, credentials, endpoints and endpoint variants from `environment`.
    pub fn from_environment(
        environment: &Environment,
        timeouts: Timeouts,
    ) -> Result<Self, BadVariable> {
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region(environment)?)
            .credentials_provider(SharedCredentialsProvider::new(credentials(environment)?))
            .use_fips(environment.switch(USE_FIPS)?)
            .use_dual_stack(environment.switch(USE_DUAL_STACK)?)
            .sleep_impl(TokioSleep::new())
            .time_source(SystemTimeSource::new())
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_BACKOFF),
            )
            .timeout_config(timeout_config(timeouts))
            .build();
        let endpoints = endpoints(environment)?;
        let tls = client_config(environment);
        Ok(Self { shared, tls, connect: timeouts.connect, endpoints })
    }

    /// The settings for the clients of `service`; `Config::from` of its SDK crate takes them all. Clients
    /// made from the same settings share connections. A failure of one service gives up the connections to
    /// that service only.
    pub fn config_for(&self, service: Service) -> SdkConfig {
        let endpoint = self.endpoints.iter().find(|(of, _)| *of == service);
        let mut config =
            self.shared.to_builder().http_client(Connections::new(self.tls.clone(), self.connect));
        config.set_endpoint_url(endpoint.map(|(_, url)| url.clone()));
        config.build()
    }
}

const USE_FIPS: &str = "AWS_USE_FIPS_ENDPOINT";
const USE_DUAL_STACK: &str = "AWS_USE_DUALSTACK_ENDPOINT";

/// `AWS_REGION`, which Lambda always sets. It becomes part of host names, so only a host label
/// passes.
fn region(environment: &Environment) -> Result<Region, BadVariable> {
    const NAME: &str = "AWS_REGION";
    const EXPECTED: &str = "an AWS Region, as in us-east-1";
    let value = environment.required(NAME, EXPECTED)?;
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if value.len() <= 63
        && !value.starts_with('-')
        && !value.ends_with('-')
        && value.bytes().all(label)
    {
        Ok(Region::new(value.to_owned()))
    } else {
        Err(BadVariable::new(NAME, value, EXPECTED))
    }
}

/// The credentials of the function's role, which Lambda puts into the environment and which outlive
/// the sandbox. Only long-term keys, as an emulator takes them, come without a session token.
fn credentials(environment: &Environment) -> Result<Credentials, BadVariable> {
    const EXPECTED: &str = "the credentials of the function's role, which AWS Lambda sets";
    Ok(Credentials::new(
        environment.required("AWS_ACCESS_KEY_ID", EXPECTED)?,
        environment.required("AWS_SECRET_ACCESS_KEY", EXPECTED)?,
        environment.non_empty("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    ))
}

fn timeout_config(timeouts: Timeouts) -> TimeoutConfig {
    let mut config = TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt);
    config.set_operation_timeout(timeouts.operation);
    config.build()
}

/// The endpoint of each service: the service-specific one, or else the common one.
fn endpoints(environment: &Environment) -> Result<Vec<(Service, String)>, BadVariable> {
    let mut endpoints = Vec::new();
    for service in Service::ALL {
        for name in [service.endpoint_variable(), "AWS_ENDPOINT_URL"] {
            if let Some(url) = environment.non_empty(name) {
                check_endpoint(environment, name, url)?;
                endpoints.push((service, url.to_owned()));
                break;
            }
        }
    }
    Ok(endpoints)
}

fn check_endpoint(
    environment: &Environment,
    name: &'static str,
    url: &str,
) -> Result<(), BadVariable> {
    let uri = url.parse::<Uri>().ok();
    let usable = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    if !usable {
        return Err(BadVariable::new(
            name,
            url,
            "an http or https URL with a host and without a query",
        ));
    }
    // The SDK refuses the combination too, but only when a request is made.
    for variant in [USE_FIPS, USE_DUAL_STACK] {
        if environment.switch(variant)? {
            return Err(BadVariable::new(
                variant,
                "true",
                format!("false, since {name} names an endpoint"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
