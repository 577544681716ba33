//! What Lambda is to a function: sandboxes that are started on demand, given one event at a time,
//! timed, replaced after a crash and stopped when idle.

mod api;
mod environment;
mod extensions;
pub mod launch;
mod life;
mod pool;
mod process;
mod report;
mod sandbox;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// The largest event and the largest answer of a synchronous invocation, in bytes: Lambda's "6 MB".
pub const PAYLOAD_LIMIT: usize = 6_291_556;

/// How long a sandbox may take from its start to its first `/next`.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// What a function is and how it is run.
#[derive(Clone)]
pub struct FunctionSettings {
    /// Name in the ARN, and prefix of the function's lines on stderr.
    pub name: String,
    /// The program, as it would be `bootstrap` in the deployment package.
    pub binary: PathBuf,
    /// 12 digits, for the ARN.
    pub account: String,
    /// For the ARN and `AWS_REGION`.
    pub region: String,
    /// The function's own variables, and where it finds AWS. Lambda's own are added.
    pub environment: BTreeMap<String, String>,
    /// How many sandboxes may live at once. An event that finds none free waits.
    pub sandboxes: NonZeroUsize,
    /// How long one event may take; then the sandbox is killed.
    pub timeout: Duration,
    /// How long a sandbox without an event is kept.
    pub idle: Duration,
}

/// Some of the variables are secrets.
impl fmt::Debug for FunctionSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionSettings")
            .field("name", &self.name)
            .field("binary", &self.binary)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}

impl FunctionSettings {
    fn arn(&self) -> String {
        format!("arn:aws:lambda:{}:{}:function:{}", self.region, self.account, self.name)
    }
}

/// Why an invocation has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InvokeError {
    /// Refused before any sandbox saw it.
    #[error("the event has {0} bytes, and Lambda accepts at most {PAYLOAD_LIMIT}")]
    TooLarge(usize),
    /// The function failed: an error of its handler, a crash, a timeout, a failed init.
    #[error("{kind}: {message}")]
    Failed {
        /// Lambda's `errorType`, such as `Runtime.ExitError`.
        kind: String,
        /// Lambda's `errorMessage`.
        message: String,
    },
    /// local-cloud is stopping.
    #[error("local-cloud is stopping")]
    Stopping,
}

impl InvokeError {
    fn failed(kind: &str, message: impl Into<String>) -> Self {
        Self::Failed { kind: kind.to_owned(), message: message.into() }
    }
}

/// One event on its way to a sandbox.
#[derive(Debug)]
struct Invocation {
    request_id: String,
    trace_id: String,
    event: Bytes,
    answer: Answer,
}

/// Where the answer to one event goes. The caller may have stopped waiting.
#[derive(Debug)]
struct Answer(oneshot::Sender<Result<Bytes, InvokeError>>);

impl Answer {
    fn give(self, result: Result<Bytes, InvokeError>) {
        let _caller_gone = self.0.send(result);
    }
}

/// A function that can be invoked. Clones share its sandboxes.
#[derive(Clone, Debug)]
pub struct Function {
    pool: mpsc::UnboundedSender<pool::Message>,
}

impl Function {
    /// Makes a function ready to be invoked; no sandbox is started yet. Needs a Tokio runtime.
    pub fn new(settings: FunctionSettings) -> Self {
        let (pool, messages) = mpsc::unbounded_channel();
        tokio::spawn(pool::Pool::new(settings, pool.downgrade(), messages).run());
        Self { pool }
    }

    /// Hands an event to a sandbox and waits for the function's answer.
    ///
    /// `trace_id` is what X-Ray would pass along. The wait has no limit here: the caller has its own,
    /// and giving up does not stop the function, as in AWS.
    pub async fn invoke(&self, event: Bytes, trace_id: String) -> Result<Bytes, InvokeError> {
        if event.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::TooLarge(event.len()));
        }
        let (answer, answered) = oneshot::channel();
        let request_id = Uuid::new_v4().to_string();
        let invocation = Invocation { request_id, trace_id, event, answer: Answer(answer) };
        if self.pool.send(pool::Message::Invoke(invocation)).is_err() {
            return Err(InvokeError::Stopping);
        }
        answered.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// Stops every sandbox as Lambda does, and returns when all are gone.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.pool.send(pool::Message::Stop(stopped)).is_ok() {
            let _already_gone = wait.await;
        }
    }
}
