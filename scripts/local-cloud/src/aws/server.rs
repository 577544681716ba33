//! Connections: TCP, TLS and HTTP/1.1, so that latency and faults can act on each of them.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::State;
use super::call;

/// The caller gets no answer: its connection is to be reset.
#[derive(Debug)]
pub(crate) struct Reset;

impl fmt::Display for Reset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is reset, as a fault demands")
    }
}

impl Error for Reset {}

/// Accepts connections until the future is dropped; then they are all dropped with it.
pub(crate) async fn serve(
    state: Arc<State>,
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
) -> Infallible {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(Arc::clone(&state), acceptor.clone(), stream));
                }
                // Out of file descriptors, most likely: connections that end make room.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection. Its errors are the caller's business (it left, it does not trust the CA): they
/// show on its side.
async fn connection(state: Arc<State>, acceptor: TlsAcceptor, stream: TcpStream) {
    if !state.settings.handshake.is_zero() {
        tokio::time::sleep(state.settings.handshake).await;
    }
    // Answers are small, and written at once: never wait for more.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let answer = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { call::answer(&state, request).await }
    });
    let mut http = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), answer);
    let end = Pin::new(&mut http).await;
    if end.is_err_and(|error| error.source().is_some_and(<dyn Error>::is::<Reset>)) {
        let stream = http.into_parts().io.into_inner();
        // Closing with a zero linger sends RST instead of FIN. Where that fails, the caller still
        // sees its connection end without an answer.
        let _ = stream.get_ref().0.set_zero_linger();
    }
}
