//! Why a text is no policy document.

use std::fmt;

use super::MAX_BYTES;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDocument {
    line: usize,
    column: usize,
    problem: String,
}

impl InvalidDocument {
    /// Its first line when the parser names none: it then means the document as a whole.
    pub(super) fn new(error: &yaml_serde::Error) -> Self {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        Self { line, column, problem: text.strip_suffix(&place).unwrap_or(&text).to_owned() }
    }

    pub(super) fn too_long(bytes: usize) -> Self {
        let problem =
            format!("it has {bytes} bytes; accepted: at most {MAX_BYTES}, which a secret can hold");
        Self { line: 1, column: 1, problem }
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there. It may hold text of the document.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for InvalidDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem } = self;
        write!(f, "line {line}, column {column}: {problem}")
    }
}

impl std::error::Error for InvalidDocument {}
