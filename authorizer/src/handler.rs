//! One call: event in, answer out, one log line.

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::Log;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use crate::authorize::Caller;
use crate::event::{BadEvent, Request, Response, respond};
use crate::events::{AUTHORIZED, AUTHORIZER_FAILED, NOT_AUTHORIZED, TOKEN_SECRET_UNAVAILABLE};
use crate::read::{ReadSecret, Stage, Unreadable};
use crate::token_copy::TokenCopy;

/// The authorizer of a sandbox.
#[derive(Debug)]
pub struct Authorizer<R> {
    /// Lambda gives a sandbox one event at a time, so that no call waits for this lock.
    secret: Mutex<TokenCopy<R>>,
    log: Log,
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
#[derive(Debug, Default, Serialize)]
struct Line {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl<R: ReadSecret> Authorizer<R> {
    /// Reads the tokens with `reader`; the previous ones count for `overlap`.
    pub fn new(reader: R, overlap: Duration, log: Log) -> Self {
        Self { secret: Mutex::new(TokenCopy::new(reader, overlap, log)), log }
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
        let mut line = Line::default();
        let result = self.caller(&event.payload, now, &mut line).await;
        match &result {
            Ok(Some(caller)) => {
                line.cluster = Some(caller.cluster.clone());
                line.token = Some(caller.stage);
                self.log.info(AUTHORIZED, "authorized", &line);
            }
            Ok(None) => self.log.warn(NOT_AUTHORIZED, "not authorized", &line),
            Err(failure) => {
                line.error = Some(failure.to_string());
                self.log.error(
                    AUTHORIZER_FAILED,
                    "the call could not be authorized or refused",
                    &line,
                );
            }
        }
        result.map(|caller| respond(caller.as_ref()))
    }

    async fn caller(
        &self,
        event: &RawValue,
        now: SystemTime,
        line: &mut Line,
    ) -> Result<Option<Caller>, Failure> {
        let request = Request::decode(event)?;
        line.source_ip = request.source_ip;
        line.request_id = request.request_id;
        let Some(token) = request.token else {
            line.reason = Some("no bearer token");
            return Ok(None);
        };
        let caller = self.secret.lock().await.caller(&token, now).await?;
        if caller.is_none() {
            line.reason = Some("unknown token");
        }
        Ok(caller)
    }
}
