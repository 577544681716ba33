//! YAML: a stream of documents.
//!
//! It is taken apart at its separators before it is parsed, as kubectl does it, so that one bad document does not hide
//! the others.

use std::ops;

use super::Input;
use super::objects::{self, Document, File, Places};

mod json;
mod problem;
mod scalar;
mod tree;

use problem::Problem;
use tree::{Range, Tree, Value};

/// Reads every document of a file.
pub(super) fn read(file: &File<'_>, input: &mut Input) {
    for part in parts(file.text) {
        match part {
            Part::Documents { start, text } => documents(file, start, text, input),
            Part::Separator { start, text } => {
                let got = ecr_admission_policy::text::quote(text, 64);
                let problem = format!(
                    "expected only a comment behind the document separator \"---\", got {got}; put it in the next line"
                );
                file.refuse(file.lines.place(start), None, &problem, input);
            }
        }
    }
}

/// Reads what is between two separators: one document as a rule.
fn documents(file: &File<'_>, start: usize, text: &str, input: &mut Input) {
    if !has_content(text) {
        return;
    }
    let source = if file.stream { source(text) } else { None };
    let read = Tree::each(text, |tree| {
        let Some(root) = tree.root else { return Ok(()) };
        if tree
            .get(root)
            .is_some_and(|node| matches!(node.value, Value::Scalar(_, scalar::Scalar::Null)))
        {
            return Ok(());
        }
        let json = json::of(tree, root)?;
        let places = Places::Yaml(Written { places: &json.places, start });
        objects::read(&Document { file, source, json: &json.text, places }, input);
        Ok(())
    });
    if let Err(problem) = read {
        let problem = match template(text) {
            Some(offset) => Problem::template(offset),
            None => problem,
        };
        let mut text = problem.text;
        if let Some(first) = problem.first {
            let (line, _) = file.lines.place(start + first);
            text = format!("{text}, first in line {line}; remove one");
        }
        file.refuse(file.lines.place(start + problem.offset), source, &text, input);
    }
}

/// Where the values of a document are written.
#[derive(Debug)]
pub(super) struct Written<'a> {
    places: &'a [(u32, Range)],
    /// Where the text of the document begins in the file.
    start: usize,
}

impl Written<'_> {
    /// Where the last value that begins at or before a byte of the JSON is written.
    pub(super) fn place(&self, offset: usize) -> ops::Range<usize> {
        let next = self.places.partition_point(|(start, _)| *start as usize <= offset);
        self.range(next.saturating_sub(1))
    }

    /// Where a scalar is written, or the first key or scalar of a collection that is not empty.
    pub(super) fn first(&self, json: ops::Range<usize>) -> ops::Range<usize> {
        let n = self.places.partition_point(|(start, _)| (*start as usize) < json.start);
        let is_inside =
            |n: usize| self.places.get(n).is_some_and(|(at, _)| (*at as usize) < json.end);
        self.range(if is_inside(n + 1) { n + 1 } else { n })
    }

    fn range(&self, n: usize) -> ops::Range<usize> {
        let range = self.places.get(n).map(|(_, range)| *range).unwrap_or_default();
        self.start + range.start as usize..self.start + range.end as usize
    }
}

/// A part of a stream.
enum Part<'a> {
    /// What is between two separators, and at which byte it begins.
    Documents { start: usize, text: &'a str },
    /// What is behind a separator, in its line, where only a comment may be.
    Separator { start: usize, text: &'a str },
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = vec![];
    let (mut start, mut end) = (0, 0);
    let documents = |start, end| Some(Part::Documents { start, text: text.get(start..end)? });
    for line in text.split_inclusive('\n') {
        let next = end + line.len();
        if let Some(behind) = line.strip_prefix("---") {
            parts.extend(documents(start, end));
            let text = behind.trim();
            if !text.is_empty() && !text.starts_with('#') {
                parts.push(Part::Separator { start: end + 3, text });
            }
            start = next;
        }
        end = next;
    }
    parts.extend(documents(start, end));
    parts
}

/// Whether there is more than blank lines, comments and directives.
fn has_content(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| !line.is_empty() && !line.starts_with(['#', '%']))
}

/// The first `{{` that is neither quoted nor in a comment: what a template has and Kubernetes YAML does not.
fn template(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some((before, _)) = line.split_once("{{")
            && !before.contains(['"', '\'', '#'])
        {
            return Some(start + before.len());
        }
        start += line.len();
    }
    None
}

/// The template that `helm template` says it made the document of.
fn source(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let source = line.strip_prefix("# Source: ")?.trim();
    (!source.is_empty()).then_some(source)
}
