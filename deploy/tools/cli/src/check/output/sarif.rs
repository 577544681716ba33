//! SARIF 2.1.0, as GitHub code scanning takes it: one run, every rule, one result for each violation.
//!
//! What could not be evaluated is a notification, not a result: nobody can fix it in the file that it is in. GitHub
//! requires properties that SARIF does not, and takes neither an empty text for one of them nor more than
//! `MOST_RESULTS`.

mod fingerprint;
mod format;
mod rules;
mod uri;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ecr_admission_policy::{Mode, Rule};

use self::fingerprint::Fingerprints;
use self::format::{
    Artifact, Driver, Invocation, Level, Location, Log, Message, Notification, PhysicalLocation,
    Region, RuleReference, Run, SarifResult, Tool,
};
use super::place;
use crate::check::object::{Span, Unreadable};
use crate::check::report::{CheckResult, CheckedObject, FoundViolation, Report};

/// The maximum number of results that GitHub accepts in one run. It shows 5,000 of them.
const MOST_RESULTS: usize = 25_000;

/// `report` as a SARIF log of this version of the tool.
pub fn write(report: &Report, tool_version: &str) -> String {
    let (results, left_out) = results(report);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "ecr-admission",
                    semantic_version: tool_version,
                    rules: Rule::ALL.map(rules::descriptor).into(),
                },
            },
            // As [`Span`] counts; UTF-16 would be the default.
            column_kind: "unicodeCodePoints",
            invocations: [Invocation {
                execution_successful: is_complete(report),
                tool_execution_notifications: notifications(report, left_out),
            }],
            results,
        }],
    };
    // Text and numbers under fixed keys cannot fail. If they could, nothing would be better than a false "no results".
    let text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text + "\n"
}

/// Whether everything was read and evaluated.
fn is_complete(report: &Report) -> bool {
    let unknown = |object: &CheckedObject| {
        object.result == CheckResult::Unknown || object.violations.iter().any(|it| it.unknown)
    };
    report.unreadable.is_empty() && !report.objects.iter().any(unknown)
}

/// The results, and how many more there are than GitHub accepts; what denies is kept first.
fn results(report: &Report) -> (Vec<SarifResult>, usize) {
    let mut fingerprints = Fingerprints::default();
    let mut results = Vec::new();
    for object in &report.objects {
        let path = place::path(&object.id.file);
        for violation in object.violations.iter().filter(|violation| !violation.unknown) {
            let fingerprint = fingerprints.next(&path, object, violation);
            results.push(result(&path, object, violation, fingerprint));
        }
    }
    let left_out = results.len().saturating_sub(MOST_RESULTS);
    if left_out > 0 {
        results.sort_by_key(|result| Reverse(result.level));
        results.truncate(MOST_RESULTS);
    }
    (results, left_out)
}

fn result(
    path: &str,
    object: &CheckedObject,
    violation: &FoundViolation,
    fingerprint: String,
) -> SarifResult {
    SarifResult {
        rule_id: violation.rule.id(),
        rule_index: rules::index(violation.rule),
        level: level(violation.mode),
        message: message(object, &violation.text),
        locations: [location(path, place::of(object, violation.span))],
        partial_fingerprints: format::PartialFingerprints {
            primary_location_line_hash: fingerprint,
        },
    }
}

fn level(mode: Mode) -> Level {
    match mode {
        Mode::Deny => Level::Error,
        Mode::Warn => Level::Warning,
        Mode::Audit => Level::Note,
    }
}

fn message(object: &CheckedObject, text: &str) -> Message {
    plain(&format!("{}: {text}", place::name(object)))
}

/// A message without links: `[text](target)` would be one, and the text of a manifest must not make any.
fn plain(text: &str) -> Message {
    Message { text: text.replace("](", "] (") }
}

fn location(path: &str, span: Span) -> Location {
    let Span { line, column, end_line, end_column } = span;
    Location {
        physical_location: PhysicalLocation {
            artifact_location: Artifact { uri: uri::of(path) },
            region: Region { start_line: line, start_column: column, end_line, end_column },
        },
    }
}

/// What is not a violation but must be known. GitHub keeps it; other readers show it.
fn notifications(report: &Report, left_out: usize) -> Vec<Notification> {
    let mut all: Vec<Notification> = report.unreadable.iter().map(unreadable).collect();
    for object in &report.objects {
        let path = place::path(&object.id.file);
        // No rule denies it, and every result has one.
        all.extend(object.refusal.iter().map(|refusal| Notification {
            level: Level::Error,
            message: message(object, refusal),
            locations: Some([location(&path, place::of(object, None))]),
            associated_rule: None,
        }));
        let unknown = object.violations.iter().filter(|violation| violation.unknown);
        all.extend(unknown.map(|violation| Notification {
            level: level(violation.mode),
            message: message(object, &violation.text),
            locations: Some([location(&path, place::of(object, violation.span))]),
            associated_rule: Some(RuleReference {
                id: violation.rule.id(),
                index: rules::index(violation.rule),
            }),
        }));
    }
    if left_out > 0 {
        all.push(of_the_run(
            Level::Warning,
            &format!(
                "{left_out} more violations are not in this file, since GitHub accepts {MOST_RESULTS} results of a run; `--output json` lists all"
            ),
        ));
    }
    let notices = report.notices.iter().cloned().chain(not_evaluated(report));
    all.extend(notices.map(|text| of_the_run(Level::Note, &text)));
    all
}

fn unreadable(unreadable: &Unreadable) -> Notification {
    let span = unreadable.place.map_or(place::BEGINNING, |(line, column)| place::at(line, column));
    Notification {
        level: Level::Error,
        message: plain(&unreadable.problem),
        locations: Some([location(&place::path(&unreadable.file), span)]),
        associated_rule: None,
    }
}

fn of_the_run(level: Level, text: &str) -> Notification {
    Notification { level, message: plain(text), locations: None, associated_rule: None }
}

/// One line for each kind and reason: a cluster has thousands of objects that are not evaluated.
fn not_evaluated(report: &Report) -> impl Iterator<Item = String> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for object in &report.objects {
        let reason = match &object.result {
            CheckResult::NotEvaluated(reason) => reason,
            CheckResult::Ignored => "the namespace is ignored",
            _ => continue,
        };
        *counts.entry((&object.id.kind, reason)).or_default() += object.pods;
    }
    counts.into_iter().map(|((kind, reason), count)| {
        let kind = place::foreign(kind);
        format!("not evaluated: {count} of kind {kind}: {reason}")
    })
}

#[cfg(test)]
mod tests;
