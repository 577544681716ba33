//! The report for people: a line for each violation, and at the end a line that counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ecr_admission_policy::Mode;
use ecr_admission_policy::text::printable;

use super::place;
use crate::check::object::{ObjectId, Span, Unreadable};
use crate::check::report::{CheckResult, CheckedObject, FoundViolation, Report};
use crate::check::summary::Summary;

/// How many objects of a kind are named that are not evaluated.
const NAMED: usize = 5;

/// The report as text, with the codes of a terminal where `color` is on.
pub fn write(report: &Report, color: bool) -> String {
    let mut text = Text { out: String::new(), color };
    for Unreadable { file, place, problem } in &report.unreadable {
        let place = place.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
        text.line(&format!("{file}{place}"), Word::Error, problem);
    }
    for object in &report.objects {
        text.object(object);
    }
    text.not_evaluated(&report.objects);
    for notice in &report.notices {
        text.plain(&format!("note: {notice}"));
    }
    text.plain(&Summary::of(report).to_string());
    text.out
}

/// The first word of a line, which says what the violation does.
#[derive(Debug, Clone, Copy)]
enum Word {
    Error,
    Denied,
    Unknown,
    Warning,
    Audit,
}

impl Word {
    fn of(violation: &FoundViolation) -> Self {
        match violation.mode {
            _ if violation.unknown => Self::Unknown,
            Mode::Deny => Self::Denied,
            Mode::Warn => Self::Warning,
            Mode::Audit => Self::Audit,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Audit => "audit",
        }
    }

    /// Its color, as a parameter of the escape sequence SGR.
    fn color(self) -> u8 {
        match self {
            Self::Error | Self::Denied => 31,
            Self::Unknown => 35,
            Self::Warning => 33,
            Self::Audit => 36,
        }
    }
}

/// Text that grows by lines.
struct Text {
    out: String,
    color: bool,
}

impl Text {
    fn object(&mut self, object: &CheckedObject) {
        let name = place::name(object);
        if let Some(refusal) = &object.refusal {
            let place = written_at(object, object.id.span);
            self.line(&place, Word::Denied, &format!("{name}: {refusal}"));
        }
        if let Some(ruling) = &object.break_glass {
            let place = written_at(object, object.id.span);
            self.line(&place, Word::Warning, &format!("{name}: {ruling}"));
        }
        for violation in &object.violations {
            let place = written_at(object, violation.span.or(object.id.span));
            self.line(&place, Word::of(violation), &format!("{name}: {}", violation.text));
        }
    }

    /// What was not evaluated, by reason and kind.
    fn not_evaluated(&mut self, objects: &[CheckedObject]) {
        let mut reasons: BTreeMap<&str, BTreeMap<String, Vec<&CheckedObject>>> = BTreeMap::new();
        for object in objects {
            if let CheckResult::NotEvaluated(why) = &object.result {
                let kind = format!("{} {}", object.id.api_version, object.id.kind);
                reasons.entry(why).or_default().entry(kind).or_default().push(object);
            }
        }
        for (why, kinds) in reasons {
            for (kind, objects) in kinds {
                let of_first = objects.iter().take(NAMED).map(|object| qualified(object));
                let mut names = of_first.collect::<Vec<_>>().join(", ");
                if objects.len() > NAMED {
                    let _ = write!(names, ", … and {} more", objects.len() - NAMED);
                }
                self.plain(&format!("not evaluated: {kind}: {why}: {names}"));
            }
        }
    }

    fn line(&mut self, place: &str, word: Word, text: &str) {
        let (before, after) = if self.color {
            (format!("\u{1b}[1;{}m", word.color()), "\u{1b}[0m")
        } else {
            (String::new(), "")
        };
        let (place, text) = (printable(place), printable(text));
        let _ = writeln!(self.out, "{place}: {before}{}{after}: {text}", word.as_str());
    }

    fn plain(&mut self, text: &str) {
        self.out.push_str(&printable(text));
        self.out.push('\n');
    }
}

/// `web.yaml:12:16`, or the file alone where the line is not known.
fn written_at(object: &CheckedObject, span: Option<Span>) -> String {
    let ObjectId { file, rendered, .. } = &object.id;
    match span.filter(|_| !rendered) {
        Some(Span { line, column, .. }) => format!("{file}:{line}:{column}"),
        None => file.clone(),
    }
}

/// `shop/web`.
fn qualified(object: &CheckedObject) -> String {
    let name = place::foreign(&object.id.name);
    match &object.id.namespace {
        Some(namespace) => format!("{}/{name}", place::foreign(namespace)),
        None => name,
    }
}
