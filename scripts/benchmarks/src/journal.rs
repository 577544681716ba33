//! What local-cloud's `/_local/calls` shows, read: which AWS calls were made, and how many of them had
//! to wait for one another.

use std::collections::BTreeMap;

/// One AWS call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it arrived, in milliseconds since the start.
    pub at: u64,
    /// Such as `DescribeRepositories`.
    pub operation: String,
    /// How long it took, in milliseconds.
    pub took: u64,
}

/// Reads `<ms since start> <operation> <key> <status> <ms>` lines; `None` when a line has another form.
pub fn read<L: AsRef<str>>(lines: &[L]) -> Option<Vec<Call>> {
    lines.iter().map(|line| call(line.as_ref())).collect()
}

fn call(line: &str) -> Option<Call> {
    let mut columns = line.split(' ');
    let at = columns.next()?.parse().ok()?;
    let operation = columns.next()?.to_owned();
    let took = columns.nth(2)?.parse().ok()?;
    Some(Call { at, operation, took })
}

/// How often each operation was called.
pub fn counts(calls: &[Call]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.operation.as_str()).or_default() += 1;
    }
    counts
}

/// The most calls of which each began after the one before it had ended: the round trips that a
/// review waits for, if every call takes long enough (`--latency-ms`) for parallel ones to overlap.
pub fn serial_depth(calls: &[Call]) -> usize {
    let mut by_end: Vec<(u64, u64)> =
        calls.iter().map(|call| (call.at + call.took, call.at)).collect();
    by_end.sort_unstable();
    let (mut depth, mut free_from) = (0, 0);
    for (end, at) in by_end {
        if depth == 0 || at >= free_from {
            depth += 1;
            free_from = end;
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_a_call_is_read() {
        let lines = ["12 DescribeRepositories 123456789012/us-east-1/a:1 200 40"];
        let expected = Call { at: 12, operation: "DescribeRepositories".to_owned(), took: 40 };
        assert_eq!(read(&lines), Some(vec![expected]));
        assert_eq!(read(&["12 DescribeRepositories"]), None);
        assert_eq!(read(&["x DescribeRepositories a 200 40"]), None);
    }

    #[test]
    fn parallel_calls_count_once_and_serial_ones_each() {
        let lines = |times: &[(u64, u64)]| -> Vec<Call> {
            let call =
                |(at, took): &(u64, u64)| Call { at: *at, operation: String::new(), took: *took };
            times.iter().map(call).collect()
        };
        assert_eq!(serial_depth(&[]), 0);
        assert_eq!(serial_depth(&lines(&[(0, 100), (1, 100), (5, 101)])), 1);
        assert_eq!(
            serial_depth(&lines(&[(0, 100), (3, 100), (101, 100), (205, 100), (209, 100)])),
            3
        );
        assert_eq!(serial_depth(&lines(&[(0, 0), (0, 0)])), 2, "nothing overlaps without latency");
    }

    #[test]
    fn operations_are_counted() {
        let calls = read(&["0 A k 200 1", "0 B k 200 1", "1 A k 200 1"]).unwrap();
        assert_eq!(counts(&calls), BTreeMap::from([("A", 2), ("B", 1)]));
    }
}
