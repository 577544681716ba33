//! Which sandbox gets which event. One task owns all of this, so there is nothing to lock.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::invocation::{Invocation, InvokeError, Message};
use super::sandbox::{Ended, Sandbox};
use super::settings::FunctionSettings;

/// How often idle sandboxes are looked at.
const IDLE_CHECK: Duration = Duration::from_millis(250);

/// The sandboxes of one function, and the events that wait for one.
pub(super) struct Pool {
    settings: Arc<FunctionSettings>,
    /// Weak: the pool ends when the last `Function` is dropped, although sandboxes talk to it.
    own: mpsc::WeakUnboundedSender<Message>,
    messages: mpsc::UnboundedReceiver<Message>,
    waiting: VecDeque<Invocation>,
    /// The way to each living sandbox. Closing it is the order to stop.
    sandboxes: HashMap<u32, mpsc::Sender<Invocation>>,
    /// Free ones, the most recently used last: it is used first, as Lambda does, so others grow idle.
    free: Vec<(u32, Instant)>,
    tasks: JoinSet<Ended>,
    started: u32,
}

impl Pool {
    pub(super) fn new(
        settings: FunctionSettings,
        own: mpsc::WeakUnboundedSender<Message>,
        messages: mpsc::UnboundedReceiver<Message>,
    ) -> Self {
        Self {
            settings: Arc::new(settings),
            own,
            messages,
            waiting: VecDeque::new(),
            sandboxes: HashMap::new(),
            free: Vec::new(),
            tasks: JoinSet::new(),
            started: 0,
        }
    }

    pub(super) async fn run(mut self) {
        let mut idle_check = tokio::time::interval(IDLE_CHECK);
        loop {
            tokio::select! {
                message = self.messages.recv() => match message {
                    Some(Message::Invoke(invocation)) => self.place(invocation),
                    Some(Message::Free(number)) => self.free(number),
                    Some(Message::Stop(stopped)) => {
                        self.stop().await;
                        let _caller_gone = stopped.send(());
                        return;
                    }
                    None => return self.stop().await,
                },
                Some(ended) = self.tasks.join_next() => self.ended(ended.ok()),
                _ = idle_check.tick() => self.retire_idle(),
            }
        }
    }

    /// A free sandbox, else a new one that this event starts, else the queue.
    fn place(&mut self, mut invocation: Invocation) {
        while let Some((number, _)) = self.free.pop() {
            let Some(sandbox) = self.sandboxes.get(&number) else { continue };
            match sandbox.try_send(invocation) {
                Ok(()) => return,
                // It is just ending: the next one.
                Err(refused) => invocation = refused.into_inner(),
            }
        }
        if self.tasks.len() < self.settings.sandboxes.get() {
            self.start(invocation);
        } else {
            self.waiting.push_back(invocation);
        }
    }

    fn start(&mut self, first: Invocation) {
        let Some(own) = self.own.upgrade() else {
            return first.answer.give(Err(InvokeError::Stopping));
        };
        self.started += 1;
        let (way, invocations) = mpsc::channel(1);
        self.sandboxes.insert(self.started, way);
        // The sandbox's task must not keep the pool alive.
        let pool = own.downgrade();
        let sandbox = Sandbox::new(self.started, Arc::clone(&self.settings), invocations, pool);
        self.tasks.spawn(sandbox.run(first));
    }

    fn free(&mut self, number: u32) {
        self.free.push((number, Instant::now()));
        if let Some(invocation) = self.waiting.pop_front() {
            self.place(invocation);
        }
    }

    fn ended(&mut self, ended: Option<Ended>) {
        if let Some(Ended { number, undelivered }) = ended {
            self.sandboxes.remove(&number);
            self.free.retain(|(free, _)| *free != number);
            if let Some(invocation) = undelivered {
                self.waiting.push_front(invocation);
            }
        }
        if let Some(invocation) = self.waiting.pop_front() {
            self.place(invocation);
        }
    }

    fn retire_idle(&mut self) {
        let idle = self.settings.idle;
        let sandboxes = &mut self.sandboxes;
        self.free.retain(|(number, since)| {
            let keep = since.elapsed() < idle;
            if !keep {
                sandboxes.remove(number);
            }
            keep
        });
    }

    async fn stop(mut self) {
        for invocation in self.waiting.drain(..) {
            invocation.answer.give(Err(InvokeError::Stopping));
        }
        self.sandboxes.clear();
        while self.tasks.join_next().await.is_some() {}
        self.messages.close();
        while let Some(message) = self.messages.recv().await {
            match message {
                Message::Invoke(invocation) => invocation.answer.give(Err(InvokeError::Stopping)),
                Message::Stop(stopped) => drop(stopped),
                Message::Free(_) => {}
            }
        }
    }
}
