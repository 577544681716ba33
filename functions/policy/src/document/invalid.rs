//! Why a text is not a policy document.

use std::fmt;

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidDocument {
    line: usize,
    column: usize,
    kind: Kind,
    problem: String,
}

/// What is wrong with a document, without any of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text is not YAML.
    NotYaml,
    /// The text is longer than a secret can hold.
    TooLong,
    /// There is a key that documents do not have.
    UnknownKey,
    /// A required key is missing.
    MissingKey,
    /// A key appears twice in one mapping.
    DuplicateKey,
    /// There is a word that is not one of those expected there.
    UnknownWord,
    /// There is a list where a text is expected, or the like.
    WrongType,
    /// A value, an entry or the document as a whole is not accepted.
    Refused,
}

impl Kind {
    /// The kind of an error, by how serde begins its message (`serde::de::Error`). Where several of
    /// these appear in it, the first is serde's own.
    fn of(problem: &str) -> Self {
        const BEGINNINGS: [(&str, Kind); 6] = [
            ("unknown field `", Kind::UnknownKey),
            ("missing field `", Kind::MissingKey),
            ("duplicate field `", Kind::DuplicateKey),
            ("unknown variant `", Kind::UnknownWord),
            ("invalid type: ", Kind::WrongType),
            ("invalid value: ", Kind::WrongType),
        ];
        BEGINNINGS
            .into_iter()
            .filter_map(|(beginning, kind)| Some((problem.find(beginning)?, kind)))
            .min_by_key(|(position, _)| *position)
            .map_or(Self::Refused, |(_, kind)| kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotYaml => "the text is not YAML",
            Self::TooLong => "the text is longer than a secret can hold",
            Self::UnknownKey => "the key is unknown",
            Self::MissingKey => "a required key is missing",
            Self::DuplicateKey => "the key appears twice",
            Self::UnknownWord => "the word is unknown",
            Self::WrongType => "the value is of the wrong type",
            Self::Refused => "the value is not accepted",
        })
    }
}

impl InvalidDocument {
    /// Its first line when the parser names none: it then means the document as a whole.
    pub(super) fn new(error: &yaml_serde::Error, is_yaml: bool) -> Self {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        let problem = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        let kind = if is_yaml { Kind::of(&problem) } else { Kind::NotYaml };
        Self { line, column, kind, problem }
    }

    pub(super) fn too_long(bytes: usize, limit: usize) -> Self {
        let problem =
            format!("expected at most {limit} bytes, the limit of a secret, got {bytes} bytes");
        Self { line: 1, column: 1, kind: Kind::TooLong, problem }
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is and what it is, without any of the text: all that may be logged about a secret, which
    /// may hold a password where a document was expected.
    pub fn without_text(&self) -> String {
        let Self { line, column, kind, .. } = self;
        format!("line {line}, column {column}: {kind}")
    }

    /// What is wrong there. It may hold text of the document.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// Holds text of the document: for its author, never for a log.
impl fmt::Display for InvalidDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem, .. } = self;
        write!(f, "line {line}, column {column}: {problem}")
    }
}

impl std::error::Error for InvalidDocument {}
