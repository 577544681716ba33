//! Annotations of a GitHub Actions run: one workflow command for each violation, then one line for the whole run.
//!
//! GitHub shows the first ten errors, warnings and notices of a step beside the code; the log has all of them.

use std::fmt;

use ecr_admission_policy::Mode;

use super::place;
use crate::check::object::Span;
use crate::check::report::{CheckedObject, FoundViolation, Report};
use crate::check::summary::Summary;

/// How many commands of one kind GitHub shows beside the code, for each step.
const SHOWN: usize = 10;

/// A workflow command: a line that the runner of GitHub Actions acts on.
struct Annotation {
    level: &'static str,
    /// The file, and where in it; `None` for the whole run.
    place: Option<(String, Span)>,
    title: String,
    message: String,
}

/// The annotations of `report`.
pub fn write(report: &Report) -> String {
    let annotations = annotations(report);
    let hidden = ["error", "warning", "notice"].iter().any(|level| {
        annotations.iter().filter(|annotation| annotation.level == *level).count() > SHOWN
    });
    let summary = Summary::of(report).to_string();
    let last = if hidden {
        format!(
            "{summary} (GitHub shows {SHOWN} errors, {SHOWN} warnings and {SHOWN} notices of a step beside the code; this log has all)"
        )
    } else {
        summary
    };
    let mut lines: Vec<String> = annotations.iter().map(ToString::to_string).collect();
    lines.push(last);
    lines.join("\n") + "\n"
}

/// What is unreadable comes first: it may hide the rest.
fn annotations(report: &Report) -> Vec<Annotation> {
    let unreadable = report.unreadable.iter().map(|unreadable| {
        let span =
            unreadable.place.map_or(place::BEGINNING, |(line, column)| place::at(line, column));
        Annotation {
            level: "error",
            place: Some((place::path(&unreadable.file), span)),
            title: "ecr-admission cannot read this".to_owned(),
            message: unreadable.problem.clone(),
        }
    });
    let notices = report.notices.iter().map(|notice| Annotation {
        level: "notice",
        place: None,
        title: "ecr-admission".to_owned(),
        message: notice.clone(),
    });
    let violations = report.objects.iter().flat_map(|object| {
        let violations = object.violations.iter().map(|violation| annotation(object, violation));
        refusal(object).into_iter().chain(violations)
    });
    unreadable.chain(notices).chain(violations).collect()
}

/// Why an object is denied as a whole.
fn refusal(object: &CheckedObject) -> Option<Annotation> {
    Some(Annotation {
        level: "error",
        place: Some((place::path(&object.id.file), place::of(object, None))),
        title: "would be denied".to_owned(),
        message: format!("{}: {}", place::name(object), object.refusal.as_ref()?),
    })
}

fn annotation(object: &CheckedObject, violation: &FoundViolation) -> Annotation {
    let (level, result) = match violation.mode {
        Mode::Deny => ("error", "would be denied"),
        Mode::Warn => ("warning", "would be warned about"),
        Mode::Audit => ("notice", "would be audited"),
    };
    let result = if violation.unknown { "could not be evaluated" } else { result };
    Annotation {
        level,
        place: Some((place::path(&object.id.file), place::of(object, violation.span))),
        title: format!("{result} by {}", violation.rule),
        message: format!("{}: {}", place::name(object), violation.text),
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "::{} ", self.level)?;
        if let Some((file, Span { line, column, end_line, end_column })) = &self.place {
            write!(f, "file={},line={line},endLine={end_line},", property(file))?;
            // GitHub takes columns only within one line, and an empty stretch has none to show.
            if line == end_line && column < end_column {
                write!(f, "col={column},endColumn={end_column},")?;
            }
        }
        write!(f, "title={}::{}", property(&self.title), data(&self.message))
    }
}

/// Text behind the second `::`: a line break in it would begin a command of its own.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property: `:` and `,` would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
