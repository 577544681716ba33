//! What is wrong with YAML, in one line.

use ecr_admission_policy::text::quote;
use granit_parser::{ErrorKind, ScanError, Tag};

/// What is wrong, and at which byte of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) offset: usize,
    pub(super) text: String,
    /// The byte of the other place that it is about.
    pub(super) first: Option<usize>,
}

impl Problem {
    pub(super) fn at(offset: u32, text: impl Into<String>) -> Self {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Self { offset, text: text.into(), first: None }
    }

    pub(super) fn unknown_anchor(offset: u32) -> Self {
        Self::at(offset, UNKNOWN_ANCHOR)
    }

    pub(super) fn unknown_tag(tag: &Tag, offset: u32) -> Self {
        let tag = quote(&tag.original(), 64);
        Self::at(offset, format!("expected no YAML tag, or one of JSON such as !!str, got {tag}"))
    }

    pub(super) fn wrong_tag(tag: &Tag, got: &str, offset: u32) -> Self {
        let tag = quote(&tag.original(), 64);
        Self::at(offset, format!("expected a value of the YAML tag {tag}, got {got}"))
    }

    /// The template of Helm or of another tool, which is not Kubernetes YAML yet.
    pub(super) fn template(offset: usize) -> Self {
        Self {
            offset,
            first: None,
            text: "expected Kubernetes YAML, got a template with \"{{\"; render it first: helm template … | ecr-admission check -".to_owned(),
        }
    }
}

const UNKNOWN_ANCHOR: &str = "the alias names an anchor that is not set above it in this document";

/// What the parser found.
pub(super) fn of_scan(error: &ScanError, text: &str) -> Problem {
    let mut offset = error.marker().byte_offset().unwrap_or(text.len());
    let text = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            // The parser stops behind the tab.
            if text.get(..offset).is_some_and(|before| before.ends_with('\t')) {
                offset -= 1;
            }
            "expected spaces, got a tab; YAML is indented with spaces only".to_owned()
        }
        ErrorKind::UnknownAnchor => UNKNOWN_ANCHOR.to_owned(),
        ErrorKind::RecursionLimitExceeded => super::json::TOO_DEEP.to_owned(),
        kind => format!("expected YAML, got text that is not: {kind}"),
    };
    Problem { offset, text, first: None }
}
