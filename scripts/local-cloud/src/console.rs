//! What local-cloud says: progress and logs on stderr, the contract's lines on stdout.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Lines that are held back; `None` while they are written at once.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Holds lines back from now on: a reader of the demo's table is shown the log only if it matters.
pub fn hold() {
    HELD.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default();
}

/// Writes the lines held back so far, and further ones at once.
pub fn release() {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner).take();
    held.into_iter().flatten().for_each(|line| log(&line));
}

/// Writes one whole line to stderr.
///
/// Lines of several sandboxes arrive at once, so each goes out in a single write. A stderr that is
/// closed loses the line: there is nowhere left to say so.
pub fn log(line: &str) {
    if let Some(held) = HELD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        return held.push(line.to_owned());
    }
    let _closed = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes text to stdout, where a script or a person waits for it.
///
/// # Errors
/// What the operating system says when stdout is closed or full.
pub fn say(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
