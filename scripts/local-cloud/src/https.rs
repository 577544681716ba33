//! HTTPS on loopback: one loop for the front door and for AWS. It does the TLS handshakes itself, so
//! that latency and faults can act on each connection.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::console;

/// How long answers in progress may take to leave after the stop.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// The error of a service that resets the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset, as a fault demands")]
pub(crate) struct Reset;

/// How connections are accepted.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) tls: TlsAcceptor,
    /// Added to every TLS handshake.
    pub(crate) handshake: Duration,
    /// How long a client may take over a TLS handshake or the headers of a request.
    pub(crate) patience: Duration,
    pub(crate) stop: CancellationToken,
}

/// Serves each client with the service of its address until the stop, then lets answers in progress
/// leave. Dropping the future drops all connections.
pub(crate) async fn serve<S, E>(
    listener: TcpListener,
    endpoint: Endpoint,
    service: impl Fn(IpAddr) -> S,
) where
    S: HttpService<Incoming, ResBody = Full<Bytes>, Error = E, Future: Send> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, endpoint.clone(), service(peer.ip())));
                }
                // Out of file descriptors, most likely: connections that end make room.
                Err(error) => {
                    console::log(&format!("cannot accept a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = endpoint.stop.cancelled() => break,
        }
    }
    drop(listener);
    let ends = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_ANSWERS, ends).await.is_err() {
        connections.detach_all();
    }
}

/// One connection. Its errors are the client's business (it left, it does not trust the CA): they show
/// on its side.
async fn connection<S, E>(stream: TcpStream, endpoint: Endpoint, service: S)
where
    S: HttpService<Incoming, ResBody = Full<Bytes>, Error = E>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let Endpoint { tls, handshake, patience, stop } = endpoint;
    if !handshake.is_zero() {
        tokio::time::sleep(handshake).await;
    }
    // Answers are small, and written at once: never wait for more.
    let _delay_only = stream.set_nodelay(true);
    let Ok(Ok(stream)) = tokio::time::timeout(patience, tls.accept(stream)).await else { return };
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(stream), service);
    let end = tokio::select! {
        end = Pin::new(&mut http) => end,
        () = stop.cancelled() => {
            Pin::new(&mut http).graceful_shutdown();
            Pin::new(&mut http).await
        }
    };
    if end.is_err_and(|error| error.source().is_some_and(<dyn Error>::is::<Reset>)) {
        let stream = http.into_parts().io.into_inner();
        // Closing with a zero linger sends RST instead of FIN. Where that fails, the client still
        // sees its connection end without an answer.
        let _still_ends = stream.get_ref().0.set_zero_linger();
    }
}
