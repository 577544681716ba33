//! The front door: behaves as an API Gateway HTTP API with a Lambda authorizer and a Lambda
//! integration, both with payload format 2.0.

mod answer;
mod authorizer;
mod body;
mod event;
mod local;
mod request;

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::aws::Aws;
use crate::console;
use crate::runtime::{Function, InvokeError};
use authorizer::{Authorizer, Decision};
use request::{Request, Route};

/// How long a client may take over a TLS handshake or the headers of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long answers under way may take to leave when local-cloud stops.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// What the gateway is made of.
#[derive(Debug)]
pub struct Settings {
    /// The authorizer of both routes.
    pub authorizer: Function,
    /// The integration of both routes.
    pub admission: Function,
    /// Whose calls and metrics `/_local/` shows.
    pub aws: Aws,
    /// 12 digits, for the events.
    pub account: String,
    /// For the route's ARN.
    pub region: String,
    /// How long an answer of the authorizer is used again; zero: never.
    pub authorizer_cache: Duration,
    /// How long the integration may take: 30 s in AWS.
    pub integration_timeout: Duration,
}

/// A front door that is not yet open.
#[derive(Debug)]
pub struct Gateway {
    authorizer: Authorizer,
    admission: Function,
    aws: Aws,
    stage: event::Stage,
    integration_timeout: Duration,
}

type Reply = Response<Full<Bytes>>;

impl Gateway {
    /// A gateway over two functions.
    pub fn new(settings: Settings) -> Self {
        let Settings {
            authorizer,
            admission,
            aws,
            account,
            region,
            authorizer_cache,
            integration_timeout,
        } = settings;
        let stage = event::Stage { account, region };
        Self {
            authorizer: Authorizer::new(authorizer, authorizer_cache),
            admission,
            aws,
            stage,
            integration_timeout,
        }
    }

    /// Serves HTTPS until `stop`, then lets answers under way leave.
    pub async fn serve(
        self,
        listener: TcpListener,
        tls: Arc<rustls::ServerConfig>,
        stop: CancellationToken,
    ) {
        let gateway = Arc::new(self);
        let acceptor = TlsAcceptor::from(tls);
        let connections = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (gateway, acceptor, watcher) =
                        (Arc::clone(&gateway), acceptor.clone(), connections.watcher());
                    tokio::spawn(gateway.connection(stream, peer.ip(), acceptor, watcher));
                }
                Err(error) => {
                    console::log(&format!("gateway: cannot accept a connection: {error}"));
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop(listener);
        let _some_hang = tokio::time::timeout(LAST_ANSWERS, connections.shutdown()).await;
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: IpAddr,
        acceptor: TlsAcceptor,
        watcher: Watcher,
    ) {
        let _delay_only = stream.set_nodelay(true);
        let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else {
            return;
        };
        let service = service_fn(move |request| {
            let gateway = Arc::clone(&self);
            async move { Ok::<_, Infallible>(gateway.handle(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), service);
        // A client that goes away is its own affair.
        let _gone = watcher.watch(connection).await;
    }

    async fn handle(&self, request: http::Request<Incoming>, peer: IpAddr) -> Reply {
        // Stamped before the authorizer: a deadline counted from here covers cold starts of both functions.
        let arrived = SystemTime::now();
        let since = Instant::now();
        let (parts, body) = request.into_parts();
        if let Some(path) = parts.uri.path().strip_prefix("/_local/") {
            return local::answer(&self.aws, &self.authorizer, &parts.method, path);
        }
        let Some(route) = Route::of(&parts.method, parts.uri.path()) else {
            log(
                &parts.method,
                parts.uri.path(),
                StatusCode::NOT_FOUND,
                since,
                "-",
                "no such route",
            );
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let request = Request::new(arrived, peer, route, &parts);
        let (mut reply, note) = self.answer(&request, body).await;
        log(&parts.method, route.path(), reply.status(), since, &request.id, &note);
        if let Ok(id) = HeaderValue::from_str(&request.id) {
            reply.headers_mut().insert(HeaderName::from_static("apigw-requestid"), id);
        }
        reply
    }

    /// The reply, and what to say about it in the access log.
    async fn answer(&self, request: &Request, body: Incoming) -> (Reply, String) {
        let body = match body::read(body).await {
            Ok(body) => body,
            Err(error) => return (error.reply(), error.to_string()),
        };
        let context = match self.authorizer.decide(&self.stage, request).await {
            Ok(Decision::Allow(context)) => context,
            Ok(Decision::Deny) => {
                return (message(StatusCode::FORBIDDEN, "Forbidden"), "not authorized".to_owned());
            }
            Ok(Decision::NoIdentity) => {
                return (
                    message(StatusCode::UNAUTHORIZED, "Unauthorized"),
                    "no Authorization header".to_owned(),
                );
            }
            Err(error) => return (internal_server_error(), format!("authorizer: {error}")),
        };
        let event = self.stage.integration_event(request, context.as_ref(), &body);
        let answer = self.admission.invoke(event, request.trace_id.clone());
        match tokio::time::timeout(self.integration_timeout, answer).await {
            Ok(Ok(answer)) => match answer::reply(&answer) {
                Ok(reply) => (reply, authorizer::describe(context.as_ref())),
                Err(error) => {
                    (internal_server_error(), format!("malformed answer of the function: {error}"))
                }
            },
            // Lambda's refusal of a large event reaches the client with its own status.
            Ok(Err(error @ InvokeError::TooLarge(_))) => (body::too_large(), error.to_string()),
            Ok(Err(error)) => (internal_server_error(), error.to_string()),
            Err(_elapsed) => {
                let note = format!("no answer within {} ms", self.integration_timeout.as_millis());
                (message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"), note)
            }
        }
    }
}

/// An answer of the gateway's own.
fn message(status: StatusCode, text: &str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(json!({"message": text}).to_string())));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn internal_server_error() -> Reply {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// The access log: never a header, a query string or a body.
fn log(method: &Method, path: &str, status: StatusCode, since: Instant, id: &str, note: &str) {
    let elapsed = since.elapsed().as_millis();
    console::log(&format!(
        "gateway {method} {} {} {elapsed} ms {id} {note}",
        path.escape_debug(),
        status.as_u16()
    ));
}
