//! Callers, side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use local_cloud::stack::Stack;
use tokio::task::JoinSet;

use crate::pods::{Evaluated, Pod};

/// How long a caller waits: many wait for few sandboxes here.
const VALIDATE: &str = "/validate?timeout=30s";

/// What a crowd of callers does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    /// How many reviews are on their way at a time.
    pub(crate) in_flight: usize,
    /// How many are sent at most.
    pub(crate) reviews: usize,
    /// For how long reviews are sent at most.
    pub(crate) time: Duration,
    /// How long each caller rests between two.
    pub(crate) rest: Duration,
}

/// The results.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    pub(crate) not_looked_up: usize,
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn reviews(&self) -> usize {
        self.right + self.not_looked_up + self.wrong.len()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.right += other.right;
        self.not_looked_up += other.not_looked_up;
        self.wrong.extend(other.wrong);
    }
}

impl Crowd {
    /// Sends reviews from the `first` on.
    pub(crate) async fn send(self, stack: &Arc<Stack>, first: usize) -> Tally {
        let (next, end) = (Arc::new(AtomicUsize::new(first)), Instant::now() + self.time);
        let mut callers = JoinSet::new();
        for _ in 0..self.in_flight {
            callers.spawn(self.call(Arc::clone(stack), Arc::clone(&next), first, end));
        }
        let mut tally = Tally::default();
        for each in callers.join_all().await {
            tally.add(each);
        }
        tally
    }

    async fn call(
        self,
        stack: Arc<Stack>,
        next: Arc<AtomicUsize>,
        first: usize,
        end: Instant,
    ) -> Tally {
        let mut tally = Tally::default();
        while Instant::now() < end {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= first + self.reviews {
                break;
            }
            let pod = Pod::new(n);
            let reply = stack.review(VALIDATE, &pod.review()).await;
            match reply.map_err(|error| error.to_string()).and_then(|reply| pod.evaluate(&reply)) {
                Ok(Evaluated::Right) => tally.right += 1,
                Ok(Evaluated::NotLookedUp) => tally.not_looked_up += 1,
                Err(wrong) => tally.wrong.push(wrong),
            }
            tokio::time::sleep(self.rest).await;
        }
        tally
    }
}
