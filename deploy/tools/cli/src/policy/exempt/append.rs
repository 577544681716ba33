//! Adds an entry to the text of a document: every other byte stays, comments and order included.
//!
//! The parser says where the list is, and the entry is inserted as text. What a reader of the new text gets is then
//! compared with what it should get, so that no odd style of YAML can change anything else.

use ecr_admission_policy::document::from_yaml;
use granit_parser::{Event, Parser, Span, StructureStyle};
use serde_json::{Value, json};

use super::entry::Entry;

const KEY: &str = "exemptions";

/// What to do about a document that has no place for the entry.
const BY_HAND: &str = "add it by hand, then use deploy/policy put FILE";

/// The text of a document, with the entry at the end of its exemptions.
pub(super) fn appended(text: &str, entry: &Entry) -> Result<String, String> {
    let layout = Layout::of(text)?;
    let end_of_line = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let new = match layout.list {
        List::Block { first, end } => {
            let column = dash_column(text, first).ok_or_else(odd)?;
            let at = next_line(text, end);
            insert_lines(text, at, &entry.block(column, end_of_line), end_of_line)
        }
        List::Flow { open, last: None } => insert(text, open, &entry.flow()),
        List::Flow { last: Some(last), .. } => insert(text, last, &format!(", {}", entry.flow())),
        List::Absent if layout.in_braces => {
            return Err(format!(
                "the document is written in braces, where an exemption has no line of its own; {BY_HAND}"
            ));
        }
        List::Absent => {
            let indent = " ".repeat(layout.indent);
            let block = entry.block(layout.indent + 2, end_of_line);
            let lines = format!("{indent}{KEY}:{end_of_line}{block}");
            insert_lines(text, end_of_document(text, layout.end), &lines, end_of_line)
        }
        List::Other => {
            return Err(format!("{KEY} is not written as a list where it is; {BY_HAND}"));
        }
    };
    if is_appended(text, &new, entry) { Ok(new) } else { Err(odd()) }
}

fn odd() -> String {
    format!(
        "the exemption cannot be added to this text without a change elsewhere in it; {BY_HAND}"
    )
}

/// Whether `new` means the same as `old` with the entry, and nothing else.
fn is_appended(old: &str, new: &str, entry: &Entry) -> bool {
    let (Ok(mut expected), Ok(new)) = (from_yaml::<Value>(old), from_yaml::<Value>(new)) else {
        return false;
    };
    let Some(document) = expected.as_object_mut() else { return false };
    let list = document.entry(KEY).or_insert_with(|| json!([]));
    let Some(list) = list.as_array_mut() else { return false };
    list.push(entry.value());
    expected == new
}

/// Where things are, as byte offsets.
#[derive(Debug)]
struct Layout {
    /// Whether the document as a whole is in flow style.
    in_braces: bool,
    /// The column of its keys.
    indent: usize,
    /// Where its last value ends.
    end: usize,
    list: List,
}

/// How the exemptions are written.
#[derive(Debug)]
enum List {
    Absent,
    /// Where the first entry begins, behind its dash, and where the last one ends.
    Block {
        first: usize,
        end: usize,
    },
    /// Behind the opening bracket, and where the last entry ends.
    Flow {
        open: usize,
        last: Option<usize>,
    },
    /// Not a list, or an alias of one.
    Other,
}

impl Layout {
    fn of(text: &str) -> Result<Self, String> {
        let mut walk = Walk {
            text,
            open: vec![],
            children: 0,
            is_value_of_key: false,
            is_inside: false,
            layout: Self { in_braces: false, indent: 0, end: 0, list: List::Absent },
        };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| format!("expected YAML: {error}"))?;
            walk.see(&event, &span).ok_or_else(odd)?;
        }
        Ok(walk.layout)
    }
}

/// The collections that are open while the events come.
struct Walk<'a> {
    text: &'a str,
    open: Vec<StructureStyle>,
    /// Keys and values of the document so far.
    children: usize,
    /// Whether the next value is that of the key.
    is_value_of_key: bool,
    is_inside: bool,
    layout: Layout,
}

impl Walk<'_> {
    /// `None` where the parser does not say what it should.
    fn see(&mut self, event: &Event<'_>, span: &Span) -> Option<()> {
        match event {
            Event::Scalar(value, ..) => {
                let range = span.byte_range()?;
                // A block scalar ends where the next line has something.
                let written = self.text.get(range.clone())?.trim_end();
                self.begin(range.start, Some(value), None);
                self.ended(range.start + written.len());
            }
            Event::Alias(_) => {
                let range = span.byte_range()?;
                self.begin(range.start, None, None);
                self.ended(range.end);
            }
            Event::SequenceStart(style, ..) => {
                let start = span.byte_range()?.start;
                self.begin(start, None, Some(*style));
                self.open.push(*style);
            }
            Event::MappingStart(style, ..) => {
                let start = span.byte_range()?.start;
                if self.open.is_empty() {
                    self.layout.in_braces = *style == StructureStyle::Flow;
                    let line = self.text.get(..start)?.rsplit('\n').next()?;
                    self.layout.indent = line.trim_start_matches('\u{feff}').len();
                }
                self.begin(start, None, None);
                self.open.push(*style);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let style = self.open.pop()?;
                if self.open.len() == 1 {
                    // The list's closing bracket is not an entry of it.
                    self.is_inside = false;
                }
                if style == StructureStyle::Flow {
                    self.ended(span.byte_range()?.end);
                }
            }
            _ => {}
        }
        Some(())
    }

    /// A value begins: perhaps a scalar, perhaps a sequence.
    fn begin(&mut self, start: usize, scalar: Option<&str>, sequence: Option<StructureStyle>) {
        if self.is_inside
            && self.open.len() == 2
            && let List::Block { first: first @ 0, .. } = &mut self.layout.list
        {
            *first = start;
        }
        if self.open.len() != 1 {
            return;
        }
        self.children += 1;
        if self.children % 2 == 1 {
            self.is_value_of_key = scalar == Some(KEY);
            return;
        }
        if self.is_value_of_key {
            self.layout.list = match sequence {
                Some(StructureStyle::Block) => List::Block { first: 0, end: 0 },
                Some(StructureStyle::Flow) => {
                    let bracket = self.text.get(start..).and_then(|text| text.find('['));
                    bracket.map_or(List::Other, |bracket| List::Flow {
                        open: start + bracket + 1,
                        last: None,
                    })
                }
                None => List::Other,
            };
            self.is_inside = sequence.is_some();
        }
    }

    /// Something that is not in block style ended here.
    fn ended(&mut self, at: usize) {
        self.layout.end = self.layout.end.max(at);
        if self.is_inside {
            match &mut self.layout.list {
                List::Block { end, .. } => *end = at,
                List::Flow { last, .. } => *last = Some(at),
                List::Absent | List::Other => {}
            }
        }
    }
}

/// The column of the dash before the entry that begins at `first`.
fn dash_column(text: &str, first: usize) -> Option<usize> {
    let end_of_line = text.get(first..)?.find('\n').map_or(text.len(), |at| first + at);
    text.get(..end_of_line)?.lines().rev().find_map(|line| {
        let indented = line.trim_start_matches(' ');
        indented.starts_with('-').then(|| line.len() - indented.len())
    })
}

/// Where the line after the one with this offset begins.
fn next_line(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |at| offset + at + 1)
}

/// Where the document ends: before a line `...` or `---`, else with its text.
fn end_of_document(text: &str, last_value: usize) -> usize {
    let mut at = next_line(text, last_value);
    for line in text.get(at..).unwrap_or_default().split_inclusive('\n') {
        if line.starts_with("...") || line.starts_with("---") {
            return at;
        }
        at += line.len();
    }
    at
}

fn insert_lines(text: &str, at: usize, lines: &str, end_of_line: &str) -> String {
    let before = text.get(..at).unwrap_or_default();
    if before.ends_with('\n') {
        insert(text, at, lines)
    } else {
        insert(text, at, &format!("{end_of_line}{lines}"))
    }
}

fn insert(text: &str, at: usize, inserted: &str) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    format!("{before}{inserted}{after}")
}

#[cfg(test)]
mod tests;
