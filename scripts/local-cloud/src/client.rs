//! A caller of the front door: the demo, the start-up check and the tests.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::tls::{self, TlsError};

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(5);

/// A request that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The request cannot be written.
    #[error("malformed request: {0}")]
    Request(#[from] http::Error),
    /// No connection, or it broke before the answer.
    #[error("no answer: {0:?}")]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// The answer's body broke off.
    #[error("the answer broke off: {0}")]
    Body(#[from] hyper::Error),
    /// The authority cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// As they came.
    pub headers: HeaderMap,
    /// As it came.
    pub body: Bytes,
}

impl Reply {
    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// A client of one endpoint, which it trusts by one authority.
#[derive(Clone, Debug)]
pub struct Client {
    connections: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
}

impl Client {
    /// A client for `https://HOST:PORT`.
    pub fn new(url: &str, ca_pem: &[u8]) -> Result<Self, ClientError> {
        Self::from_address(url, ca_pem, None)
    }

    /// A client whose connections come from this address of the machine.
    pub fn from_address(
        url: &str,
        ca_pem: &[u8],
        address: Option<IpAddr>,
    ) -> Result<Self, ClientError> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_local_address(address);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(ca_pem)?)
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        let connections = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(Self { connections, url: url.to_owned() })
    }

    /// The same client, of what has this base URL.
    #[must_use]
    pub fn at(&self, url: &str) -> Self {
        Self { connections: self.connections.clone(), url: url.to_owned() }
    }

    /// Sends one request and reads its answer. Redirects are not followed, nothing is retried, and
    /// the wait has no limit.
    pub async fn send(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, ClientError> {
        let mut request =
            Request::builder().method(method).uri(format!("{}{path_and_query}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.connections.request(request.body(Full::new(body.into()))?).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}
