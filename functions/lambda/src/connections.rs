//! The connections to one AWS service.
//!
//! Lambda freezes a sandbox between two calls. Meanwhile the network between it and AWS may forget its
//! connections, and a request on one of those is never answered. When one connection fails, the others that
//! were open are given up too: every later request, the next try included, goes out on a new connection. So
//! a freeze costs a call one more try at most, however many connections were open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use rustls::ClientConfig;

use crate::connector::Connector;
use crate::trust::NoTls;

/// The TLS settings that all services share, or why there are none.
pub(crate) type Tls = Result<Arc<ClientConfig>, NoTls>;

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
}

impl Connections {
    /// Connects nowhere yet.
    pub(crate) fn new(tls: Tls, connect: Duration) -> Self {
        let pool = Pool { connector: None, number: 0 };
        Self { tls, connect, pool: Arc::new(Mutex::new(pool)) }
    }

    /// What a request goes out through, and the number of its pool. A new pool resumes the TLS sessions of the
    /// one before, since the settings that keep them are the same.
    fn current(&self) -> Result<(SharedHttpConnector, u64), NoTls> {
        let tls = self.tls.clone()?;
        let new = || SharedHttpConnector::new(Connector::new(tls, self.connect));
        let mut pool = self.pool();
        let current = pool.connector.get_or_insert_with(new).clone();
        Ok((current, pool.number))
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
        let (connector, pool) = match self.current() {
            Ok(current) => current,
            Err(no_tls) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(no_tls.into())));
            }
        };
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
