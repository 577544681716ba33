//! The part of AWS that the functions call: ECR, Secrets Manager and CloudWatch, on one HTTPS port.
//!
//! The requests say which API they call: `X-Amz-Target` for the JSON 1.1 ones, the path for CloudWatch's rpc-v2-cbor
//! and for the HTTP API of ECR's registries. Requests are signed with Signature Version 4, which is
//! checked; its scope names the Region whose ECR registry answers.

mod asked;
mod call;
mod cloudwatch;
mod ecr;
mod error;
mod faults;
mod journal;
mod registry;
mod secrets;
mod sign;
mod state;
mod subject;
mod unpack;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::https::{self, Endpoint};
pub(crate) use faults::Faults;
pub use secrets::file::SecretFileError;
pub(crate) use secrets::file::read as read_secret_file;
pub use secrets::secret::arn as secret_arn;
pub use state::AwsSettings;
use state::State;

/// How long a caller may take over a handshake, and a connection may lie unused.
const PATIENCE: Duration = Duration::from_secs(30);

/// The stand-in. A clone is the same stand-in.
#[derive(Clone)]
pub struct Aws(Arc<State>);

impl fmt::Debug for Aws {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Aws").field(&self.0.settings).finish()
    }
}

impl Aws {
    /// A stand-in whose clock of [`Aws::calls`] starts now.
    pub fn new(settings: AwsSettings) -> Aws {
        Aws(Arc::new(State::new(settings)))
    }

    /// Serves HTTPS on `listener` until the future is dropped, and all connections with it.
    ///
    /// Does the TLS handshakes itself, so that [`AwsSettings::handshake`] and the faults `hang` and
    /// `reset` can act on the connection.
    pub async fn serve(self, listener: TcpListener, tls: Arc<rustls::ServerConfig>) {
        let endpoint = Endpoint {
            tls: tls.into(),
            handshake: self.0.settings.handshake,
            patience: PATIENCE,
            stop: CancellationToken::new(),
        };
        let service = move |_peer| {
            let state = Arc::clone(&self.0);
            service_fn(move |request| {
                let state = Arc::clone(&state);
                async move { call::answer(&state, request).await }
            })
        };
        https::serve(listener, endpoint, service).await;
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
