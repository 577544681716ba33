//! The report for programs. deploy/check.md documents it; what has a name here keeps it.

use std::fmt::Write;

use ecr_admission_policy::Mode;
use ecr_admission_policy::text::is_printable;
use serde::Serialize;

use crate::check::object::Span;
use crate::check::report::{CheckResult, CheckedObject, FoundViolation, Report};
use crate::check::summary::Summary;

/// The version of the format. A field may be added to it; if one changes or goes, the version does.
pub const API_VERSION: &str = "ecr-admission/check/v1";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportOut<'a> {
    api_version: &'static str,
    policy: &'a str,
    summary: Summary,
    objects: Vec<ObjectOut<'a>>,
    unreadable: Vec<UnreadableOut<'a>>,
    notices: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectOut<'a> {
    file: &'a str,
    rendered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionOut>,
    api_version: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    pods: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass: Option<&'a str>,
    violations: Vec<ViolationOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ViolationOut<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<RegionOut>,
    image: &'a str,
    repository: &'a str,
    rule: &'static str,
    mode: &'static str,
    unknown: bool,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionOut {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UnreadableOut<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'a str,
}

/// The report as JSON, indented.
pub fn write(report: &Report) -> String {
    let Report { objects, unreadable, notices, policy, .. } = report;
    let unreadable = unreadable.iter().map(|it| UnreadableOut {
        file: &it.file,
        line: it.place.map(|(line, _)| line),
        column: it.place.map(|(_, column)| column),
        message: &it.problem,
    });
    let out = ReportOut {
        api_version: API_VERSION,
        policy,
        summary: Summary::of(report),
        objects: objects.iter().map(object).collect(),
        unreadable: unreadable.collect(),
        notices,
    };
    // Nothing in it has no JSON form.
    let mut json = serde_json::to_string_pretty(&out).unwrap_or_default();
    if !json.chars().all(|c| c == '\n' || is_printable(c)) {
        json = escaped(&json);
    }
    json.push('\n');
    json
}

fn object(object: &CheckedObject) -> ObjectOut<'_> {
    let CheckedObject { id, result, refusal, .. } = object;
    let (word, why) = match result {
        CheckResult::Admitted => ("admitted", None),
        CheckResult::Audited => ("audited", None),
        CheckResult::Warned => ("warned", None),
        CheckResult::Denied => ("denied", None),
        CheckResult::Unknown => ("unknown", None),
        CheckResult::Ignored => ("ignored", None),
        CheckResult::NotEvaluated(why) => ("notEvaluated", Some(why.as_str())),
    };
    ObjectOut {
        file: &id.file,
        rendered: id.rendered,
        region: id.span.map(region),
        api_version: &id.api_version,
        kind: &id.kind,
        namespace: id.namespace.as_deref(),
        name: &id.name,
        pods: object.pods,
        owner: object.owner.as_deref(),
        result: word,
        reason: why.or(refusal.as_deref()),
        break_glass: object.break_glass.as_deref(),
        violations: object.violations.iter().map(violation).collect(),
    }
}

fn violation(violation: &FoundViolation) -> ViolationOut<'_> {
    ViolationOut {
        path: violation.path.as_str(),
        region: violation.span.map(region),
        image: &violation.image,
        repository: &violation.repository,
        rule: violation.rule.id(),
        mode: match violation.mode {
            Mode::Deny => "deny",
            Mode::Warn => "warn",
            Mode::Audit => "audit",
        },
        unknown: violation.unknown,
        message: &violation.text,
    }
}

fn region(span: Span) -> RegionOut {
    let Span { line, column, end_line, end_column } = span;
    RegionOut { start_line: line, start_column: column, end_line, end_column }
}

/// The same JSON without a character that a terminal acts on. They occur only inside strings.
fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_printable(c) {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}
