//! One YAML document as a tree that still knows where each value is written.
//!
//! It is made from the events of the parser, since that is where a plain `123` still differs from a quoted one, and an
//! alias from what it stands for.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Options, Parser, ScalarStyle, ScanError, Span, Tag};

use super::problem::{Problem, of_scan};
use super::scalar::Scalar;

/// The values of a document. An alias names its target, so the tree does not outgrow its text.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    /// The root; `None` where the text holds no document, or an empty one.
    pub(super) root: Option<Id>,
}

/// The number of a value in its tree.
pub(super) type Id = usize;

/// A value, and where it is written.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) range: Range,
    pub(super) value: Value<'a>,
}

/// Where a value is written: byte offsets in the text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    /// Its text, and what that is.
    Scalar(Cow<'a, str>, Scalar),
    /// `<<`, written plain.
    Merge,
    List(Vec<Id>),
    /// Keys and values in turn.
    Map(Vec<(Id, Id)>),
    Alias(Id),
    /// A collection that is not read to its end.
    Open,
}

impl<'a> Tree<'a> {
    /// Reads the documents of a text, one after the other; `each` gets every one of them.
    pub(super) fn each(
        text: &'a str,
        mut each: impl FnMut(&Tree<'a>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut options = Options::default();
        // kubectl knows no limit there.
        options.max_directive_bytes = 1 << 16;
        let mut builder = Builder { source: text, ..Builder::default() };
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error: ScanError| of_scan(&error, text))?;
            if builder.add(event, span)? {
                each(&builder.tree)?;
                builder = Builder { source: text, ..Builder::default() };
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, id: Id) -> Option<&Node<'a>> {
        self.nodes.get(id)
    }
}

#[derive(Default)]
struct Builder<'a> {
    source: &'a str,
    tree: Tree<'a>,
    open: Vec<Collection>,
    anchors: HashMap<usize, Id>,
}

/// A collection whose end has not come yet.
struct Collection {
    id: Id,
    children: Vec<Id>,
}

impl<'a> Builder<'a> {
    /// Whether the event ends a document.
    fn add(&mut self, event: Event<'a>, span: Span) -> Result<bool, Problem> {
        let mut range = range(&span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // A block ends where the next line has something.
                if let Some(written) = span.slice(self.source) {
                    let blanks = written.len() - written.trim_end().len();
                    range.end = range.end.saturating_sub(u32::try_from(blanks).unwrap_or_default());
                }
                let value = scalar(text, style, tag.as_deref(), range)?;
                self.node(range, value, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "seq", range)?;
                self.start(range, anchor);
            }
            Event::MappingStart(_, anchor, tag) => {
                collection_tag(tag.as_deref(), "map", range)?;
                self.start(range, anchor);
            }
            Event::SequenceEnd => self.end(range, Value::List),
            Event::MappingEnd => self.end(range, |children| {
                let pairs = children.chunks_exact(2);
                Value::Map(pairs.filter_map(|pair| Some((*pair.first()?, *pair.get(1)?))).collect())
            }),
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                let target = target.ok_or_else(|| Problem::unknown_anchor(range.start))?;
                self.node(range, Value::Alias(target), 0);
            }
            Event::DocumentEnd => return Ok(true),
            _ => {}
        }
        Ok(false)
    }

    fn node(&mut self, range: Range, value: Value<'a>, anchor: usize) -> Id {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(Node { range, value });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(id),
            None => self.tree.root = Some(id),
        }
        id
    }

    fn start(&mut self, range: Range, anchor: usize) {
        let id = self.node(range, Value::Open, anchor);
        self.open.push(Collection { id, children: vec![] });
    }

    fn end(&mut self, range: Range, value: impl FnOnce(Vec<Id>) -> Value<'a>) {
        let Some(Collection { id, children }) = self.open.pop() else { return };
        if let Some(node) = self.tree.nodes.get_mut(id) {
            node.value = value(children);
            node.range.end = range.end;
        }
    }
}

fn range(span: &Span) -> Range {
    let offset = |offset: Option<usize>| u32::try_from(offset.unwrap_or_default());
    let [start, end] = [span.start, span.end].map(|mark| offset(mark.byte_offset()));
    Range { start: start.unwrap_or(u32::MAX), end: end.unwrap_or(u32::MAX) }
}

fn scalar<'a>(
    text: Cow<'a, str>,
    style: ScalarStyle,
    tag: Option<&Tag>,
    range: Range,
) -> Result<Value<'a>, Problem> {
    let Some(tag) = tag else {
        return Ok(match style {
            ScalarStyle::Plain if text == "<<" => Value::Merge,
            ScalarStyle::Plain => {
                let scalar = Scalar::of(&text);
                Value::Scalar(text, scalar)
            }
            _ => Value::Scalar(text, Scalar::Text),
        });
    };
    let name = tag.core_suffix().ok_or_else(|| Problem::unknown_tag(tag, range.start))?;
    let scalar = match (name, Scalar::of(&text)) {
        ("str", _) => Scalar::Text,
        ("float", Scalar::Integer(integer)) =>
        {
            #[allow(clippy::cast_precision_loss, reason = "JSON has no integers of its own")]
            Scalar::Float(integer as f64)
        }
        ("bool", scalar @ Scalar::Bool(_))
        | ("int", scalar @ Scalar::Integer(_))
        | ("float", scalar @ Scalar::Float(_))
        | ("null", scalar @ Scalar::Null) => scalar,
        (_, scalar) => return Err(Problem::wrong_tag(tag, scalar.name(), range.start)),
    };
    Ok(Value::Scalar(text, scalar))
}

fn collection_tag(tag: Option<&Tag>, expected: &str, range: Range) -> Result<(), Problem> {
    match tag {
        None => Ok(()),
        Some(tag) if tag.is_yaml_core_schema_tag(expected) => Ok(()),
        Some(tag) => Err(Problem::unknown_tag(tag, range.start)),
    }
}
