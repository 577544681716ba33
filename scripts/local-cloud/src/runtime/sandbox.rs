//! One sandbox from its start to its end: the process, and everything that can happen to it.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::api::{self, Call};
use super::invocation::{Invocation, InvokeError, Message};
use super::life::{End, Life};
use super::process::Process;
use super::report::Log;
use super::settings::FunctionSettings;

/// A sandbox that is about to start.
pub(super) struct Sandbox {
    number: u32,
    settings: Arc<FunctionSettings>,
    invocations: mpsc::Receiver<Invocation>,
    pool: mpsc::WeakUnboundedSender<Message>,
}

/// What is left of a sandbox.
pub(super) struct Ended {
    pub(super) number: u32,
    /// An event that came when the sandbox was ending, and that its function never saw.
    pub(super) undelivered: Option<Invocation>,
}

impl Sandbox {
    pub(super) fn new(
        number: u32,
        settings: Arc<FunctionSettings>,
        invocations: mpsc::Receiver<Invocation>,
        pool: mpsc::WeakUnboundedSender<Message>,
    ) -> Self {
        Self { number, settings, invocations, pool }
    }

    /// Starts the function for its first event, and serves events until the end.
    pub(super) async fn run(mut self, first: Invocation) -> Ended {
        let number = self.number;
        match self.open().await {
            Ok((process, calls, _api)) => self.live(first, process, calls).await,
            Err(error) => {
                let error = InvokeError::failed("Runtime.StartFailed", error.to_string());
                Log::new(&self.settings.name, number).line(&error);
                first.answer.give(Err(error));
            }
        }
        self.invocations.close();
        Ended { number, undelivered: self.invocations.try_recv().ok() }
    }

    async fn open(
        &self,
    ) -> std::io::Result<(Process, mpsc::Receiver<Call>, AbortOnDropHandle<()>)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let runtime_api = listener.local_addr()?.to_string();
        let (sender, calls) = mpsc::channel(4);
        let api = AbortOnDropHandle::new(tokio::spawn(api::serve(listener, sender)));
        let process = Process::start(&self.settings, &runtime_api, self.number)?;
        Ok((process, calls, api))
    }

    async fn live(
        &mut self,
        first: Invocation,
        mut process: Process,
        mut calls: mpsc::Receiver<Call>,
    ) {
        let mut life = Life::new(Arc::clone(&self.settings), self.number, first);
        let end = loop {
            let deadline = life.deadline();
            tokio::select! {
                Some(call) = calls.recv() => {
                    if let Some(end) = life.take(call) {
                        break end;
                    }
                }
                invocation = self.invocations.recv() => match invocation {
                    Some(invocation) => life.accept(invocation),
                    None => break End::Stopped,
                },
                ended = process.ended() => break End::Exited(ended.map_or_else(|e| e.to_string(), |s| s.to_string())),
                () = until(deadline) => break End::TimedOut,
            }
            if life.advance(&process)
                && let Some(pool) = self.pool.upgrade()
            {
                let _stopping = pool.send(Message::Free(self.number));
            }
        };
        life.end(end, process).await;
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
