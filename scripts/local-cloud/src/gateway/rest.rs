//! A door that behaves as an API Gateway REST API: private, behind VPC endpoints, or regional. Events are of payload
//! format 1.0, the authorizer answers with a policy, and the API's own replies are those of a REST API.

mod answer;
mod authorizer;
mod call;
mod event;
mod policy;
mod refusal;
mod route;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderName, HeaderValue};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::authorizer::IdentitySources;
use super::body;
use super::event::Stage;
use super::reply::Reply;
use super::route::Route;
use super::{GatewaySettings, PATIENCE, local, log};
use crate::aws::Aws;
use crate::https::{self, Endpoint};
use crate::runtime::{Function, InvokeError};
use authorizer::Authorizer;
use call::Call;
use refusal::Refusal;
use route::Called;

/// The stage, which every path begins with.
pub const STAGE: &str = "v1";

/// How long a REST API waits for an integration.
const LONGEST: Duration = Duration::from_secs(29);

/// Who reaches a REST API.
#[derive(Clone, Debug)]
pub enum Reach {
    /// Anyone, from the internet.
    Regional,
    /// Who comes through one of these VPC endpoints: its resource policy allows them, and denies all others.
    Private(BTreeSet<String>),
}

/// A REST API that listens nowhere yet.
#[derive(Debug)]
pub struct RestApi {
    reach: Reach,
    authorizer: Authorizer,
    key_authorizer: Option<Authorizer>,
    admission: Function,
    aws: Aws,
    stage: Stage,
    integration_timeout: Duration,
}

impl RestApi {
    /// An API over the same functions as the HTTP API. With `keyless` an endpoint stands for a cluster, so that a
    /// call needs no header.
    pub fn new(reach: Reach, keyless: bool, settings: &GatewaySettings) -> Self {
        let sources = match (keyless, &reach) {
            (true, _) => IdentitySources::None,
            (false, Reach::Regional) if settings.address_counts => {
                IdentitySources::HeaderAndAddress
            }
            (false, _) => IdentitySources::Header,
        };
        let authorizer = |function: &Function, sources| {
            Authorizer::new(function.clone(), sources, settings.authorizer_cache)
        };
        let of_keys = settings.key_authorizer.as_ref();
        Self {
            reach,
            authorizer: authorizer(&settings.authorizer, sources),
            key_authorizer: of_keys.map(|function| authorizer(function, IdentitySources::None)),
            admission: settings.admission.clone(),
            aws: settings.aws.clone(),
            stage: Stage { account: settings.account.clone(), region: settings.region.clone() },
            integration_timeout: settings.integration_timeout.min(LONGEST),
        }
    }

    /// Serves HTTPS until `stop`, then lets answers in progress leave. What arrives here came through
    /// `endpoint`.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        endpoint: Option<String>,
        tls: Arc<rustls::ServerConfig>,
        stop: CancellationToken,
    ) {
        let tls = Endpoint { tls: tls.into(), handshake: Duration::ZERO, patience: PATIENCE, stop };
        let service = |peer| {
            let (api, endpoint) = (Arc::clone(&self), endpoint.clone());
            service_fn(move |request| {
                let (api, endpoint) = (Arc::clone(&api), endpoint.clone());
                async move { Ok::<_, Infallible>(api.handle(request, endpoint, peer).await) }
            })
        };
        https::serve(listener, tls, service).await;
    }

    async fn handle(
        &self,
        request: http::Request<Incoming>,
        endpoint: Option<String>,
        peer: IpAddr,
    ) -> Reply {
        // Stamped before the authorizer: a deadline counted from here covers cold starts of both functions.
        let arrived = SystemTime::now();
        let since = Instant::now();
        let (parts, body) = request.into_parts();
        if let Some(path) = parts.uri.path().strip_prefix("/_local/") {
            return local::answer(&self.aws, || self.authorizer.forget(), &parts.method, path);
        }
        let called = match self.called(&parts) {
            Ok(called) => called,
            Err(refusal) => {
                let refusal = refusal.for_caller(&parts.headers);
                let reply = refusal.reply();
                // The path may hold a key.
                let method = format_args!("{} -", parts.method);
                log(&method, reply.status(), since, "-", &refusal.note());
                return reply;
            }
        };
        let call = Call::new(arrived, peer, endpoint, called, &parts);
        let (mut reply, note) = self.answer(&call, body).await;
        log(&call.route.route_key(), reply.status(), since, &call.id, &note);
        let ids = [("x-amzn-requestid", &call.id), ("x-amz-apigw-id", &call.extended_id)];
        for (name, id) in ids {
            if let Ok(id) = HeaderValue::from_str(id) {
                reply.headers_mut().insert(HeaderName::from_static(name), id);
            }
        }
        reply
    }

    /// The method that a request calls, if the stack has it.
    fn called(&self, parts: &http::request::Parts) -> Result<Called, Refusal> {
        let called = Called::of(&parts.method, parts.uri.path())?;
        match self.authorizer_of(&called.route) {
            Some(_) => Ok(called),
            None => Err(Refusal::NoSuchMethod),
        }
    }

    /// The authorizer of a route; `None` where the stack does not have the route.
    fn authorizer_of(&self, route: &Route) -> Option<&Authorizer> {
        match route.key() {
            None => Some(&self.authorizer),
            Some(_) => self.key_authorizer.as_ref(),
        }
    }

    /// The reply, and what to say about it in the log.
    async fn answer(&self, call: &Call, body: Incoming) -> (Reply, String) {
        match self.replied(call, body).await {
            Ok(replied) => replied,
            Err(refusal) => (refusal.reply(), refusal.note()),
        }
    }

    async fn replied(&self, call: &Call, body: Incoming) -> Result<(Reply, String), Refusal> {
        let body = body::read(body).await.map_err(|error| Refusal::of_body(&error))?;
        let arn = self.stage.method_arn(call);
        let allowed = match &self.reach {
            Reach::Regional => false,
            Reach::Private(endpoints) => {
                let listed = call.endpoint.as_ref().is_some_and(|id| endpoints.contains(id));
                if !listed {
                    return Err(Refusal::by_resource_policy(&arn));
                }
                true
            }
        };
        let authorizer = self.authorizer_of(&call.route).ok_or(Refusal::NoSuchMethod)?;
        let known = authorizer.decide(&self.stage, call, &arn, allowed).await?;
        let event = self.stage.rest_integration_event(call, &known, &body);
        let answer = self.admission.invoke(event, call.trace_id.clone());
        match tokio::time::timeout(self.integration_timeout, answer).await {
            Ok(Ok(answer)) => {
                let reply = answer::reply(&answer).map_err(Refusal::Malformed)?;
                Ok((reply, known.describe()))
            }
            Ok(Err(error @ InvokeError::TooLarge(_))) => {
                Err(Refusal::EventTooLarge(error.to_string()))
            }
            Ok(Err(error)) => Err(Refusal::Failed(error.to_string())),
            Err(_elapsed) => Err(Refusal::TimedOut(format!(
                "no answer within {} ms",
                self.integration_timeout.as_millis()
            ))),
        }
    }
}
