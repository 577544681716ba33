//! An event on its way to a sandbox, and the answer on its way back.

use bytes::Bytes;
use tokio::sync::oneshot;

/// The largest event and the largest answer of a synchronous invocation, in bytes: Lambda's "6 MB".
pub const PAYLOAD_LIMIT: usize = 6_291_556;

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
    pub(super) fn failed(kind: &str, message: impl Into<String>) -> Self {
        Self::Failed { kind: kind.to_owned(), message: message.into() }
    }
}

/// One event on its way to a sandbox.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) trace_id: String,
    pub(super) event: Bytes,
    pub(super) answer: Answer,
}

/// Where the answer to one event goes. The caller may have stopped waiting.
#[derive(Debug)]
pub(super) struct Answer(pub(super) oneshot::Sender<Result<Bytes, InvokeError>>);

impl Answer {
    pub(super) fn give(self, result: Result<Bytes, InvokeError>) {
        let _caller_gone = self.0.send(result);
    }
}

/// What reaches the pool's task.
#[derive(Debug)]
pub(super) enum Message {
    /// An event to be given to a sandbox.
    Invoke(Invocation),
    /// A sandbox asked for its next event.
    Free(u32),
    /// Stop everything and confirm it.
    Stop(oneshot::Sender<()>),
}
