//! The front door: behaves as an API Gateway HTTP API with a Lambda authorizer and a Lambda
//! integration, both with payload format 2.0.

mod answer;
mod answers;
mod authorizer;
mod body;
mod event;
mod local;
mod reply;
mod request;
pub mod rest;
mod route;

use std::convert::Infallible;
use std::fmt::Display;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::aws::Aws;
use crate::cli::{ACCOUNT, REGION};
use crate::console;
use crate::https::{self, Endpoint};
use crate::runtime::{Function, InvokeError};
use authorizer::{Authorizer, Decision, IdentitySources};
use reply::{Reply, message};
use request::Request;
use route::Route;

/// How long a client may take over a TLS handshake or the headers of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the gateway is made of.
#[derive(Debug)]
pub struct GatewaySettings {
    /// The authorizer of the routes without a key.
    pub authorizer: Function,
    /// The authorizer of the routes with a key; without it these do not exist.
    pub key_authorizer: Option<Function>,
    /// Whether callers are known by their address too.
    pub address_counts: bool,
    /// The integration of all routes.
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
    key_authorizer: Option<Authorizer>,
    admission: Function,
    aws: Aws,
    stage: event::Stage,
    integration_timeout: Duration,
}

impl Gateway {
    /// A gateway over two functions.
    pub fn new(settings: GatewaySettings) -> Self {
        let GatewaySettings {
            authorizer,
            key_authorizer,
            address_counts,
            admission,
            aws,
            account,
            region,
            authorizer_cache,
            integration_timeout,
        } = settings;
        let stage = event::Stage { account, region };
        let sources = if address_counts {
            IdentitySources::HeaderAndAddress
        } else {
            IdentitySources::Header
        };
        let of_keys = |function| Authorizer::new(function, IdentitySources::None, authorizer_cache);
        Self {
            authorizer: Authorizer::new(authorizer, sources, authorizer_cache),
            key_authorizer: key_authorizer.map(of_keys),
            admission,
            aws,
            stage,
            integration_timeout,
        }
    }

    /// Serves HTTPS until `stop`, then lets answers in progress leave.
    pub async fn serve(
        self,
        listener: TcpListener,
        tls: Arc<rustls::ServerConfig>,
        stop: CancellationToken,
    ) {
        let gateway = Arc::new(self);
        let endpoint =
            Endpoint { tls: tls.into(), handshake: Duration::ZERO, patience: PATIENCE, stop };
        let service = |peer| {
            let gateway = Arc::clone(&gateway);
            service_fn(move |request| {
                let gateway = Arc::clone(&gateway);
                async move { Ok::<_, Infallible>(gateway.handle(request, peer).await) }
            })
        };
        https::serve(listener, endpoint, service).await;
    }

    async fn handle(&self, request: http::Request<Incoming>, peer: IpAddr) -> Reply {
        // Stamped before the authorizer: a deadline counted from here covers cold starts of both functions.
        let arrived = SystemTime::now();
        let since = Instant::now();
        let (parts, body) = request.into_parts();
        if let Some(path) = parts.uri.path().strip_prefix("/_local/") {
            return local::answer(&self.aws, || self.authorizer.forget(), &parts.method, path);
        }
        let route = Route::of(&parts.method, parts.uri.path());
        let found = route.and_then(|route| Some((self.authorizer_of(&route)?, route)));
        let Some((authorizer, route)) = found else {
            // The path may hold a key, such as /validate/KEY/.
            log(
                &format_args!("{} -", parts.method),
                StatusCode::NOT_FOUND,
                since,
                "-",
                "no such route",
            );
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let request = Request::new(arrived, peer, route, &parts);
        let (mut reply, note) = self.answer(authorizer, &request, body).await;
        log(&request.route.route_key(), reply.status(), since, &request.id, &note);
        if let Ok(id) = HeaderValue::from_str(&request.id) {
            reply.headers_mut().insert(HeaderName::from_static("apigw-requestid"), id);
        }
        reply
    }

    /// The authorizer of a route; `None` where the stack does not have the route.
    fn authorizer_of(&self, route: &Route) -> Option<&Authorizer> {
        match route.key() {
            None => Some(&self.authorizer),
            Some(_) => self.key_authorizer.as_ref(),
        }
    }

    /// The reply, and what to say about it in the access log.
    async fn answer(
        &self,
        authorizer: &Authorizer,
        request: &Request,
        body: Incoming,
    ) -> (Reply, String) {
        let body = match body::read(body).await {
            Ok(body) => body,
            Err(error) => return (error.reply(), error.to_string()),
        };
        let context = match authorizer.decide(&self.stage, request).await {
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

/// The event of a request as the gateway would hand it to the admission function now, with what the
/// authorizer said: for a function that runs without a gateway. `None` for what is not a route.
pub fn event(request: http::Request<Bytes>, context: Option<&Map<String, Value>>) -> Option<Bytes> {
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.method, parts.uri.path())?;
    let stage = event::Stage { account: ACCOUNT.to_owned(), region: REGION.to_owned() };
    let request = Request::new(SystemTime::now(), Ipv4Addr::LOCALHOST.into(), route, &parts);
    Some(stage.integration_event(&request, context, &body))
}

fn internal_server_error() -> Reply {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// The access log: never a header, a path, a query string or a body.
fn log(route: &dyn Display, status: StatusCode, since: Instant, id: &str, note: &str) {
    let elapsed = since.elapsed().as_millis();
    console::log(&format!("gateway {route} {} {elapsed} ms {id} {note}", status.as_u16()));
}
