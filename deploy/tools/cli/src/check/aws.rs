//! AWS, as the person who checks may call it: settings and credentials as every AWS tool finds them, and the clients.
//!
//! The functions have none of this: AWS Lambda gives them their Region and their credentials.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_ecr::config::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use ecr_admission::ecr::EcrInspector;
use ecr_admission_policy::names::{self, AccountId};
use tokio::time::Instant;

mod caller;
mod https;
mod pace;
mod problem;
mod pull_problem;
mod registry;
mod stack;
mod throttling;
mod versions;

pub use caller::scanning_notice;
pub use pace::{CALLS_A_SECOND, CALLS_IN_FLIGHT};
pub use pull_problem::PullProblem;
pub use registry::{PulledManifest, RegistryApi};
pub use stack::{CHANGE_NO_VERDICT, OUTPUTS, Stack};
pub use versions::{CURRENT, PREVIOUS, PolicyVersions, SecretVersion};

/// How long connecting may take, TLS included: far away, over a slow network.
const CONNECT: Duration = Duration::from_secs(5);

/// How long one try of a call may take, its turn included.
const ATTEMPT: Duration = Duration::from_secs(15);

/// Tries of one call, the first included. Where a service refuses a call for its rate, see `throttling`.
const ATTEMPTS: u32 = 4;

/// The settings of all AWS clients.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
    region: names::Region,
}

impl Aws {
    /// Finds settings and credentials: in the environment, in the profile (`AWS_PROFILE`; single sign-on, roles and
    /// processes included), in a web identity token, in a container and in an instance. `region` comes before all of
    /// these. Nothing is called yet, but what a Region is looked up by.
    pub async fn load(region: Option<&str>) -> Result<Self, String> {
        let given = region.map(named).transpose()?;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https::Https::default())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ATTEMPT)
                    .build(),
            )
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        if let Some(region) = given {
            loader = loader.region(Region::new(region.to_string()));
        }
        Self::new(loader.load().await)
    }

    /// The clients that these settings make.
    pub fn new(config: SdkConfig) -> Result<Self, String> {
        let Some(region) = config.region() else {
            return Err("no AWS Region is set; use --region, or set AWS_REGION or the region of \
                        the AWS profile"
                .to_owned());
        };
        let region = region.as_ref();
        let region = region.parse().map_err(|_invalid| {
            format!("the AWS Region of the environment or profile: expected a Region, as in us-east-1, got \"{region}\"")
        })?;
        Ok(Self { config, region })
    }

    /// The Region: that of the stack, if there is one.
    pub fn region(&self) -> &names::Region {
        &self.region
    }

    /// What all calls go out through.
    pub fn http(&self) -> Option<SharedHttpClient> {
        self.config.http_client()
    }

    /// The same settings, with calls that go out through `http`.
    #[must_use]
    pub fn with_http(self, http: SharedHttpClient) -> Self {
        let config = self.config.into_builder().http_client(http).build();
        Self { config, ..self }
    }

    /// The registries, as a container runtime pulls from them.
    pub fn registries(&self) -> RegistryApi {
        RegistryApi::new(self.config.clone())
    }

    /// What looks images up in the registries of these Regions, with credentials of the account `caller`: no faster
    /// than [`CALLS_A_SECOND`], and again until `deadline` while Amazon ECR says that it is called too fast.
    pub fn inspector(
        &self,
        regions: &BTreeSet<names::Region>,
        caller: AccountId,
        deadline: Instant,
    ) -> EcrInspector {
        pace::inspector(&self.config, regions, deadline).asking_as(caller)
    }
}

fn named(region: &str) -> Result<names::Region, String> {
    region.parse().map_err(|_invalid| {
        format!("--region: expected an AWS Region, as in us-east-1, got \"{region}\"")
    })
}
