//! One call: event in, answer out, one log line.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::authorize::Caller;
use crate::event::{BadEvent, Request, Response, respond};
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
    /// From which addresses they may come.
    pub sources: AllowedSources,
}

/// Why a caller gets a 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// The route is not of this API, or asks for the other kind of credential.
    WrongRoute,
    /// The address is not allowed, or not known.
    Source(Option<IpAddr>),
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
    via: Via,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
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
            via,
            reason: None,
            error: None,
            source_ip: None,
            request_id: None,
        }
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
        let result = self.caller(&event.payload, now, &mut line).await;
        match &result {
            Ok(Ok(caller)) => {
                line.cluster = Some(caller.cluster.clone());
                line.token = Some(caller.stage);
                self.log.info(AUTHORIZED, "authorized", &line);
            }
            Ok(Err(refusal)) => self.report(*refusal, line),
            Err(failure) => {
                line.error = Some(failure.to_string());
                self.log.error(
                    AUTHORIZER_FAILED,
                    "the call could not be authorized or refused",
                    &line,
                );
            }
        }
        result.map(|caller| respond(caller.as_ref().ok()))
    }

    async fn caller(
        &self,
        event: &RawValue,
        now: SystemTime,
        line: &mut Line,
    ) -> Result<Result<Caller, Refusal>, Failure> {
        let Callers { via, sources } = &self.callers;
        let request = Request::decode(event, *via)?;
        line.source_ip = request.source_ip;
        line.request_id = request.request_id;
        if request.route != Some(*via) {
            return Ok(Err(Refusal::WrongRoute));
        }
        let source = request.checked_source;
        if !sources.is_any() && !source.is_some_and(|address| sources.contains(address)) {
            return Ok(Err(Refusal::Source(source)));
        }
        let credential = match request.credential {
            Ok(credential) => credential,
            Err(none) => return Ok(Err(Refusal::Credential(none.reason()))),
        };
        let unknown = match via {
            Via::Header => "unknown token",
            Via::Url => "unknown key",
        };
        let caller = self.secret.lock().await.caller(&credential, now).await?;
        Ok(caller.ok_or(Refusal::Credential(unknown)))
    }

    fn report(&self, refusal: Refusal, mut line: Line) {
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
                self.log.error(WRONG_ROUTE, message, &line);
            }
            Refusal::Source(source) => {
                let reason = match (source, self.callers.via) {
                    (Some(_), _) => "ALLOWED_SOURCES does not contain the address",
                    (None, Via::Header) => {
                        "the event has no address in its identity sources; configure \
                         $request.header.Authorization and $context.identity.sourceIp"
                    }
                    (None, Via::Url) => "the event has no address of the caller",
                };
                line.reason = Some(reason);
                line.source_ip = source.or(line.source_ip);
                self.log.warn(SOURCE_REFUSED, "source address refused", &line);
            }
            Refusal::Credential(reason) => {
                line.reason = Some(reason);
                self.log.warn(NOT_AUTHORIZED, "not authorized", &line);
            }
        }
    }
}

#[cfg(test)]
mod tests;
