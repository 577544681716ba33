//! The HTTP API of a registry, which pulls go through: Amazon ECR imports an image of a pull-through cache when its
//! manifest is asked for here. Only manifests are read, never layers.
//!
//! The password of the registry is sent to the host of the registry that an image names, over HTTPS, and nowhere else:
//! redirects are not followed. It is never shown.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ecr::config::timeout::TimeoutConfig;
use aws_sdk_ecr::config::{BehaviorVersion, Builder, Region, SharedHttpClient};
use aws_sdk_ecr::error::{ErrorMetadata, SdkError};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_types::SdkConfig;
use ecr_admission::ecr::LimitBody;
use ecr_admission::manifest::{IMAGE_TYPES, INDEX_TYPES};
use ecr_admission_lambda::error_text;
use ecr_admission_policy::image::{EcrImage, ImageId};
use ecr_admission_policy::names::{self, AccountId, Digest};
use ecr_admission_policy::registry::EcrRegistry;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::problem::{Call, problem};
use super::pull_problem::PullProblem;

/// How long one try may take: Amazon ECR asks the upstream registry meanwhile.
const ATTEMPT: Duration = Duration::from_mins(1);

/// Tries of one request, the first included, where it was refused for its rate or failed.
const ATTEMPTS: u32 = 4;

/// The wait before the second try. It doubles with each further one.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

/// The longest manifest that Amazon ECR stores, in bytes (service quotas of Amazon ECR).
const LONGEST: usize = 4 << 20;

/// Registries, as a container runtime talks to them.
pub struct RegistryApi {
    config: SdkConfig,
    /// Of each Region, or why there is none.
    passwords: Mutex<BTreeMap<names::Region, Result<Password, PullProblem>>>,
}

/// A manifest that was pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulledManifest {
    /// The digest of its bytes.
    pub digest: Digest,
    /// `Content-Type`.
    pub media_type: String,
    /// The manifest.
    pub text: String,
}

/// User and password, as the header `Authorization: Basic` has them. Never to be shown.
#[derive(Clone)]
struct Password(String);

/// What came back for a request.
#[derive(Debug)]
struct Answered {
    status: u16,
    media_type: String,
    body: Vec<u8>,
}

impl RegistryApi {
    /// The registries that these credentials reach.
    pub fn new(config: SdkConfig) -> Self {
        Self { config, passwords: Mutex::default() }
    }

    /// The prefixes of the pull-through cache rules of a registry.
    pub async fn cache_prefixes(
        &self,
        account: &AccountId,
        region: &names::Region,
    ) -> Result<Vec<String>, String> {
        let call = Call { action: "ecr:DescribePullThroughCacheRules", service: "Amazon ECR" };
        let client = self.client(region);
        let (mut prefixes, mut token) = (vec![], None);
        loop {
            let page = client.describe_pull_through_cache_rules().registry_id(account.as_str());
            let page = page.set_next_token(token).send().await;
            let page = page.map_err(|error| problem(error, call, region))?;
            let rules = page.pull_through_cache_rules().iter();
            prefixes.extend(rules.filter_map(|it| it.ecr_repository_prefix().map(str::to_owned)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(prefixes);
            }
        }
    }

    /// Pulls the manifest of an image through this host of its registry.
    pub async fn manifest(
        &self,
        registry: &EcrRegistry,
        image: &EcrImage,
        deadline: Instant,
    ) -> Result<PulledManifest, PullProblem> {
        let password = timeout_at(deadline, self.password(registry.region()));
        let password = password.await.map_err(|_elapsed| PullProblem::TimedOut)??;
        let reference = match &image.id {
            ImageId::Tag(tag) => tag.as_str(),
            ImageId::Digest(digest) => digest.as_str(),
        };
        let host = format!("https://{registry}");
        let url = format!("{host}/v2/{}/manifests/{reference}", image.repository);
        let mut backoff = FIRST_BACKOFF;
        for attempt in 1.. {
            let request = self.get(&host, &url, &password)?;
            let result = match timeout_at(deadline, request.invoke(())).await {
                Ok(Ok(Answered { status: 200, media_type, body })) => {
                    return pulled(image, media_type, body);
                }
                Ok(Ok(Answered { status, body, .. })) => PullProblem::of(status, &body, &image.id),
                Ok(Err(error)) => unanswered(error, registry),
                Err(_elapsed) => return Err(PullProblem::TimedOut),
            };
            let next = Instant::now() + backoff;
            if !result.may_pass() || attempt == ATTEMPTS || next >= deadline {
                return Err(result);
            }
            sleep_until(next).await;
            backoff *= 2;
        }
        Err(PullProblem::TimedOut)
    }

    fn client(&self, region: &names::Region) -> Client {
        let config = Builder::from(&self.config).region(Region::new(region.to_string()));
        Client::from_conf(config.build())
    }

    /// The password for the registries of a Region. It works for hours, so it is asked for once. A failure holds for all
    /// images, too: the SDK has tried again by then.
    async fn password(&self, region: &names::Region) -> Result<Password, PullProblem> {
        let mut passwords = self.passwords.lock().await;
        if let Some(known) = passwords.get(region) {
            return known.clone();
        }
        let password = self.new_password(region).await;
        passwords.insert(region.clone(), password.clone());
        password
    }

    async fn new_password(&self, region: &names::Region) -> Result<Password, PullProblem> {
        let call = Call { action: "ecr:GetAuthorizationToken", service: "Amazon ECR" };
        let answer = self.client(region).get_authorization_token().send().await;
        let answer =
            answer.map_err(|error| PullProblem::NoPassword(problem(error, call, region)))?;
        let token = answer.authorization_data().first().and_then(|it| it.authorization_token());
        let token = token.ok_or_else(|| {
            let problem =
                "Amazon ECR answered ecr:GetAuthorizationToken without a token; try again";
            PullProblem::NoPassword(problem.to_owned())
        })?;
        Ok(Password(format!("Basic {token}")))
    }

    /// The request for a manifest. The SDK's HTTP client follows no redirect.
    fn get(
        &self,
        host: &str,
        url: &str,
        password: &Password,
    ) -> Result<Operation<(), Answered, ErrorMetadata>, PullProblem> {
        let http: SharedHttpClient = self.config.http_client().ok_or_else(|| {
            PullProblem::Failed("there is no HTTP client; this is a defect".to_owned())
        })?;
        let timeouts = self.config.timeout_config().cloned();
        let timeouts = timeouts.unwrap_or_else(TimeoutConfig::disabled);
        let timeouts = timeouts.into_builder().operation_attempt_timeout(ATTEMPT).build();
        let (url, authorization) = (url.to_owned(), password.0.clone());
        Ok(Operation::builder()
            .service_name("registry")
            .operation_name("GetManifest")
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(host)
            .no_auth()
            .no_retry()
            .timeout_config(timeouts)
            .interceptor(LimitBody::to(LONGEST))
            .serializer(move |()| {
                let mut request = HttpRequest::get(&url)?;
                let types: Vec<&str> = INDEX_TYPES.into_iter().chain(IMAGE_TYPES).collect();
                request.headers_mut().insert("accept", types.join(", "));
                request.headers_mut().insert("authorization", authorization.clone());
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                let media_type = response.headers().get("content-type").unwrap_or_default();
                Ok(Answered {
                    status: response.status().as_u16(),
                    media_type: media_type.to_owned(),
                    body: response.body().bytes().unwrap_or_default().to_vec(),
                })
            })
            .build())
    }
}

impl fmt::Debug for RegistryApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryApi").finish_non_exhaustive()
    }
}

/// The manifest, if it is that of the image.
fn pulled(
    image: &EcrImage,
    media_type: String,
    body: Vec<u8>,
) -> Result<PulledManifest, PullProblem> {
    let damaged =
        |what: &str| PullProblem::Failed(format!("Amazon ECR answered with {what}; try again"));
    let digest = format!("sha256:{:x}", Sha256::digest(&body));
    let digest: Digest = digest.parse().map_err(|_invalid| damaged("a manifest of no digest"))?;
    if let ImageId::Digest(asked) = &image.id
        && *asked != digest
    {
        return Err(damaged("a manifest of another digest"));
    }
    let text =
        String::from_utf8(body).map_err(|_invalid| damaged("a manifest that is not text"))?;
    Ok(PulledManifest { digest, media_type, text })
}

/// Why there is no answer at all.
fn unanswered(error: SdkError<ErrorMetadata, HttpResponse>, registry: &EcrRegistry) -> PullProblem {
    if matches!(error, SdkError::TimeoutError(_)) {
        return PullProblem::Unreachable(format!("{registry} did not answer in time"));
    }
    PullProblem::Unreachable(format!("cannot reach {registry}: {}", error_text(error)))
}
