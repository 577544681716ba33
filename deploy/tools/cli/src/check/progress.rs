//! A line on stderr while Amazon ECR is asked, so that a long run does not look like one that hangs.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecr_admission::inspect::Budget;
use tokio::time::{Instant, sleep};

/// Before this, nobody waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line of a terminal is written again.
const ON_TERMINAL: Duration = Duration::from_millis(200);

/// How often a line is added to a file, such as the log of a CI job.
const IN_FILE: Duration = Duration::from_secs(30);

/// What takes its time.
#[derive(Debug, Clone)]
pub enum Step {
    /// Images of pull-through caches are pulled.
    Pull {
        /// How many.
        images: usize,
        /// How many of them were pulled, or could not be.
        done: Arc<AtomicUsize>,
    },
    /// Amazon ECR is asked about images.
    Ask {
        /// What was asked so far.
        budget: Arc<Budget>,
        /// How many.
        images: usize,
    },
    /// Pulled images are imported and scanned.
    Wait {
        /// How many are not yet.
        images: Arc<AtomicUsize>,
        /// For how long they are waited for.
        limit: Duration,
    },
}

/// Says how far a step is, until it is dropped.
pub(super) async fn watch(step: Step) {
    let started = Instant::now();
    let mut line = Line { is_terminal: std::io::stderr().is_terminal(), written: false };
    sleep(PATIENCE).await;
    loop {
        line.write(&said(&step, started.elapsed()));
        sleep(if line.is_terminal { ON_TERMINAL } else { IN_FILE }).await;
    }
}

/// Does the work, with `watching` beside it, which may end before.
pub(super) async fn beside<T>(
    watching: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> T {
    let watching = async {
        watching.await;
        std::future::pending().await
    };
    tokio::select! {
        done = work => done,
        never = watching => never,
    }
}

fn said(step: &Step, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match step {
        Step::Pull { images, done } => {
            let done = done.load(Ordering::Relaxed);
            format!("pulling {images} images through Amazon ECR: {done} done, {seconds} s")
        }
        Step::Ask { budget, images } => {
            let (calls, throttled) = (budget.calls(), budget.throttled());
            let throttled =
                if throttled > 0 { format!(", {throttled} throttled") } else { String::new() };
            format!(
                "asking Amazon ECR about {images} images: {calls} calls{throttled}, {seconds} s"
            )
        }
        Step::Wait { images, limit } => {
            let (images, limit) = (images.load(Ordering::Relaxed), limit.as_secs());
            format!("waiting for the scans of {images} images: {seconds} s of at most {limit} s")
        }
    }
}

/// The line. Of a terminal it is erased when it goes.
struct Line {
    is_terminal: bool,
    written: bool,
}

impl Line {
    /// Whether it can be written is of no matter to the result.
    fn write(&mut self, text: &str) {
        self.written = true;
        let mut err = std::io::stderr().lock();
        let _ = if self.is_terminal {
            write!(err, "\r\u{1b}[K{text}").and_then(|()| err.flush())
        } else {
            writeln!(err, "{text}")
        };
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_terminal && self.written {
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_line_says_how_far_it_is() {
        let budget = Arc::new(Budget::new(Instant::now()));
        (0..132).for_each(|_| budget.count_call());
        let ask = |images| Step::Ask { budget: Arc::clone(&budget), images };
        assert_eq!(
            said(&ask(500), Duration::from_millis(2_900)),
            "asking Amazon ECR about 500 images: 132 calls, 2 s"
        );
        (0..3).for_each(|_| budget.count_throttled());
        assert_eq!(
            said(&ask(2), Duration::from_secs(1)),
            "asking Amazon ECR about 2 images: 132 calls, 3 throttled, 1 s"
        );
        let pull = Step::Pull { images: 3, done: Arc::new(AtomicUsize::new(1)) };
        assert_eq!(
            said(&pull, Duration::from_secs(7)),
            "pulling 3 images through Amazon ECR: 1 done, 7 s"
        );
        let limit = Duration::from_mins(10);
        let wait = Step::Wait { images: Arc::new(AtomicUsize::new(2)), limit };
        assert_eq!(
            said(&wait, Duration::from_secs(45)),
            "waiting for the scans of 2 images: 45 s of at most 600 s"
        );
    }
}
