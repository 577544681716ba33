//! The event codes of all crates, against the page that documents them.

#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../README.md");
const HEAD: &str = "| `event` | level | written when |\n|---|---|---|\n";

/// The directories of the crates that write log lines, in the order of the tables.
const CRATES: [&str; 3] = ["functions/lambda", "functions/admission", "authorizer"];

struct Documented {
    code: String,
    row: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The constants of an `events.rs`, each with the comment above it as a row: `LEVEL: when`.
fn documented(source: &str) -> Vec<Documented> {
    let mut comment = vec![];
    let mut found = vec![];
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            comment.push(text);
        } else if let Some((_, code)) = line.split_once("Event::new(\"") {
            let (code, _) = code.split_once('"').unwrap();
            let text = std::mem::take(&mut comment).join(" ");
            let (level, when) = text.split_once(": ").unwrap();
            assert!(["DEBUG", "INFO", "WARN", "ERROR"].contains(&level), "{code}: {level}");
            let row = format!("| `{code}` | {level} | {when} |\n");
            found.push(Documented { code: code.to_owned(), row });
        }
    }
    found
}

fn events(folder: &str) -> Vec<Documented> {
    documented(&std::fs::read_to_string(root().join(folder).join("src/events.rs")).unwrap())
}

#[test]
fn the_page_has_a_row_for_each_code() {
    let tables: Vec<String> = CRATES
        .into_iter()
        .map(|folder| events(folder).iter().map(|event| event.row.as_str()).collect())
        .collect();
    let on_the_page: Vec<&str> = PAGE
        .split(HEAD)
        .skip(1)
        .map(|after| after.find("\n\n").map_or(after, |end| after.split_at(end + 1).0))
        .collect();
    assert_eq!(on_the_page, tables);
}

#[test]
fn codes_are_distinct_and_in_snake_case() {
    let codes: Vec<String> = CRATES.into_iter().flat_map(events).map(|event| event.code).collect();
    assert!(codes.len() > CRATES.len());
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "{codes:?}");
    for code in codes {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}

#[test]
fn codes_are_declared_in_events_rs_only() {
    let mut folders: Vec<PathBuf> =
        CRATES.into_iter().map(|folder| root().join(folder).join("src")).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            // Documentation and tests have examples.
            if ["events.rs", "lib.rs", "tests.rs"].contains(&name) {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            assert!(!source.contains("Event::new(\""), "{}", path.display());
        }
    }
}
