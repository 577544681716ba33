//! What happens inside a sandbox: init, events one at a time, and the end.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::api::{Call, NextEvent, Outcome, Refusal, Registered};
use super::extensions::Extensions;
use super::invocation::{Invocation, InvokeError};
use super::process::Process;
use super::report::{Current, Log};
use super::settings::FunctionSettings;

/// How long a sandbox may take from its start to its first `/next`.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// Why a sandbox ends.
pub(super) enum End {
    /// Idle for too long, or local-cloud stops.
    Stopped,
    /// The process ended by itself; how, in words.
    Exited(String),
    TimedOut,
    InitFailed(InvokeError),
}

/// What happens inside a sandbox.
pub(super) struct Life {
    settings: Arc<FunctionSettings>,
    log: Log,
    started: Instant,
    /// How long init took, until the first event's REPORT has said it.
    init: Option<Duration>,
    initialized: bool,
    runtime: Option<oneshot::Sender<NextEvent>>,
    extensions: Extensions,
    next: Option<Invocation>,
    current: Option<Current>,
    free: bool,
}

impl Life {
    /// The life of a process that is just starting, for its first event.
    pub(super) fn new(settings: Arc<FunctionSettings>, number: u32, first: Invocation) -> Self {
        Self {
            log: Log::new(&settings.name, number),
            settings,
            started: Instant::now(),
            init: None,
            initialized: false,
            runtime: None,
            extensions: Extensions::default(),
            next: Some(first),
            current: None,
            free: false,
        }
    }

    /// When the sandbox must be ended if nothing happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.initialized {
            self.current.as_ref().map(|current| current.started + self.settings.timeout)
        } else {
            Some(self.started + INIT_LIMIT)
        }
    }

    /// Takes the next event, which the pool gives to a free sandbox only.
    pub(super) fn accept(&mut self, invocation: Invocation) {
        self.next = Some(invocation);
    }

    /// Does what one call says. Events are handed out by [`Life::advance`].
    pub(super) fn take(&mut self, call: Call) -> Option<End> {
        match call {
            Call::Next(event) => self.runtime = Some(event),
            Call::Answer { request_id, result, outcome } => {
                give(outcome, self.answer(&request_id, result));
            }
            Call::InitFailed { error, outcome } => {
                give(outcome, Ok(()));
                return Some(End::InitFailed(error));
            }
            Call::Register { name, events, outcome } => give(outcome, self.register(name, &events)),
            Call::ExtensionNext { id, event } => give(event, self.extensions.wait(&id)),
            Call::ExtensionFailed { id, error, outcome } => {
                self.log.line(&error);
                give(outcome, self.extensions.remove(&id));
            }
        }
        None
    }

    fn answer(
        &mut self,
        request_id: &str,
        result: Result<bytes::Bytes, InvokeError>,
    ) -> Result<(), Refusal> {
        let current = self.current.as_mut().filter(|current| current.request_id == request_id);
        let Some(answer) = current.and_then(|current| current.answer.take()) else {
            return Err(Refusal(
                "InvalidRequestID",
                format!("{request_id} is not waiting for an answer"),
            ));
        };
        if let Err(error) = &result {
            self.log.line(error);
        }
        answer.give(result);
        Ok(())
    }

    fn register(&mut self, name: String, events: &[String]) -> Result<Registered, Refusal> {
        if self.initialized {
            return Err(Refusal(
                "Extension.InvalidExtensionState",
                "extensions can register during init only".to_owned(),
            ));
        }
        let id = self.extensions.register(name, events)?;
        Ok(Registered {
            id,
            function: self.settings.name.clone(),
            account: self.settings.account.clone(),
        })
    }

    /// Finishes and hands out events as far as the runtime and the extensions have asked for them.
    /// True when the sandbox has just become free.
    pub(super) fn advance(&mut self, process: &Process) -> bool {
        if self.runtime.is_none() || !self.extensions.all_wait() {
            return false;
        }
        if !self.initialized {
            self.initialized = true;
            self.init = Some(self.started.elapsed());
        }
        if let Some(current) = self.current.take() {
            self.log.report(&current, process.peak_memory_kib(), "");
            current.abandon(
                "Runtime.NoAnswer",
                "the runtime asked for the next event without answering this one",
            );
        }
        if let Some(invocation) = self.next.take() {
            self.free = false;
            self.hand_out(invocation);
            return false;
        }
        !std::mem::replace(&mut self.free, true)
    }

    fn hand_out(&mut self, invocation: Invocation) {
        let Some(runtime) = self.runtime.take() else { return };
        let Invocation { request_id, trace_id, event, answer } = invocation;
        let deadline_ms = epoch_ms() + self.settings.timeout.as_millis();
        let arn = self.settings.arn();
        self.log.start(&request_id);
        self.extensions.invoke(&json!({
            "eventType": "INVOKE", "deadlineMs": deadline_ms, "requestId": request_id, "invokedFunctionArn": arn,
            "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id},
        }));
        let started = Instant::now();
        self.current = Some(Current {
            request_id: request_id.clone(),
            started,
            answer: Some(answer),
            init: self.init.take(),
        });
        // A runtime that has hung up is about to be seen as ended.
        drop(runtime.send(NextEvent { request_id, trace_id, deadline_ms, arn, event }));
    }

    /// Answers what is still waiting, and ends the process.
    pub(super) async fn end(self, end: End, process: Process) {
        let Self { settings, log, initialized, extensions, next, current, .. } = self;
        let (status, error) = match &end {
            End::Stopped => ("", InvokeError::Stopping),
            End::Exited(status) => (
                "Status: error",
                InvokeError::failed("Runtime.ExitError", format!("the runtime exited: {status}")),
            ),
            End::TimedOut if !initialized => {
                let message = format!("init took longer than {} s", INIT_LIMIT.as_secs());
                ("Status: timeout", InvokeError::failed("Sandbox.Timedout", message))
            }
            End::TimedOut => {
                let message =
                    format!("the task timed out after {:.2} s", settings.timeout.as_secs_f64());
                ("Status: timeout", InvokeError::failed("Sandbox.Timedout", message))
            }
            End::InitFailed(error) => ("Status: error", error.clone()),
        };
        if !matches!(end, End::Stopped) {
            log.line(&error);
        }
        if let Some(mut current) = current {
            log.report(&current, process.peak_memory_kib(), status);
            if let Some(answer) = current.answer.take() {
                answer.give(Err(error.clone()));
            }
        }
        if let Some(invocation) = next {
            invocation.answer.give(Err(error));
        }
        match end {
            End::Stopped => process.stop(extensions.any()).await,
            End::Exited(_) => process.drain().await,
            End::TimedOut | End::InitFailed(_) => process.kill().await,
        }
    }
}

/// A caller that has hung up is a process that is ending.
fn give<T>(outcome: Outcome<T>, result: Result<T, Refusal>) {
    let _hung_up = outcome.send(result);
}

fn epoch_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
