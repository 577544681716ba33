//! A pool of connections to AWS, by hyper and rustls, as an HTTP client of the AWS SDK.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::Uri;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::{self, CaptureConnection, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::timeout;
use tower::Service;

/// How long an unused connection is kept: less than AWS and what lies between keep theirs, so that
/// a sandbox that was frozen for a while does not send its first request into a closed socket.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// The pool. It is empty at first.
pub(crate) struct Connector(Client<Connect, SdkBody>);

impl Connector {
    /// `within`: how long connecting may take, TLS included.
    pub(crate) fn new(tls: Arc<ClientConfig>, within: Duration) -> Self {
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connect = Connect { https: HttpsConnector::from((tcp, tls)), within };
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .build(connect);
        Self(client)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let connection = capture_connection(&mut request);
        if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
            capture.set_connection_retriever(move || metadata(&connection));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(|error| connector_error(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// How the SDK marks a connection that it does not want to use again, after an error that a new one may not have.
fn metadata(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || {
        if let Some(connected) = connection.connection_metadata().as_ref() {
            connected.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// Connects in time.
#[derive(Clone)]
struct Connect {
    https: HttpsConnector<connect::HttpConnector>,
    within: Duration,
}

/// A connection took too long.
#[derive(Debug, thiserror::Error)]
#[error("HTTP connect timeout occurred after {0:?}")]
struct ConnectTimeout(Duration);

type Https = HttpsConnector<connect::HttpConnector>;

impl Service<Uri> for Connect {
    type Response = <Https as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, within) = (self.https.call(uri), self.within);
        Box::pin(async move {
            let connected = timeout(within, connecting).await;
            connected.unwrap_or_else(|_elapsed| Err(ConnectTimeout(within).into()))
        })
    }
}

/// In the terms by which the SDK decides whether to try again.
fn connector_error(error: BoxError) -> ConnectorError {
    if source::<ConnectTimeout>(&*error).is_some() {
        return ConnectorError::timeout(error);
    }
    let by_io = source::<std::io::Error>(&*error).is_some();
    if let Some(http) = source::<hyper::Error>(&*error) {
        return if http.is_timeout() {
            ConnectorError::timeout(error)
        } else if http.is_user() {
            ConnectorError::user(error)
        } else if by_io || http.is_closed() || http.is_canceled() || is_turned_away(&*error) {
            ConnectorError::io(error)
        } else if http.is_incomplete_message() {
            ConnectorError::other(error, Some(ErrorKind::TransientError))
        } else {
            ConnectorError::other(error, None)
        };
    }
    let connecting = source::<legacy::Error>(&*error).is_some_and(legacy::Error::is_connect);
    if connecting || by_io { ConnectorError::io(error) } else { ConnectorError::other(error, None) }
}

/// Whether the server closes an HTTP/2 connection in good order, or did not begin to process the request: another
/// connection may take it.
fn is_turned_away(error: &(dyn Error + 'static)) -> bool {
    source::<h2::Error>(error).is_some_and(|error| {
        error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

/// The first of the causes that is of this type.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |error| (*error).source())
        .find_map(|error| error.downcast_ref::<E>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_the_server_did_not_take_may_be_sent_again() {
        for (reason, expected) in
            [(h2::Reason::REFUSED_STREAM, true), (h2::Reason::INTERNAL_ERROR, false)]
        {
            assert_eq!(is_turned_away(&h2::Error::from(reason)), expected, "{reason}");
        }
    }
}
