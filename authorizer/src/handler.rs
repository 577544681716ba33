//! One call: event in, answer out, one log line.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::endpoints::{Endpoints, is_endpoint};
use crate::event::answer::{Admitted, Response, respond};
use crate::event::{BadEvent, Door, NoCredential, Request};
use crate::events::{
    AUTHORIZED, AUTHORIZER_FAILED, NOT_AUTHORIZED, SOURCE_REFUSED, TOKEN_SECRET_UNAVAILABLE,
    WRONG_ROUTE,
};
use crate::read::{ReadSecret, Stage, Unreadable};
use crate::sources::AllowedSources;
use crate::token_copy::TokenCopy;
use crate::via::Via;

/// The authorizer of a sandbox.
#[derive(Debug)]
pub struct Authorizer<R> {
    /// Lambda gives a sandbox one event at a time, so that no call waits for this lock.
    secret: Mutex<TokenCopy<R>>,
    callers: Callers,
    log: Log,
}

/// Which callers an authorizer is for.
#[derive(Clone, Debug)]
pub struct Callers {
    /// How they show who they are.
    pub via: Via,
    /// From which addresses they may come at the public door.
    pub sources: AllowedSources,
    /// Through which VPC endpoints they may come at the private door.
    pub endpoints: Endpoints,
}

impl Callers {
    /// Whether a call may come from where it comes from, whatever it presents: at the private door through an
    /// endpoint of the stack, and elsewhere from an allowed address.
    fn may_come(&self, request: &Request) -> Result<(), Refusal> {
        match &request.door {
            Door::Private(endpoint) if self.endpoints.contains(endpoint) => Ok(()),
            Door::Regional if !self.endpoints.is_empty() => Err(Refusal::NoEndpoint),
            Door::Private(_) => Err(Refusal::Endpoint),
            Door::Http | Door::Regional => {
                let source = request.checked_source;
                let allowed = self.sources.is_any()
                    || source.is_some_and(|address| self.sources.contains(address));
                if allowed { Ok(()) } else { Err(Refusal::Source(source)) }
            }
        }
    }

    /// The cluster of a call that presents nothing: that of its endpoint, where endpoints stand for clusters. A call
    /// with an `Authorization` header presents something, whatever it holds.
    fn cluster_of_endpoint(&self, request: &Request, none: NoCredential) -> Option<&str> {
        match (&request.door, none) {
            (Door::Private(endpoint), NoCredential::Header) => self.endpoints.cluster(endpoint),
            _ => None,
        }
    }
}

/// Why a caller gets a 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The route is not of this API, or asks for the other kind of credential.
    WrongRoute,
    /// The address is not allowed, or not known.
    Source(Option<IpAddr>),
    /// The VPC endpoint is not one of the stack.
    Endpoint,
    /// A REST API that is private by the configuration, and a call without a VPC endpoint.
    NoEndpoint,
    /// The credential is absent or unknown.
    Credential(&'static str),
}

/// A call that gets an error instead of an answer. API Gateway makes it a 500 for the caller, and caches nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Without the token secret no caller is known.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The event is not one for this function.
    #[error(transparent)]
    BadEvent(#[from] BadEvent),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match failure {
            Failure::Unreadable(_) => "SecretUnreadable",
            Failure::BadEvent(_) => "BadEvent",
        };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

/// The fields of the log line of a call.
#[derive(Debug, Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Stage>,
    via: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    door: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Line {
    fn new(via: Via) -> Self {
        Self {
            cluster: None,
            token: None,
            via: via.name(),
            reason: None,
            error: None,
            door: None,
            endpoint: None,
            source_ip: None,
            request_id: None,
        }
    }

    /// Notes where a call came from.
    fn note(&mut self, request: &Request) {
        self.door = Some(request.door.name());
        if let Door::Private(endpoint) = &request.door {
            self.endpoint = is_endpoint(endpoint).then(|| endpoint.clone());
        }
        self.source_ip = request.source_ip;
        self.request_id.clone_from(&request.request_id);
    }
}

impl<R: ReadSecret> Authorizer<R> {
    /// Authorizes `callers`. Reads the tokens with `reader`; the previous ones count for `overlap`.
    pub fn new(reader: R, overlap: Duration, callers: Callers, log: Log) -> Self {
        Self { secret: Mutex::new(TokenCopy::new(reader, overlap, log)), callers, log }
    }

    /// Reads the secret in the init phase, so that the first call finds a copy and an open
    /// connection. A failure is logged and not fatal: the first call tries again.
    pub async fn warm_up(&self, now: SystemTime) {
        if let Err(unreadable) = self.secret.lock().await.renew(now).await {
            self.log.warn(
                TOKEN_SECRET_UNAVAILABLE,
                "no copy of the token secret yet; the first call reads it",
                &json!({ "error": unreadable.to_string() }),
            );
        }
    }

    /// Answers one event at the wall-clock time `now`.
    pub async fn handle(
        &self,
        event: LambdaEvent<Box<RawValue>>,
        now: SystemTime,
    ) -> Result<Response, Failure> {
        let mut line = Line::new(self.callers.via);
        match self.answer(&event.payload, now, &mut line).await {
            Ok(response) => Ok(response),
            Err(failure) => {
                line.error = Some(failure.to_string());
                self.log.error(
                    AUTHORIZER_FAILED,
                    "the call could not be authorized or refused",
                    &line,
                );
                Err(failure)
            }
        }
    }

    async fn answer(
        &self,
        event: &RawValue,
        now: SystemTime,
        line: &mut Line,
    ) -> Result<Response, Failure> {
        let request = Request::decode(event, self.callers.via)?;
        line.note(&request);
        let admitted = match self.admit(&request, now).await? {
            Ok(admitted) => {
                line.cluster = Some(admitted.cluster().to_owned());
                line.token = admitted.stage();
                line.via = admitted.via();
                self.log.info(AUTHORIZED, "authorized", line);
                Some(admitted)
            }
            Err(refusal) => {
                self.report(refusal, line);
                None
            }
        };
        Ok(respond(request.form, admitted.as_ref()))
    }

    async fn admit(
        &self,
        request: &Request,
        now: SystemTime,
    ) -> Result<Result<Admitted, Refusal>, Failure> {
        if request.route != Some(self.callers.via) {
            return Ok(Err(Refusal::WrongRoute));
        }
        if let Err(refusal) = self.callers.may_come(request) {
            return Ok(Err(refusal));
        }
        let credential = match &request.credential {
            Ok(credential) => credential,
            Err(none) => {
                let cluster = self.callers.cluster_of_endpoint(request, *none);
                let known = cluster.map(|cluster| Admitted::Endpoint(cluster.to_owned()));
                return Ok(known.ok_or(Refusal::Credential(none.reason())));
            }
        };
        let unknown = match self.callers.via {
            Via::Header => "unknown token",
            Via::Url => "unknown key",
        };
        let caller = self.secret.lock().await.caller(credential, now).await?;
        Ok(caller.map(Admitted::Credential).ok_or(Refusal::Credential(unknown)))
    }

    fn report(&self, refusal: Refusal, line: &mut Line) {
        match refusal {
            Refusal::WrongRoute => {
                let message = match self.callers.via {
                    Via::Header => {
                        "wrong route; attach this function to POST /validate and POST /mutate only"
                    }
                    Via::Url => {
                        "wrong route; attach this function to POST /validate/{key} and \
                         POST /mutate/{key} only"
                    }
                };
                self.log.error(WRONG_ROUTE, message, line);
            }
            Refusal::Source(source) => {
                let of_identity =
                    self.callers.via == Via::Header && line.door == Some(Door::Http.name());
                let reason = match source {
                    Some(_) => "ALLOWED_SOURCES does not contain the address",
                    None if of_identity => {
                        "the event has no address in its identity sources; configure \
                         $request.header.Authorization and $context.identity.sourceIp"
                    }
                    None => "the event has no address of the caller",
                };
                line.reason = Some(reason);
                line.source_ip = source.or(line.source_ip);
                self.log.warn(SOURCE_REFUSED, "source address refused", line);
            }
            Refusal::Endpoint => {
                line.reason = Some("VPC_ENDPOINT_IDS does not contain the VPC endpoint");
                self.log.warn(SOURCE_REFUSED, "VPC endpoint refused", line);
            }
            Refusal::NoEndpoint => {
                line.reason = Some("VPC_ENDPOINT_IDS is set, and the event has no VPC endpoint");
                self.log.warn(SOURCE_REFUSED, "VPC endpoint refused", line);
            }
            Refusal::Credential(reason) => {
                line.reason = Some(reason);
                self.log.warn(NOT_AUTHORIZED, "not authorized", line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
