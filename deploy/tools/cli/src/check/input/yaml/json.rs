//! The JSON of a YAML document, as sigs.k8s.io/yaml makes it for kube-apiserver, and where each value of it is written.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ecr_admission_policy::text::{QUOTED, quote};

use super::problem::Problem;
use super::scalar::Scalar;
use super::tree::{Id, Node, Range, Tree, Value};

/// The JSON of a document.
#[derive(Debug, Default)]
pub(super) struct Json {
    /// The JSON, in one line.
    pub(super) text: String,
    /// Where each key and each value is written, by where it begins in the JSON. What comes from an alias or a merge
    /// is written where the alias is: that is the line to change, and every use has another.
    pub(super) places: Vec<(u32, Range)>,
}

/// How deep values may be nested: what the function, and Go, read of JSON.
const MOST_LEVELS: usize = 128;

/// How many values aliases may add to a document. Kubernetes has a similar limit, since a few lines of aliases of
/// aliases can stand for gigabytes.
const MOST_ALIASED: usize = 1_000_000;

pub(super) const TOO_DEEP: &str = "expected values nested at most 128 levels deep, got more";
const TOO_MANY: &str =
    "expected aliases that stand for at most 1,000,000 values in a document, got more";

/// The JSON of `root`.
pub(super) fn of(tree: &Tree<'_>, root: Id) -> Result<Json, Problem> {
    let mut writer = Writer { tree, json: Json::default(), aliased: 0 };
    writer.write(root, Use { place: None, level: 0 })?;
    Ok(writer.json)
}

struct Writer<'a> {
    tree: &'a Tree<'a>,
    json: Json,
    aliased: usize,
}

/// How a value is reached.
#[derive(Clone, Copy)]
struct Use {
    /// The outermost alias on the way to it.
    place: Option<Range>,
    level: usize,
}

/// A key of a mapping with its value.
struct Entry {
    key: Id,
    value: Id,
    /// Whether it comes from a merge, which any other key overrides.
    merged: bool,
    /// The outermost alias on the way to it.
    place: Option<Range>,
}

impl<'a> Writer<'a> {
    fn node(&self, id: Id, used: Use) -> Result<&'a Node<'a>, Problem> {
        let place = used.place.unwrap_or_default().start;
        self.tree.get(id).ok_or_else(|| Problem::at(place, TOO_DEEP))
    }

    fn write(&mut self, id: Id, used: Use) -> Result<(), Problem> {
        let node = self.node(id, used)?;
        let place = used.place.unwrap_or(node.range);
        if used.place.is_some() {
            self.count(place, 1)?;
        }
        let below = Use { level: used.level + 1, ..used };
        if below.level > MOST_LEVELS {
            return Err(Problem::at(place.start, TOO_DEEP));
        }
        match &node.value {
            Value::Scalar(text, scalar) => self.scalar(text, scalar, place)?,
            Value::Merge => self.scalar("<<", &Scalar::Text, place)?,
            Value::Alias(target) => self.write(*target, Use { place: Some(place), ..below })?,
            Value::Open => return Err(Problem::at(place.start, TOO_DEEP)),
            Value::List(items) => {
                self.mark(place);
                self.json.text.push('[');
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        self.json.text.push(',');
                    }
                    self.write(*item, below)?;
                }
                self.json.text.push(']');
            }
            Value::Map(pairs) => {
                self.mark(place);
                self.json.text.push('{');
                for (n, (key, entry)) in self.entries(pairs, below)?.into_iter().enumerate() {
                    if n > 0 {
                        self.json.text.push(',');
                    }
                    let used = Use { place: entry.place, ..below };
                    let place = self.node(entry.key, used)?.range;
                    self.string(&key, used.place.unwrap_or(place));
                    self.json.text.push(':');
                    self.write(entry.value, used)?;
                }
                self.json.text.push('}');
            }
        }
        Ok(())
    }

    /// Counts values that an alias or a merge adds.
    fn count(&mut self, place: Range, values: usize) -> Result<(), Problem> {
        self.aliased += values;
        if self.aliased > MOST_ALIASED {
            return Err(Problem::at(place.start, TOO_MANY));
        }
        Ok(())
    }

    /// The entries of a mapping by their keys, those of its merges included.
    fn entries(
        &mut self,
        pairs: &'a [(Id, Id)],
        used: Use,
    ) -> Result<Vec<(Cow<'a, str>, Entry)>, Problem> {
        let mut entries: Vec<(Cow<'a, str>, Entry)> = Vec::with_capacity(pairs.len());
        let mut known: HashMap<Cow<'a, str>, usize> = HashMap::with_capacity(pairs.len());
        let mut merge: Option<Range> = None;
        for (key, value) in pairs {
            let node = self.node(*key, used)?;
            if let Value::Merge = node.value {
                if let Some(first) = merge.replace(node.range) {
                    return Err(twice("<<", first, node.range));
                }
                for (key, entry) in self.merged(*value, used)? {
                    if known.contains_key(&key) {
                        // Go lets the merge win, the specification of YAML the key.
                        let key = quote(&key, QUOTED);
                        let problem = format!(
                            "the merge \"<<\" sets the key {key} again, and YAML readers differ in which one counts; put \"<<\" first"
                        );
                        return Err(Problem::at(node.range.start, problem));
                    }
                    known.insert(key.clone(), entries.len());
                    entries.push((key, entry));
                }
                continue;
            }
            let text = self.key(*key, used)?;
            let entry = Entry { key: *key, value: *value, merged: false, place: used.place };
            match known.get(&text).and_then(|n| entries.get_mut(*n)) {
                Some((_, before)) if before.merged => *before = entry,
                Some((_, before)) => {
                    let first = self.node(before.key, used)?.range;
                    return Err(twice(&text, first, node.range));
                }
                None => {
                    known.insert(text.clone(), entries.len());
                    entries.push((text, entry));
                }
            }
        }
        Ok(entries)
    }

    /// What a merge adds: the entries of a mapping, of an alias of one, or of a list of these, of which the first
    /// counts.
    fn merged(&mut self, id: Id, used: Use) -> Result<Vec<(Cow<'a, str>, Entry)>, Problem> {
        let node = self.node(id, used)?;
        let Value::List(sources) = &node.value else { return self.source(id, used) };
        let mut entries: Vec<(Cow<'a, str>, Entry)> = vec![];
        let mut known: HashSet<Cow<'a, str>> = HashSet::new();
        for source in sources {
            for (key, entry) in self.source(*source, used)? {
                if known.insert(key.clone()) {
                    entries.push((key, entry));
                }
            }
        }
        Ok(entries)
    }

    fn source(&mut self, id: Id, used: Use) -> Result<Vec<(Cow<'a, str>, Entry)>, Problem> {
        let node = self.node(id, used)?;
        let place = used.place.unwrap_or(node.range);
        let (node, used) = match &node.value {
            Value::Alias(target) => (self.node(*target, used)?, Use { place: Some(place), ..used }),
            _ => (node, used),
        };
        let Value::Map(pairs) = &node.value else {
            let problem = "expected a mapping, or an alias of one, behind the merge \"<<\"";
            return Err(Problem::at(place.start, problem));
        };
        let below = Use { level: used.level + 1, ..used };
        if below.level > MOST_LEVELS {
            return Err(Problem::at(place.start, TOO_DEEP));
        }
        self.count(place, 1 + pairs.len())?;
        let mut entries = self.entries(pairs, below)?;
        for (_, entry) in &mut entries {
            entry.merged = true;
        }
        Ok(entries)
    }

    /// A key as JSON has it.
    fn key(&self, id: Id, used: Use) -> Result<Cow<'a, str>, Problem> {
        let node = self.node(id, used)?;
        let place = used.place.unwrap_or(node.range);
        let target = match &node.value {
            Value::Alias(target) => self.node(*target, used)?,
            _ => node,
        };
        match &target.value {
            Value::Scalar(text, Scalar::Text) => Ok(Cow::Borrowed(text.as_ref())),
            Value::Scalar(_, Scalar::Bool(value)) => Ok(Cow::Owned(value.to_string())),
            Value::Scalar(_, Scalar::Integer(value)) => Ok(Cow::Owned(value.to_string())),
            // Beyond these, Go writes an exponent.
            Value::Scalar(_, Scalar::Float(value)) if (1e-4..1e6).contains(&value.abs()) => {
                #[allow(clippy::cast_possible_truncation, reason = "so does sigs.k8s.io/yaml")]
                let value = *value as f32;
                Ok(Cow::Owned(value.to_string()))
            }
            Value::Scalar(_, scalar) => {
                let got = scalar.name();
                Err(Problem::at(
                    place.start,
                    format!("expected text as a key, got {got}; quote it"),
                ))
            }
            _ => Err(Problem::at(place.start, "expected text as a key, got a collection")),
        }
    }

    fn scalar(&mut self, text: &str, scalar: &Scalar, place: Range) -> Result<(), Problem> {
        let number = match scalar {
            Scalar::Text => {
                self.string(text, place);
                return Ok(());
            }
            Scalar::Null => "null".to_owned(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Integer(value) => value.to_string(),
            Scalar::Float(value) => {
                let number = serde_json::Number::from_f64(*value).ok_or_else(|| {
                    let got = quote(text, QUOTED);
                    let problem = format!("expected a number that JSON has, got {got}; quote it");
                    Problem::at(place.start, problem)
                })?;
                number.to_string()
            }
        };
        self.mark(place);
        self.json.text.push_str(&number);
        Ok(())
    }

    fn string(&mut self, text: &str, place: Range) {
        self.mark(place);
        push_string(&mut self.json.text, text);
    }

    fn mark(&mut self, place: Range) {
        let offset = u32::try_from(self.json.text.len()).unwrap_or(u32::MAX);
        self.json.places.push((offset, place));
    }
}

fn twice(key: &str, first: Range, second: Range) -> Problem {
    let key = quote(key, QUOTED);
    let mut problem = Problem::at(second.start, format!("the key {key} is set twice"));
    problem.first = usize::try_from(first.start).ok();
    problem
}

/// Writes a JSON string.
fn push_string(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c < ' ' => {
                json.extend(["\\u00", if c < '\u{10}' { "0" } else { "1" }, low_digit(c)]);
            }
            c => json.push(c),
        }
    }
    json.push('"');
}

/// The last hexadecimal digit of a control character.
fn low_digit(c: char) -> &'static str {
    let digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    digits.get(u32::from(c) as usize % 16).copied().unwrap_or("0")
}
