//! The lines Lambda writes around a function's own: START, END, REPORT, and why something failed.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use super::environment::MEMORY_MB;
use super::invocation::{Answer, InvokeError};
use crate::console;

/// The event a sandbox is busy with.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) request_id: String,
    pub(super) started: Instant,
    /// Absent once given.
    pub(super) answer: Option<Answer>,
    /// How long init took, for the first event of a sandbox.
    pub(super) init: Option<Duration>,
}

impl Current {
    /// Answers with an error if the function has not answered.
    pub(super) fn abandon(self, kind: &str, message: &str) {
        if let Some(answer) = self.answer {
            answer.give(Err(InvokeError::failed(kind, message)));
        }
    }
}

/// Where the lines about one sandbox go.
#[derive(Debug)]
pub(super) struct Log(String);

impl Log {
    pub(super) fn new(function: &str, sandbox: u32) -> Self {
        Self(format!("{function}[{sandbox}]"))
    }

    pub(super) fn line(&self, text: &impl Display) {
        console::log(&format!("{} {text}", self.0));
    }

    pub(super) fn start(&self, request_id: &str) {
        self.line(&format_args!("START RequestId: {request_id} Version: $LATEST"));
    }

    /// END and REPORT of an event. `status` is empty for one that went well.
    pub(super) fn report(&self, current: &Current, peak_memory_kib: Option<u64>, status: &str) {
        let duration = current.started.elapsed();
        let billed = duration + current.init.unwrap_or_default();
        let mut fields = vec![
            format!("REPORT RequestId: {}", current.request_id),
            format!("Duration: {}", milliseconds(duration)),
            format!("Billed Duration: {} ms", billed.as_micros().div_ceil(1000)),
            format!("Memory Size: {MEMORY_MB} MB"),
        ];
        fields.extend(
            peak_memory_kib.map(|kib| format!("Max Memory Used: {} MB", kib.div_ceil(1024))),
        );
        fields.extend(current.init.map(|init| format!("Init Duration: {}", milliseconds(init))));
        fields.extend((!status.is_empty()).then(|| status.to_owned()));
        self.line(&format_args!("END RequestId: {}", current.request_id));
        self.line(&fields.join("\t"));
    }
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}
