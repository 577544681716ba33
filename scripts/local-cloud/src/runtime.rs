//! What Lambda is to a function: sandboxes that are started on demand, given one event at a time,
//! timed, replaced after a crash and stopped when idle.

pub mod api;
mod environment;
mod extensions;
mod invocation;
pub mod launch;
mod life;
mod pool;
mod process;
mod report;
mod sandbox;
mod settings;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::aws::Faults;
use crate::fault::INVOKE;
use invocation::{Answer, Invocation, Message};
pub use invocation::{InvokeError, PAYLOAD_LIMIT};
pub use settings::FunctionSettings;

/// A function that can be invoked. Clones share its sandboxes.
#[derive(Clone, Debug)]
pub struct Function {
    name: Arc<str>,
    faults: Arc<Faults>,
    pool: mpsc::UnboundedSender<Message>,
}

impl Function {
    /// Makes a function ready to be invoked; no sandbox is started yet. Needs a Tokio runtime.
    pub fn new(settings: FunctionSettings) -> Self {
        let (pool, messages) = mpsc::unbounded_channel();
        let (name, faults) = (settings.name.as_str().into(), Faults::new(&settings.faults).into());
        tokio::spawn(pool::Pool::new(settings, pool.downgrade(), messages).run());
        Self { name, faults, pool }
    }

    /// Hands an event to a sandbox and waits for the function's answer.
    ///
    /// `trace_id` is what X-Ray would pass along. The wait has no limit here: the caller has its own,
    /// and giving up does not stop the function, as in AWS.
    pub async fn invoke(&self, event: Bytes, trace_id: String) -> Result<Bytes, InvokeError> {
        if event.len() > PAYLOAD_LIMIT {
            return Err(InvokeError::TooLarge(event.len()));
        }
        let spoilt = self.faults.take(INVOKE, &self.name).and_then(|_malformed| spoilt(&event));
        let event = spoilt.unwrap_or(event);
        let (answer, answered) = oneshot::channel();
        let request_id = Uuid::new_v4().to_string();
        let invocation = Invocation { request_id, trace_id, event, answer: Answer(answer) };
        if self.pool.send(Message::Invoke(invocation)).is_err() {
            return Err(InvokeError::Stopping);
        }
        answered.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// Stops every sandbox as Lambda does, and returns when all are gone.
    pub async fn stop(&self) {
        let (stopped, wait) = oneshot::channel();
        if self.pool.send(Message::Stop(stopped)).is_ok() {
            let _already_gone = wait.await;
        }
    }
}

/// The event with its path where an object is expected: what could not be read may be quoted.
fn spoilt(event: &[u8]) -> Option<Bytes> {
    let mut event: Value = serde_json::from_slice(event).ok()?;
    let path = event.get("rawPath").or_else(|| event.get("path"))?.clone();
    *event.get_mut("requestContext")? = path;
    Some(event.to_string().into())
}
