//! What `GET /_local/calls` shows: every AWS call, in the order of arrival.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// The calls since the start.
#[derive(Debug)]
pub(crate) struct Journal {
    start: Instant,
    calls: Mutex<Vec<Arc<Entry>>>,
}

/// One call, written down on arrival and completed when it is answered.
#[derive(Debug)]
pub(crate) struct Entry {
    arrived: Instant,
    operation: String,
    key: String,
    outcome: OnceLock<(String, u128)>,
}

impl Journal {
    pub(crate) fn new() -> Journal {
        Journal { start: Instant::now(), calls: Mutex::default() }
    }

    pub(crate) fn begin(&self, arrived: Instant, operation: &str, key: &str) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            arrived,
            operation: word(operation),
            key: word(key),
            outcome: OnceLock::new(),
        });
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Arc::clone(&entry));
        entry
    }

    /// `<ms since start> <operation> <key> <status> <ms>` a line; the status of a call that has no
    /// answer yet, or whose caller left before it had one, is `open`.
    pub(crate) fn text(&self) -> String {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for entry in calls.iter() {
            let at = entry.arrived.saturating_duration_since(self.start).as_millis();
            let (status, took) = match entry.outcome.get() {
                Some((status, took)) => (status.as_str(), *took),
                None => ("open", entry.arrived.elapsed().as_millis()),
            };
            let Entry { operation, key, .. } = entry.as_ref();
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{at} {operation} {key} {status} {took}");
        }
        text
    }

    pub(crate) fn clear(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Entry {
    pub(crate) fn finish(&self, status: &str) {
        let took = self.arrived.elapsed().as_millis();
        // A call ends once; were it to end twice, the first end stands.
        let _ = self.outcome.set((status.to_owned(), took));
    }
}

/// A column must not hold a blank, whatever a request says.
fn word(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    let blank = |c: char| c.is_whitespace() || c.is_control();
    text.chars().map(|c| if blank(c) { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::Journal;
    use std::time::Instant;

    #[test]
    fn a_line_has_five_columns_whatever_the_request_says() {
        let journal = Journal::new();
        journal.begin(Instant::now(), "Describe Images", "a\nb").finish("200");
        journal.begin(Instant::now(), "", "");
        let text = journal.text();
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(&rows[0][1..4], ["Describe_Images", "a_b", "200"]);
        assert_eq!(&rows[1][1..4], ["-", "-", "open"]);
        assert!(rows.iter().all(|row| row.len() == 5 && row[4].parse::<u64>().is_ok()));
    }

    #[test]
    fn clearing_forgets_and_a_call_under_way_does_not_come_back() {
        let journal = Journal::new();
        let entry = journal.begin(Instant::now(), "DescribeRepositories", "a");
        journal.clear();
        entry.finish("200");
        assert_eq!(journal.text(), "");
    }
}
