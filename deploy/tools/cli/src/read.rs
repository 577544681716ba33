//! Files, and what is wrong with them in one line.

use std::path::Path;

use ecr_admission_policy::document::{Document, MAX_BYTES};
use ecr_admission_policy::text::printable;

/// Why a file cannot be used: one line without control characters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It cannot be read.
    Unreadable(String),
    /// It does not hold what it should.
    Bad(String),
}

/// The policy document of a file, and its text.
pub(crate) fn document(path: &Path) -> Result<(Document, String), Unusable> {
    let expected = format!("a policy document, YAML of at most {MAX_BYTES} bytes");
    let text = text(path, &expected)?;
    let document = Document::from_yaml(&text)
        .map_err(|invalid| bad(path, invalid.line(), invalid.column(), invalid.problem()))?;
    Ok((document, text))
}

/// The text of a file.
pub(crate) fn text(path: &Path, expected: &str) -> Result<String, Unusable> {
    let bytes = std::fs::read(path).map_err(|error| {
        let path = path.to_string_lossy();
        Unusable::Unreadable(printable(&format!("{path}: {error}; expected {expected}")))
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let (good, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let before = String::from_utf8_lossy(good);
        let line = before.split('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        bad(path, line, column, "expected text in UTF-8, got a byte that is not text")
    })
}

/// What is wrong with a file at a place, both counted from 1.
pub(crate) fn bad(path: &Path, line: usize, column: usize, problem: &str) -> Unusable {
    let path = path.to_string_lossy();
    Unusable::Bad(printable(&format!("{path}:{line}:{column}: {problem}")))
}
