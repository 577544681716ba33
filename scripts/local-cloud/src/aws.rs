//! The part of AWS that the functions call: ECR, Secrets Manager and CloudWatch, on one HTTPS port.
//!
//! The three APIs are told apart by what their requests say: `X-Amz-Target` for the JSON 1.1 ones,
//! the path for CloudWatch's rpc-v2-cbor. Requests are signed with Signature Version 4, which is
//! checked; its scope names the Region whose ECR registry answers.

mod arn;
mod asked;
mod call;
mod cloudwatch;
mod ecr;
mod error;
mod faults;
mod journal;
mod secrets;
mod server;
mod sign;
mod subject;
mod unpack;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::catalogue::Catalogue;
use crate::fault::Fault;
use cloudwatch::Received;
use ecr::Registries;
use faults::Faults;
use journal::Journal;
use secrets::Secrets;
pub use secrets::file::SecretFileError;
pub(crate) use secrets::file::read as read_secret_file;
pub use secrets::secret::arn as secret_arn;

/// What the stand-in holds, and how it behaves.
#[derive(Clone)]
pub struct Settings {
    /// What ECR holds.
    pub catalogue: Catalogue,
    /// The account of the stack and of its one set of credentials.
    pub account: String,
    /// The Region of the stack: Secrets Manager and CloudWatch answer only there.
    pub region: String,
    /// Added to every AWS call.
    pub latency: Duration,
    /// Added to every TLS handshake.
    pub handshake: Duration,
    /// What fails, and how.
    pub faults: Vec<Fault>,
    /// The secrets at the start: name to `SecretString`.
    pub secrets: BTreeMap<String, String>,
    /// Secrets that are files, by name: each is read whenever somebody asks for the secret.
    pub secret_files: BTreeMap<String, PathBuf>,
    /// The access key that requests must be signed with.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("account", &self.account)
            .field("region", &self.region)
            .field("latency", &self.latency)
            .field("handshake", &self.handshake)
            .field("faults", &self.faults)
            .field("secrets", &self.secrets.keys())
            .field("secret_files", &self.secret_files)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The stand-in. A clone is the same stand-in.
#[derive(Clone)]
pub struct Aws(Arc<State>);

impl fmt::Debug for Aws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Aws").field(&self.0.settings).finish()
    }
}

/// What every connection shares.
struct State {
    settings: Settings,
    registries: Registries,
    secrets: Secrets,
    received: Received,
    faults: Faults,
    journal: Journal,
}

impl Aws {
    /// A stand-in whose clock of [`Aws::calls`] starts now.
    pub fn new(settings: Settings) -> Aws {
        let Settings { account, region, secrets, secret_files, .. } = &settings;
        Aws(Arc::new(State {
            registries: Registries::new(&settings.catalogue),
            secrets: Secrets::new(region, account, secrets, secret_files),
            received: Received::default(),
            faults: Faults::new(&settings.faults),
            journal: Journal::new(),
            settings,
        }))
    }

    /// Serves HTTPS on `listener` until the future is dropped, and all connections with it.
    ///
    /// Does the TLS handshakes itself, so that [`Settings::handshake`] and the faults `hang` and
    /// `reset` can act on the connection.
    pub async fn serve(self, listener: TcpListener, tls: Arc<rustls::ServerConfig>) {
        match server::serve(self.0, listener, tls).await {}
    }

    /// What `GET /_local/calls` answers: a line for each AWS call, in the order of arrival,
    ///
    /// `<ms since start> <operation> <key> <status> <ms>`
    ///
    /// The key is what the call is about: `123456789012/us-east-1/payments/api:1.4`,
    /// `123456789012/us-east-1/a,b` for a batch, a secret's name or ARN, a metrics namespace, a
    /// blob's digest. The status is that of HTTP, or `hang` or `reset` for these faults, or `open`
    /// for a call without an answer yet, or whose caller left before it. What a call is not known
    /// to have is `-`.
    pub fn calls(&self) -> String {
        self.0.journal.text()
    }

    /// What `GET /_local/metrics` answers: JSON lines, one for each metric datum that CloudWatch
    /// accepted, in order, under the API's own names:
    ///
    /// `{"Namespace":"EcrAdmission","MetricName":"Denied","Dimensions":[{"Name":"Rule","Value":"scan-on-push"}],
    /// "Timestamp":"2026-11-20T08:00:00Z","StatisticValues":{"Maximum":1.0,"Minimum":1.0,"SampleCount":2.0,"Sum":2.0},"Unit":"Count"}`
    pub fn metrics(&self) -> String {
        self.0.received.text()
    }

    /// What `POST /_local/reset` does: forgets the calls and the metrics. Secrets keep their
    /// versions, faults the calls they have left, and the clock of [`Aws::calls`] runs on: a test
    /// that resets between two steps is still in the same run.
    pub fn reset(&self) {
        self.0.journal.clear();
        self.0.received.clear();
    }
}
