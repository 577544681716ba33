//! The connections to one AWS service.
//!
//! Lambda freezes a sandbox between two calls. Meanwhile the network between it and AWS may forget its
//! connections, and a request on one of those is never answered. When one connection fails, the others that
//! were open are given up too: every later request, the next try included, goes out on a new connection. So
//! a freeze costs a call one more try at most, however many connections were open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// How long an unused connection is kept: less than AWS and what lies between keep theirs, so that
/// a sandbox that was frozen for a while does not send its first request into a closed socket.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// An HTTP client that keeps its connections for as long as all work.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    /// How long connecting may take, TLS included.
    connect: Duration,
    pool: Arc<Mutex<Pool>>,
}

#[derive(Debug)]
struct Pool {
    /// `None` from when a connection failed until there is another request.
    connector: Option<SharedHttpConnector>,
    /// How many pools were given up before this one.
    number: u64,
}

impl Connections {
    /// Reads the trusted certificates now, so that they are read in the init phase of a function, and
    /// connects nowhere yet.
    pub(crate) fn new(connect: Duration) -> Self {
        let pool = Pool { connector: Some(connector(connect)), number: 0 };
        Self { connect, pool: Arc::new(Mutex::new(pool)) }
    }

    /// What a request goes out through, and the number of its pool.
    fn current(&self) -> (SharedHttpConnector, u64) {
        let mut pool = self.pool();
        let current = pool.connector.get_or_insert_with(|| connector(self.connect)).clone();
        (current, pool.number)
    }

    /// Gives up the connections of the pool `number`, unless that has been done.
    fn give_up(&self, number: u64) {
        let mut pool = self.pool();
        if pool.number == number {
            *pool = Pool { connector: None, number: number + 1 };
        }
    }

    /// A panic elsewhere must not take the connections with it.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pool without a connection.
fn connector(connect: Duration) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(connect).build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .tls_provider(Provider::rustls(CryptoMode::Ring))
        .build();
    SharedHttpConnector::new(connector)
}

impl HttpClient for Connections {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connections {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (connector, pool) = self.current();
        let out = RequestOut { connections: self.clone(), pool, answered: false };
        let answer = connector.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            if answer.is_ok() {
                out.answered();
            }
            answer
        })
    }
}

/// A request on its way. A try that takes too long is dropped with it.
struct RequestOut {
    connections: Connections,
    pool: u64,
    answered: bool,
}

impl RequestOut {
    fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for RequestOut {
    fn drop(&mut self) {
        if !self.answered {
            self.connections.give_up(self.pool);
        }
    }
}
