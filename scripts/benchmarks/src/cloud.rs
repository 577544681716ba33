//! AWS for the functions beside our own Runtime API: local-cloud's, in this process.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use local_cloud::aws::{Aws, AwsSettings};
use local_cloud::catalogue::Catalogue;
use local_cloud::cli::{ACCOUNT, REGION};
use local_cloud::tls;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::failure::Failure;

const ACCESS_KEY_ID: &str = "BENCHACCESSKEY";
const SECRET_ACCESS_KEY: &str = "bench";
const TOKEN_SECRET: &str = "ecr-admission/tokens";

/// Where systems keep the authorities that they trust, Lambda's among them.
const TRUST_STORES: [&str; 2] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// A stand-in for AWS. Ends when dropped.
#[derive(Debug)]
pub struct Cloud {
    /// What a function needs to find it and to be known to it.
    pub environment: BTreeMap<String, String>,
    /// How many authorities a machine trusts.
    pub authorities: usize,
    /// All of them, and the one that the functions need.
    pub trust_store: PathBuf,
    _served: AbortOnDropHandle<()>,
}

impl Cloud {
    /// Starts one over this catalogue, with its certificates in `directory`, and these secrets beside that
    /// of the tokens.
    pub async fn start(
        directory: &Path,
        catalogue: &str,
        secrets: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        Self::at(Duration::ZERO, directory, catalogue, secrets).await
    }

    /// The same at a distance: each call, and each TLS handshake, takes so much longer.
    pub async fn at(
        latency: Duration,
        directory: &Path,
        catalogue: &str,
        secrets: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failure> {
        let tls = tls::server_config(directory)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let token = json!({"default": token()}).to_string();
        let aws = Aws::new(AwsSettings {
            catalogue: Catalogue::parse(Path::new("bench"), catalogue)?,
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            latency,
            handshake: latency,
            faults: vec![],
            secret_files: BTreeMap::new(),
            secrets: secrets.into_iter().chain([(TOKEN_SECRET.to_owned(), token)]).collect(),
            access_key_id: ACCESS_KEY_ID.to_owned(),
            secret_access_key: SECRET_ACCESS_KEY.to_owned(),
        });
        let roots = trust_store(directory)?;
        let authorities = roots.matches("BEGIN CERTIFICATE").count();
        let path = directory.join("roots.pem");
        std::fs::write(&path, roots)?;
        let served = AbortOnDropHandle::new(tokio::spawn(aws.serve(listener, tls)));
        let environment = environment(port, &directory.join(tls::CA_FILE));
        Ok(Self { environment, authorities, trust_store: path, _served: served })
    }
}

/// The token of the one cluster.
pub fn token() -> String {
    "t".repeat(64)
}

/// The stand-in's authority among those of the system, as a file may have them that `SSL_CERT_FILE` names.
fn trust_store(directory: &Path) -> Result<String, Failure> {
    let own = std::fs::read_to_string(directory.join(tls::CA_FILE))?;
    let system = TRUST_STORES.iter().find_map(|path| std::fs::read_to_string(path).ok());
    Ok(system.unwrap_or_default() + &own)
}

/// What Lambda, the templates and local-cloud set. The stand-in's authority is the only one that is read: those of
/// AWS are constants of the functions.
fn environment(port: u16, roots: &Path) -> BTreeMap<String, String> {
    let roots = roots.display().to_string();
    let endpoint = format!("https://127.0.0.1:{port}");
    [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        ("CACHE_SECONDS", "300"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("SSL_CERT_FILE", &roots),
        ("TOKEN_SECRET_ARN", TOKEN_SECRET),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
