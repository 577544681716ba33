//! The connections to one AWS service.
//!
//! Lambda freezes a sandbox between two calls. Meanwhile the network between it and AWS may forget its
//! connections, and a request on one of those is never answered. When one connection fails, the others that
//! were open are given up too: every later request, the next try included, goes out on a new connection. So
//! a freeze costs a call one more try at most, however many connections were open.
//!
//! While nothing was answered yet, at most [`AT_FIRST`] requests are on their way, and the others wait for the first
//! answer, so that some of them go out on connections that are there by then. Each connection costs a TLS handshake with
//! certificates, and Lambda gives a sandbox of 256 MiB a seventh of a core for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connector::Connector;
use crate::trust::NoTls;

/// The TLS settings that all services share, or why there are none.
pub(crate) type Tls = Result<Arc<ClientConfig>, NoTls>;

/// How many requests may be on their way before the first answer.
const AT_FIRST: usize = 4;

/// An HTTP client that keeps its connections for as long as all work.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    tls: Tls,
    /// How long connecting may take, TLS included.
    connect: Duration,
    pool: Arc<Mutex<Pool>>,
}

#[derive(Debug)]
struct Pool {
    /// `None` at first, and from when a connection failed until there is another request.
    connector: Option<SharedHttpConnector>,
    /// How many pools were given up before this one.
    number: u64,
    /// What a request waits for. Closed from the first answer on, and when the pool is given up.
    gate: Arc<Semaphore>,
}

impl Pool {
    fn new(number: u64) -> Self {
        Self { connector: None, number, gate: Arc::new(Semaphore::new(AT_FIRST)) }
    }
}

/// A connector, the number of its pool, and the gate of that pool.
struct PooledConnector {
    connector: SharedHttpConnector,
    pool: u64,
    gate: Arc<Semaphore>,
}

impl Connections {
    /// Connects nowhere yet.
    pub(crate) fn new(tls: Tls, connect: Duration) -> Self {
        Self { tls, connect, pool: Arc::new(Mutex::new(Pool::new(0))) }
    }

    /// The connector at this moment. A new pool resumes the TLS sessions of the one before, since the settings that
    /// keep them are the same.
    fn current(&self) -> Result<PooledConnector, NoTls> {
        let tls = self.tls.clone()?;
        let new = || SharedHttpConnector::new(Connector::new(tls, self.connect));
        let mut pool = self.pool();
        let connector = pool.connector.get_or_insert_with(new).clone();
        Ok(PooledConnector { connector, pool: pool.number, gate: Arc::clone(&pool.gate) })
    }

    /// The connector for a request that may be sent now. Before the first answer of its pool, it takes a permit. If the
    /// pool is given up meanwhile, the request waits for the next one.
    async fn admitted(&self) -> Result<(PooledConnector, Option<OwnedSemaphorePermit>), NoTls> {
        loop {
            let current = self.current()?;
            let permit = Arc::clone(&current.gate).acquire_owned().await.ok();
            if permit.is_some() || self.pool().number == current.pool {
                return Ok((current, permit));
            }
        }
    }

    /// Gives up the connections of the pool `number`, unless that has been done.
    fn give_up(&self, number: u64) {
        let mut pool = self.pool();
        if pool.number == number {
            pool.gate.close();
            *pool = Pool::new(number + 1);
        }
    }

    /// A panic elsewhere must not take the connections with it.
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
        let connections = self.clone();
        HttpConnectorFuture::new(async move {
            let admitted = connections.admitted().await;
            let (PooledConnector { connector, pool, gate }, _permit) =
                admitted.map_err(|no_tls| ConnectorError::user(no_tls.into()))?;
            let out = RequestOut { connections, pool, answered: false };
            let answer = connector.call(request).await;
            if answer.is_ok() {
                gate.close();
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
