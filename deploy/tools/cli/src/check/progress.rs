//! A line on stderr while Amazon ECR is asked, so that a long run does not look like one that hangs.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use ecr_admission::inspect::Budget;
use tokio::time::{Instant, sleep};

/// Before this, nobody waits.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line of a terminal is written again.
const ON_TERMINAL: Duration = Duration::from_millis(200);

/// How often a line is added to a file, such as the log of a CI job.
const IN_FILE: Duration = Duration::from_secs(30);

/// Says how far the look-ups for so many images are, until it is dropped.
pub(super) async fn watch(budget: Arc<Budget>, images: usize) {
    let started = Instant::now();
    let mut line = Line { is_terminal: std::io::stderr().is_terminal(), written: false };
    sleep(PATIENCE).await;
    loop {
        let text = said(images, budget.calls(), budget.throttled(), started.elapsed());
        line.write(&text);
        sleep(if line.is_terminal { ON_TERMINAL } else { IN_FILE }).await;
    }
}

fn said(images: usize, calls: u32, throttled: u32, elapsed: Duration) -> String {
    let throttled = if throttled > 0 { format!(", {throttled} throttled") } else { String::new() };
    let seconds = elapsed.as_secs();
    format!("asking Amazon ECR about {images} images: {calls} calls{throttled}, {seconds} s")
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

    #[test]
    fn the_line_says_how_far_it_is() {
        assert_eq!(
            said(500, 132, 0, Duration::from_millis(2_900)),
            "asking Amazon ECR about 500 images: 132 calls, 2 s"
        );
        assert_eq!(
            said(2, 7, 3, Duration::from_secs(1)),
            "asking Amazon ECR about 2 images: 7 calls, 3 throttled, 1 s"
        );
    }
}
