//! Byte offsets to lines and columns.

use crate::check::object::Span;

/// Where each line of a text starts.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// The lines of a text. Like SARIF and editors, and unlike YAML, it counts a lone carriage return as a character.
    pub(super) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(offset, _)| offset + 1)).collect();
        Self { text, starts }
    }

    /// Line and column of a byte, both counted from 1, the column in characters.
    pub(super) fn place(&self, offset: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// The place behind the last character.
    pub(super) fn last(&self) -> (usize, usize) {
        self.place(self.text.len())
    }

    /// The byte at a line and a column in bytes, both counted from 1, as `serde_json` has them.
    pub(super) fn offset(&self, line: usize, byte_column: usize) -> usize {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let mut offset = (start + byte_column.saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The span between two bytes.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let (line, column) = self.place(start);
        let (end_line, end_column) = self.place(end);
        Span { line, column, end_line, end_column }
    }
}
