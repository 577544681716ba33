//! The local stack as a whole: put together, started, and stopped in order.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ecr_admission_catalogue::{Catalogue, CatalogueError};
use http::Method;
use rand::distr::{Alphanumeric, SampleString};
use serde_json::json;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::aws::{self, Aws, SecretFileError, read_secret_file, secret_arn};
use crate::cli::{ACCOUNT, ADDRESS, Options, REGION};
use crate::client::{Client, ClientError};
use crate::directory::{self, DirectoryError};
use crate::doors::{Doors, HTTP, Listening, RestDoor, URLS_FILE};
use crate::gateway::rest::RestApi;
use crate::gateway::{self, Gateway};
use crate::render::{self, PRIVATE, RenderError};
use crate::runtime::{Function, FunctionSettings};
use crate::tls::{self, CA_FILE, TlsError};

const ACCESS_KEY_ID: &str = "LOCALCLOUDACCESSKEY";
const TOKEN_SECRET: &str = "ecr-admission/tokens";
/// The secret that holds the policy document, with `--policy`.
const POLICY_SECRET: &str = "ecr-admission/policy";
/// The cluster that the token in `--dir` belongs to.
const CLUSTER: &str = "local";

/// Why the local stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A function's binary is not there.
    #[error("{} is not a file; build it, or use --{option} FILE", path.display())]
    Binary {
        /// The option that names it.
        option: &'static str,
        /// What it names.
        path: PathBuf,
    },
    /// The port is taken, or not allowed.
    #[error(
        "cannot listen on {ADDRESS}:{port}: {source}; choose another --{option}, or 0 for a free one"
    )]
    Listen {
        /// The port asked for.
        port: u16,
        /// The option that says it.
        option: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// No API is left.
    #[error("--public-endpoint false leaves no door; add --private or --regional")]
    NoDoor,
    /// The URLs of the doors could not be written as JSON.
    #[error(transparent)]
    Urls(#[from] serde_json::Error),
    /// The catalogue cannot be used.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The policy document cannot be a secret.
    #[error("--policy {0}")]
    Policy(#[from] SecretFileError),
    /// The directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A certificate could not be made or read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The files for a kube-apiserver could not be written.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The front door was opened and does not answer.
    #[error("the front door does not answer: {0}")]
    Silent(#[from] ClientError),
}

/// A running stack.
pub struct Cloud {
    url: String,
    token: String,
    client: Client,
    functions: Vec<Function>,
    stop: CancellationToken,
    rest_urls: BTreeMap<String, String>,
    gateways: Vec<JoinHandle<()>>,
    _aws: AbortOnDropHandle<()>,
}

impl Cloud {
    /// Starts everything. When it returns, all files are written and the front door answers.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let admission_binary = binary("admission-binary", &options.admission_binary)?;
        let authorizer_binary = binary("authorizer-binary", &options.authorizer_binary)?;
        let catalogue = Catalogue::read(&options.registry())?;
        let home = Home::of(&catalogue);
        // Whether it is a policy document is for the function to say, as it is with AWS.
        options.policy.as_deref().map(read_secret_file).transpose()?;
        let directory = directory::create(&options.dir)?;
        let doors = Doors::open(options).await?;
        let urls = doors.urls();
        directory::write(&directory.join(URLS_FILE), &serde_json::to_vec_pretty(&urls)?)?;
        let (url, base) = doors.first();
        let tls = tls::server_config(&directory)?;
        let token = directory::token(&directory)?;

        let aws_door = Listening::on(0, "port").await?;
        let secret_access_key = Alphanumeric.sample_string(&mut rand::rng(), 40);
        let aws = Aws::new(aws_settings(options, catalogue, &home, &token, &secret_access_key));
        let common = aws_environment(&secret_access_key, aws_door.url, &directory);
        let function = |name: &str, binary: PathBuf, own: Vec<(String, String)>| {
            let environment = common.iter().cloned().chain(own).collect();
            Function::new(function_settings(options, &home, name, binary, environment))
        };
        let admission =
            function("admission", admission_binary, admission_environment(options, &home));
        let authorizer = |name: &str, own: &[(&str, &str)]| {
            function(name, authorizer_binary.clone(), authorizer_environment(options, own))
        };
        let for_keys = || authorizer("key-authorizer", &[("CALLER_KEY", "url")]);
        let key_authorizer = options.url_keys.then(for_keys);
        let authorizer = authorizer("authorizer", &[]);
        let functions: Vec<Function> =
            [&admission, &authorizer].into_iter().chain(&key_authorizer).cloned().collect();

        render_all(options, &directory, &urls).await?;

        let served = tokio::spawn(aws.clone().serve(aws_door.listener, Arc::clone(&tls)));
        let stop = CancellationToken::new();
        let settings = gateway::GatewaySettings {
            authorizer,
            key_authorizer,
            address_counts: !options.allowed_sources.is_empty(),
            admission,
            aws,
            account: home.account.clone(),
            region: home.region.clone(),
            authorizer_cache: options.authorizer_cache_seconds,
            integration_timeout: options.integration_timeout_ms,
        };
        let client = Client::new(&base, &directory::read(&directory.join(CA_FILE))?)?;
        let keyless = !options.vpc_endpoint_clusters.is_empty();
        let cloud = Self {
            url,
            token,
            client,
            functions,
            rest_urls: urls.into_iter().filter(|(name, _)| name != HTTP).collect(),
            gateways: serve(doors, settings, keyless, &tls, &stop),
            stop,
            _aws: AbortOnDropHandle::new(served),
        };
        let local = cloud.client.at(&cloud.url);
        local.send(Method::GET, "/_local/calls", &[], "").await?;
        Ok(cloud)
    }

    /// The base URL of each door of the REST API, by name.
    pub fn rest_urls(&self) -> &BTreeMap<String, String> {
        &self.rest_urls
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What callers of the front door must present. A secret.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A client that trusts the front door.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Stops everything. AWS goes last: functions that are asked to end still send it their metrics.
    pub async fn stop(self) {
        self.stop.cancel();
        let stopping = self.functions.into_iter().map(async |function| function.stop().await);
        stopping.collect::<JoinSet<_>>().join_all().await;
        for gateway in self.gateways {
            let _panicked = gateway.await;
        }
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("url", &self.url).finish_non_exhaustive()
    }
}

fn binary(option: &'static str, path: &Path) -> Result<PathBuf, StartError> {
    let absolute = path.canonicalize().ok().filter(|path| path.is_file());
    absolute.ok_or_else(|| StartError::Binary { option, path: path.to_owned() })
}

/// Opens every door. The REST API has authorizers of its own, with the same functions behind them.
fn serve(
    doors: Doors,
    settings: gateway::GatewaySettings,
    keyless: bool,
    tls: &Arc<rustls::ServerConfig>,
    stop: &CancellationToken,
) -> Vec<JoinHandle<()>> {
    let mut serving = vec![];
    if let Some(reach) = doors.reach {
        let api = Arc::new(RestApi::new(reach, keyless, &settings));
        for RestDoor { endpoint, listening } in doors.rest {
            let serve =
                Arc::clone(&api).serve(listening.listener, endpoint, Arc::clone(tls), stop.clone());
            serving.push(tokio::spawn(serve));
        }
    }
    if let Some(http) = doors.http {
        let gateway = Gateway::new(settings);
        serving.push(tokio::spawn(gateway.serve(http.listener, Arc::clone(tls), stop.clone())));
    }
    serving
}

/// Writes the files for a kube-apiserver: of the HTTP API into the directory itself, of each
/// door of the REST API into a folder.
async fn render_all(
    options: &Options,
    directory: &Path,
    urls: &BTreeMap<String, String>,
) -> Result<(), StartError> {
    let private = directory.join(PRIVATE);
    for (name, url) in urls {
        if options.other_endpoint_ids.contains(name) {
            continue;
        }
        let out = if name == HTTP { directory.to_owned() } else { private.join(name) };
        render::run(render::RenderSettings {
            project: &options.project,
            directory,
            out: &out,
            url,
            ignored_namespaces: &options.ignored_namespaces,
            url_keys: options.url_keys,
            keyless: !options.vpc_endpoint_clusters.is_empty()
                && options.vpc_endpoint_ids.contains(name),
        })
        .await?;
    }
    Ok(())
}

/// Where the stack is: for a recording, where that was made, so that the same registries are those of its account.
struct Home {
    account: String,
    region: String,
}

impl Home {
    fn of(catalogue: &Catalogue) -> Self {
        let recorded = catalogue.recorded();
        Self {
            account: recorded.map_or(ACCOUNT, |recorded| recorded.account).to_owned(),
            region: recorded.map_or(REGION, |recorded| recorded.region).to_owned(),
        }
    }
}

fn aws_settings(
    options: &Options,
    catalogue: Catalogue,
    home: &Home,
    token: &str,
    secret_access_key: &str,
) -> aws::AwsSettings {
    let policy = options.policy.clone().map(|path| (POLICY_SECRET.to_owned(), path));
    aws::AwsSettings {
        catalogue,
        account: home.account.clone(),
        region: home.region.clone(),
        latency: options.latency_ms,
        handshake: options.handshake_ms,
        faults: options.fault.clone(),
        secrets: BTreeMap::from([(TOKEN_SECRET.to_owned(), json!({CLUSTER: token}).to_string())]),
        secret_files: policy.into_iter().collect(),
        access_key_id: ACCESS_KEY_ID.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
    }
}

fn function_settings(
    options: &Options,
    home: &Home,
    name: &str,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
) -> FunctionSettings {
    FunctionSettings {
        name: name.to_owned(),
        binary,
        account: home.account.clone(),
        region: home.region.clone(),
        environment,
        faults: options.fault.clone(),
        sandboxes: options.sandboxes,
        timeout: options.function_timeout_ms,
        idle: options.idle_seconds,
    }
}

/// How both functions find AWS and are known there.
fn aws_environment(
    secret_access_key: &str,
    url: String,
    directory: &Path,
) -> Vec<(String, String)> {
    let pairs = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret_access_key.to_owned()),
        ("AWS_ENDPOINT_URL", url),
        ("SSL_CERT_FILE", directory.join(CA_FILE).display().to_string()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

fn admission_environment(options: &Options, home: &Home) -> Vec<(String, String)> {
    let given =
        |option: &Option<String>, usual: &str| option.as_deref().unwrap_or(usual).to_owned();
    let mut environment = vec![
        ("IGNORED_NAMESPACES".to_owned(), options.ignored_namespaces.clone()),
        ("PIN_NAMESPACES".to_owned(), options.pin_namespaces.clone()),
        ("REGISTRY_IDS".to_owned(), given(&options.registry_ids, &home.account)),
        ("REGISTRY_REGION".to_owned(), given(&options.registry_region, &home.region)),
    ];
    if options.policy.is_some() {
        let arn = secret_arn(&home.region, &home.account, POLICY_SECRET);
        environment.push(("POLICY_SECRET".to_owned(), arn));
    }
    environment.extend(options.admission_env.iter().cloned());
    environment
}

fn authorizer_environment(options: &Options, own: &[(&str, &str)]) -> Vec<(String, String)> {
    let sources = options.allowed_sources.as_str();
    let common = [("TOKEN_SECRET_ARN", TOKEN_SECRET), ("ALLOWED_SOURCES", sources)];
    let pairs = common.iter().chain(own);
    let mut environment: Vec<_> =
        pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if options.private {
        let lists = [
            ("VPC_ENDPOINT_IDS", &options.vpc_endpoint_ids),
            ("VPC_ENDPOINT_CLUSTERS", &options.vpc_endpoint_clusters),
        ];
        environment.extend(lists.map(|(name, list)| (name.to_owned(), list.join(","))));
    }
    environment.extend(options.authorizer_env.iter().cloned());
    environment
}
