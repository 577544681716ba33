//! A stand-in on a free port, and clients that trust it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use local_cloud::aws::{Aws, AwsSettings};
use local_cloud::catalogue::Catalogue;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";
const KEY_ID: &str = "AKIDLOCALCLOUD";
const SECRET_KEY: &str = "local-cloud-secret-access-key";

/// A running stand-in; it stops when it is dropped.
pub(crate) struct StandIn {
    pub(crate) aws: Aws,
    pub(crate) address: SocketAddr,
    ca: rcgen::Certificate,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Settings with this catalogue and nothing else.
pub(crate) fn settings(catalogue: &str) -> AwsSettings {
    AwsSettings {
        catalogue: Catalogue::parse(Path::new("test.yaml"), catalogue).unwrap(),
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        latency: Duration::ZERO,
        handshake: Duration::ZERO,
        faults: Vec::new(),
        secrets: BTreeMap::new(),
        secret_files: BTreeMap::new(),
        access_key_id: KEY_ID.to_owned(),
        secret_access_key: SECRET_KEY.to_owned(),
    }
}

/// A stand-in with this catalogue and these faults.
pub(crate) async fn start_with(catalogue: &str, faults: &[&str]) -> StandIn {
    let mut settings = settings(catalogue);
    settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    start(settings).await
}

pub(crate) async fn start(settings: AwsSettings) -> StandIn {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca_params = CertificateParams::new(Vec::new()).unwrap();
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = ca_params.self_signed(&ca_key).unwrap();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::from_params(&ca_params, &ca_key)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let aws = Aws::new(settings);
    let task = tokio::spawn(aws.clone().serve(listener, Arc::new(tls)));
    StandIn { aws, address, ca, task }
}

/// Who a client says it is.
pub(crate) struct Signer {
    pub(crate) key_id: &'static str,
    pub(crate) secret_key: &'static str,
    pub(crate) region: &'static str,
}

impl Default for Signer {
    fn default() -> Signer {
        Signer { key_id: KEY_ID, secret_key: SECRET_KEY, region: REGION }
    }
}

/// The configuration of one SDK client.
macro_rules! client {
    ($stand_in:expr, $signer:expr, $sdk:ident) => {{
        let signer = $signer;
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .http_client($stand_in.http_client())
            .region($sdk::config::Region::new(signer.region))
            .credentials_provider(Credentials::new(
                signer.key_id,
                signer.secret_key,
                None,
                None,
                "test",
            ))
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .endpoint_url($stand_in.url());
        $sdk::Client::from_conf(config.build())
    }};
}

impl StandIn {
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    fn http_client(&self) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
        let trusted = TrustStore::empty().with_pem_certificate(self.ca.pem());
        let tls = TlsContext::builder().with_trust_store(trusted).build().unwrap();
        Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build_https()
    }

    pub(crate) fn ecr(&self) -> aws_sdk_ecr::Client {
        self.ecr_as(Signer::default())
    }

    pub(crate) fn ecr_as(&self, signer: Signer) -> aws_sdk_ecr::Client {
        client!(self, signer, aws_sdk_ecr)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        self.secrets_as(Signer::default())
    }

    pub(crate) fn secrets_as(&self, signer: Signer) -> aws_sdk_secretsmanager::Client {
        client!(self, signer, aws_sdk_secretsmanager)
    }

    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        self.cloudwatch_as(Signer::default())
    }

    pub(crate) fn cloudwatch_as(&self, signer: Signer) -> aws_sdk_cloudwatch::Client {
        client!(self, signer, aws_sdk_cloudwatch)
    }

    /// The columns operation, key and status of the calls so far.
    pub(crate) fn calls(&self) -> Vec<[String; 3]> {
        let text = self.aws.calls();
        let row = |line: &str| {
            let columns: Vec<&str> = line.split(' ').collect();
            assert_eq!(columns.len(), 5, "{line}");
            assert!(
                columns[0].parse::<u64>().is_ok() && columns[4].parse::<u64>().is_ok(),
                "{line}"
            );
            [columns[1], columns[2], columns[3]].map(ToOwned::to_owned)
        };
        text.lines().map(row).collect()
    }

    /// A TLS connection of no client in particular.
    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = self.address.ip().into();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// Sends a request as it stands and gives back the whole answer: head and body.
    pub(crate) async fn raw(&self, head: &str, body: &[u8]) -> (String, Vec<u8>) {
        let head = format!("{head}\r\nHost: {}\r\nContent-Length: {}", self.address, body.len());
        self.send(&head, body).await
    }

    /// The same without a body; the head names the host.
    pub(crate) async fn raw_to(&self, head: &str) -> (String, Vec<u8>) {
        self.send(head, &[]).await
    }

    async fn send(&self, head: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = self.connect().await;
        let head = format!("{head}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let body = answer.split_off(end + 4);
        (String::from_utf8(answer).unwrap(), body)
    }
}

/// The code and message of a failed call.
pub(crate) fn code_and_message<E: ProvideErrorMetadata>(error: &E) -> (String, String) {
    let part = |part: Option<&str>| part.unwrap_or("(none)").to_owned();
    (part(error.code()), part(error.message()))
}
