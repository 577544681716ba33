//! Amazon ECR in this process: its API, and the HTTP API of its registries.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use ecr_admission::policy_secret::PolicyVersion;
use ecr_admission_catalogue::{Caller, Catalogue, Registries, answer, manifest};
use ecr_admission_cli::check::aws::{Aws, CALLS_IN_FLIGHT};
use ecr_admission_cli::check::evaluate::{Setup, evaluate};
use ecr_admission_cli::check::input;
use ecr_admission_cli::check::options::NOBODY;
use ecr_admission_cli::check::prefetch::Prefetch;
use ecr_admission_cli::check::report::Report;
use ecr_admission_cli::check::review::Circumstances;
use ecr_admission_cli::check::settings::Settings;
use ecr_admission_testing::NOW_MS;
use serde_json::json;
use tokio::time::Instant;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const HOST: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const TOKEN: &str = "QVdTOnNlY3JldA==";

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The host and the path.
    pub(crate) url: String,
    /// The operation of the ECR API; empty for a pull.
    pub(crate) operation: String,
    /// The header `Authorization`.
    pub(crate) authorization: String,
    /// The header `Accept`.
    pub(crate) accept: String,
}

/// What a call is answered with instead, by the operation or the path of a pull: status, header, body.
pub(crate) type Instead =
    Box<dyn Fn(&str) -> Option<(u16, Option<(&'static str, &'static str)>, String)> + Send + Sync>;

/// Amazon ECR, and all that was sent to it.
pub(crate) struct World {
    registries: Registries,
    instead: Instead,
    sent: Mutex<Vec<Sent>>,
}

impl World {
    pub(crate) fn new(catalogue: &str) -> Arc<Self> {
        Self::with(catalogue, Box::new(|_| None))
    }

    pub(crate) fn with(catalogue: &str, instead: Instead) -> Arc<Self> {
        let catalogue = Catalogue::parse(Path::new("test.yaml"), catalogue).unwrap();
        Arc::new(Self { registries: Registries::new(&catalogue), instead, sent: Mutex::default() })
    }

    /// What was pulled, without the host.
    pub(crate) fn pulls(&self) -> Vec<String> {
        let pulls = self.sent().into_iter().filter(|sent| sent.operation.is_empty());
        pulls
            .map(|sent| sent.url.trim_start_matches(&format!("https://{HOST}")).to_owned())
            .collect()
    }

    /// The digest of a tag, imported or not.
    pub(crate) fn digest(&self, repository: &str, tag: &str) -> String {
        manifest(&self.registries, ACCOUNT, REGION, repository, tag).unwrap().digest
    }

    /// How often an operation was called.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        self.sent().iter().filter(|sent| sent.operation == operation).count()
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    fn reply(&self, request: &http::Request<SdkBody>) -> http::Response<String> {
        let header = |name: &str| {
            let value = request.headers().get(name);
            value.map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let target = header("x-amz-target");
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let url = request.uri().to_string();
        self.sent.lock().unwrap().push(Sent {
            url: url.clone(),
            operation: operation.clone(),
            authorization: header("authorization"),
            accept: header("accept"),
        });
        let path = request.uri().path();
        let what = if operation.is_empty() { path } else { &operation };
        let mut response = http::Response::builder();
        if let Some((status, header, body)) = (self.instead)(what) {
            if let Some((name, value)) = header {
                response = response.header(name, value);
            }
            return response.status(status).body(body).unwrap();
        }
        if operation.is_empty() {
            let host = request.uri().host().unwrap();
            let (account, region) = host.split_once(".dkr.ecr.").unwrap();
            let (region, _) = region.split_once('.').unwrap();
            let (name, reference) =
                path.strip_prefix("/v2/").unwrap().rsplit_once("/manifests/").unwrap();
            return match manifest(&self.registries, account, region, name, reference) {
                Ok(found) => {
                    let text = String::from_utf8(found.content.to_vec()).unwrap();
                    response.header("content-type", found.media_type).body(text).unwrap()
                }
                Err(refusal) => {
                    let error = json!({"code": refusal.code, "message": refusal.message});
                    let body = json!({"errors": [error]}).to_string();
                    response.status(refusal.status).body(body).unwrap()
                }
            };
        }
        if operation == "GetAuthorizationToken" {
            let data =
                json!({"authorizationToken": TOKEN, "proxyEndpoint": "https://elsewhere.example"});
            return response.body(json!({"authorizationData": [data]}).to_string()).unwrap();
        }
        let caller = Caller { account: ACCOUNT, region: REGION, host: "blobs.invalid" };
        let body = request.body().bytes().unwrap();
        match answer(&self.registries, caller, &operation, body).unwrap() {
            Ok(answer) => response.body(answer.to_string()).unwrap(),
            Err(error) => {
                let body = json!({"__type": error.code, "message": error.message});
                response.status(400).body(body.to_string()).unwrap()
            }
        }
    }

    fn aws(self: &Arc<Self>) -> Aws {
        let world = Arc::clone(self);
        let http =
            infallible_client_fn(move |request: http::Request<SdkBody>| world.reply(&request));
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::disabled())
            .http_client(http)
            .build();
        Aws::new(config).unwrap()
    }

    /// The report on a manifest.
    pub(crate) async fn check(
        self: &Arc<Self>,
        manifest: &str,
        variables: &[(&str, &str)],
        document: Option<&str>,
    ) -> Report {
        let input = input::read(&["-".into()], &mut manifest.as_bytes());
        assert_eq!(input.unreadable, []);
        let always = [("AWS_REGION", REGION), ("REGISTRY_IDS", ACCOUNT)];
        let environment = always.iter().chain(variables);
        let settings = Settings {
            environment: environment.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            document: None,
            own_account: ACCOUNT.parse().unwrap(),
            notices: vec![],
        };
        let (aws, timeout) = (self.aws(), Duration::from_mins(10));
        let deadline = Instant::now() + Duration::from_mins(15);
        let regions = [REGION.parse().unwrap()].into();
        let inspector = aws.inspector(&regions, ACCOUNT.parse().unwrap(), deadline);
        let setup = Setup {
            config: settings.config().unwrap(),
            document: document
                .map(|text| PolicyVersion { id: "v1".to_owned(), text: text.to_owned() }),
            own_account: settings.own_account,
            circumstances: Circumstances { user: NOBODY.to_owned(), groups: vec![], mutate: true },
            namespace: "shop".to_owned(),
            now_ms: NOW_MS,
            deadline,
            room: CALLS_IN_FLIGHT,
            prefetch: Some(Prefetch { registries: aws.registries(), timeout }),
        };
        evaluate(input.objects, setup, inspector, |_| async {}).await
    }
}

/// A registry with these pull-through cache rules and repositories.
pub(crate) fn catalogue(rules: &str, repositories: &str) -> String {
    format!(
        "registries:\n- account: \"{ACCOUNT}\"\n  region: {REGION}\n  pullThroughCacheRules: {rules}\n  repositories:\n{repositories}"
    )
}

/// What repositories of a pull-through cache have in common.
pub(crate) const SCANNED: &str =
    "imageTagMutability: IMMUTABLE, scanOnPush: true, scanFrequency: SCAN_ON_PUSH";

/// A Pod with these images.
pub(crate) fn pod(images: &[&str]) -> String {
    let containers = images.iter().enumerate();
    let containers: Vec<_> =
        containers.map(|(n, image)| json!({"name": format!("c{n}"), "image": image})).collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}})
        .to_string()
}
