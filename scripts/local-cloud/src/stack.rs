//! Starts local-cloud as a process of its own, for end-to-end tests and the bench.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use local_cloud::stack::Stack;
//!
//! let stack = Stack::options().args(["--latency-ms", "20"]).start().await?;
//! let review = serde_json::json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1"});
//! let reply = stack.review("/validate?timeout=10s", &review).await?;
//! assert_eq!(reply.status, 400);
//! let stopped = stack.stop().await?;
//! assert!(stopped.status.success(), "{}", stopped.log);
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::build::{self, BuildError};
use crate::client::{Client, ClientError, Reply};
use crate::directory::{self, DirectoryError, TOKEN_FILE};
use crate::door::{Api, Door};
use crate::doors::{HTTP, REGIONAL, URLS_FILE};
use crate::tls::CA_FILE;

/// How long a start may take; nothing is compiled in it.
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long a stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Why a stack did not start, or why it ended badly.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A binary could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A file of the stack's directory could not be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A request failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What the operating system says about the process.
    #[error("local-cloud as a process: {0}")]
    Process(#[from] std::io::Error),
    /// It ended, or did not say `ready` in time.
    #[error("local-cloud is not ready; it said:\n{log}")]
    NotReady {
        /// Its stderr.
        log: String,
    },
    /// It wrote something else than the URLs of its doors.
    #[error("{URLS_FILE}: {0}")]
    Urls(#[from] serde_json::Error),
    /// The stack was started without this door.
    #[error("the stack has no {0:?} API")]
    NoDoor(Api),
    /// It did not end in time.
    #[error("local-cloud did not stop within {} s", STOP_LIMIT.as_secs())]
    Hangs,
}

/// How a stack is started.
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    program: Option<PathBuf>,
    admission: Option<PathBuf>,
    authorizer: Option<PathBuf>,
    directory: Option<PathBuf>,
    args: Vec<OsString>,
}

impl StackOptions {
    /// The local-cloud to start; without it `LOCAL_CLOUD_BINARY`, else the one that cargo builds.
    #[must_use]
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = Some(path.into());
        self
    }

    /// The admission function; without it `ADMISSION_BINARY`, else the one that cargo builds.
    #[must_use]
    pub fn admission(mut self, path: impl Into<PathBuf>) -> Self {
        self.admission = Some(path.into());
        self
    }

    /// The authorizer function; without it `AUTHORIZER_BINARY`, else the one that cargo builds.
    #[must_use]
    pub fn authorizer(mut self, path: impl Into<PathBuf>) -> Self {
        self.authorizer = Some(path.into());
        self
    }

    /// `--dir`; without it a directory that goes when the stack goes.
    #[must_use]
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Self {
        self.directory = Some(path.into());
        self
    }

    /// Further arguments of local-cloud.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Starts it on a free port, and waits until it answers. Needs a Tokio runtime.
    pub async fn start(self) -> Result<Stack, StackError> {
        let program =
            build::found(self.program, "LOCAL_CLOUD_BINARY", "local-cloud", "local-cloud")?;
        let admission =
            build::found(self.admission, "ADMISSION_BINARY", "ecr-admission", "admission")?;
        let authorizer = build::found(
            self.authorizer,
            "AUTHORIZER_BINARY",
            "ecr-admission-authorizer",
            "authorizer",
        )?;
        let temporary = tempfile::tempdir()?;
        let directory = self.directory.unwrap_or_else(|| temporary.path().join("local"));
        let mut child = Command::new(program)
            .args(["--port", "0", "--rest-port", "0", "--project"])
            .arg(build::project())
            .arg("--dir")
            .arg(&directory)
            .arg("--admission-binary")
            .arg(admission)
            .arg("--authorizer-binary")
            .arg(authorizer)
            .args(self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let log = Log::default();
        let logging = child.stderr.take().map(|stderr| tokio::spawn(log.clone().collect(stderr)));
        let Some(url) = ready(&mut child).await else {
            let _ended = child.kill().await;
            if let Some(logging) = logging {
                let _panicked = logging.await;
            }
            return Err(StackError::NotReady { log: log.text() });
        };
        let token =
            String::from_utf8_lossy(&directory::read(&directory.join(TOKEN_FILE))?).into_owned();
        let client = Client::new(&url, &directory::read(&directory.join(CA_FILE))?)?;
        let urls = serde_json::from_slice(&directory::read(&directory.join(URLS_FILE))?)?;
        Ok(Stack {
            child,
            url,
            urls,
            token,
            client,
            directory,
            log,
            logging,
            _temporary: temporary,
        })
    }
}

async fn ready(child: &mut Child) -> Option<String> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let line = tokio::time::timeout(START_LIMIT, lines.next_line()).await.ok()?.ok()??;
    line.strip_prefix("ready ").map(ToOwned::to_owned)
}

/// The lines on stderr so far.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    async fn collect(self, stderr: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            text.push_str(&line);
            text.push('\n');
        }
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running local-cloud. Dropping it kills it; [`Stack::stop`] lets it end in order.
#[derive(Debug)]
pub struct Stack {
    child: Child,
    url: String,
    urls: BTreeMap<String, String>,
    token: String,
    client: Client,
    directory: PathBuf,
    log: Log,
    logging: Option<JoinHandle<()>>,
    _temporary: TempDir,
}

/// How a local-cloud ended.
#[derive(Clone, Debug)]
pub struct Stopped {
    /// How the process ended.
    pub status: ExitStatus,
    /// All it wrote to stderr, the functions' lines included.
    pub log: String,
}

impl Stack {
    /// Options for a start.
    pub fn options() -> StackOptions {
        StackOptions::default()
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL of an API: what a route is appended to. Of a private one, that of the first VPC endpoint.
    pub fn url_of(&self, api: Api) -> Result<&str, StackError> {
        let mut named = self.urls.iter().filter(|(name, _)| match api {
            Api::Http => *name == HTTP,
            Api::Regional => *name == REGIONAL,
            Api::Private => name.starts_with("vpce-"),
        });
        named.next().map(|(_, url)| url.as_str()).ok_or(StackError::NoDoor(api))
    }

    /// The base URL of a VPC endpoint of the private door.
    pub fn url_of_endpoint(&self, id: &str) -> Result<&str, StackError> {
        self.urls.get(id).map(String::as_str).ok_or(StackError::NoDoor(Api::Private))
    }

    /// The token that callers must present.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// `--dir`: the token, the certificates, the rendered files.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The process.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// All that was written to stderr so far, the functions' lines included.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// A client that trusts this stack, to be cloned into tasks.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// POSTs with these headers and no others.
    pub async fn post(
        &self,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, StackError> {
        Ok(self.client.send(Method::POST, path_and_query, headers, body).await?)
    }

    /// POSTs a review as a kube-apiserver does, with the token.
    pub async fn review(
        &self,
        path_and_query: &str,
        review: &serde_json::Value,
    ) -> Result<Reply, StackError> {
        self.review_through(Door::Header, path_and_query, review).await
    }

    /// POSTs JSON through a door with this credential; to the door's API, as the caller that `client` is.
    pub async fn post_as(
        &self,
        client: &Client,
        (door, credential): (Door, &str),
        path_and_query: &str,
        body: impl Into<Bytes>,
    ) -> Result<Reply, StackError> {
        let (path, authorization) = door.call(path_and_query, credential);
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let client = client.at(self.url_of(door.api())?);
        Ok(client.send(Method::POST, &path, &headers, body).await?)
    }

    /// POSTs through the API of a door with these headers and no others.
    pub async fn post_to(
        &self,
        door: Door,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, StackError> {
        let client = self.client.at(self.url_of(door.api())?);
        Ok(client.send(Method::POST, path_and_query, headers, body).await?)
    }

    /// POSTs a review through a door, with the token or its key.
    pub async fn review_through(
        &self,
        door: Door,
        path_and_query: &str,
        review: &serde_json::Value,
    ) -> Result<Reply, StackError> {
        let credential = door.credential(&self.token);
        self.post_as(&self.client, (door, &credential), path_and_query, review.to_string()).await
    }

    /// The AWS calls so far, one a line: `<ms since start> <operation> <key> <status> <ms>`.
    pub async fn calls(&self) -> Result<Vec<String>, StackError> {
        let reply = self.client.send(Method::GET, "/_local/calls", &[], "").await?;
        Ok(reply.text().lines().map(ToOwned::to_owned).collect())
    }

    /// What CloudWatch received so far.
    pub async fn metrics(&self) -> Result<String, StackError> {
        Ok(self.client.send(Method::GET, "/_local/metrics", &[], "").await?.text())
    }

    /// Forgets calls and metrics.
    pub async fn reset(&self) -> Result<(), StackError> {
        self.client.send(Method::POST, "/_local/reset", &[], "").await?;
        Ok(())
    }

    /// Sends SIGTERM and waits for the end.
    pub async fn stop(mut self) -> Result<Stopped, StackError> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).map_err(std::io::Error::from)?;
        }
        let status = tokio::time::timeout(STOP_LIMIT, self.child.wait())
            .await
            .map_err(|_elapsed| StackError::Hangs)??;
        if let Some(logging) = self.logging.take() {
            let _panicked = logging.await;
        }
        Ok(Stopped { status, log: self.log.text() })
    }
}
