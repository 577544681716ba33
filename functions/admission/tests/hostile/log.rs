//! The log line of a review holds parts of it.

use std::process::Command;

use serde_json::Value;

use crate::seeds;
use ecr_admission_testing::check::assert_plain;

/// The test that sends every seed.
const SEEDS: &str = "every_seed_is_answered";

/// Set in a run of this program whose log is read.
const READ: &str = "HOSTILE_LOG_IS_READ";

pub(crate) fn is_read() -> bool {
    std::env::var_os(READ).is_some()
}

/// CloudWatch Logs takes an event of 256 KB, 26 bytes of its own included.
const EVENT: usize = 256 * 1024 - 26;

/// The log lines of one run of a test. A log line goes to stdout, past what cargo's test harness
/// captures, so that another run of this program is what can be read.
fn lines(test: &str) -> Vec<String> {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(READ, "1")
        .output()
        .unwrap();
    let log = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{log}");
    log.lines().filter(|line| line.starts_with("{\"timestamp\"")).map(str::to_owned).collect()
}

#[test]
fn every_body_leaves_one_line_of_json() {
    let lines = lines(SEEDS);
    // Both routes log a body that is not a review.
    let bodies = seeds().len();
    assert!((bodies..=2 * bodies).contains(&lines.len()), "{} lines, {bodies} bodies", lines.len());
    for line in lines {
        let read: Value = serde_json::from_str(&line).unwrap();
        let level = read["level"].as_str().unwrap();
        assert!(["INFO", "WARN", "ERROR"].contains(&level), "{line}");
        assert!(line.chars().all(|c| c >= ' '), "{line}");
    }
}

#[test]
fn no_log_line_holds_what_a_terminal_acts_on() {
    for line in lines(SEEDS) {
        assert_plain(&line, 64 << 10);
    }
}

#[test]
fn a_review_of_twenty_thousand_containers_fits_an_event() {
    let lines = lines("size::the_log_of_many_containers_is_written");
    let [mutation, review] = lines.as_slice() else { panic!("{} lines", lines.len()) };
    for (line, lists) in [(mutation, &["changes"][..]), (review, &["images", "violations"])] {
        assert!(line.len() < EVENT, "{} bytes", line.len());
        let read: Value = serde_json::from_str(line).unwrap();
        for list in lists {
            assert_eq!(read[list].as_array().unwrap().len(), 50, "{list}");
            let omitted = read[format!("{list}_omitted")].as_u64().unwrap();
            assert!(omitted > 20_000, "{omitted} {list}");
        }
    }
}
