//! Documents to objects: lists are opened, and each object is named.

use std::borrow::Cow;
use std::fmt;

use ecr_admission_policy::text::{QUOTED, cut, printable, quote};
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Input;
use super::place::Lines;
use super::pod;
use super::yaml::Written;
use crate::check::object::{Content, Object, ObjectId, Span};

/// A file that is read.
#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) lines: &'a Lines<'a>,
    /// Whether it is stdin.
    pub(super) stream: bool,
}

/// A document as JSON.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) file: &'a File<'a>,
    /// The template that it was rendered of.
    pub(super) source: Option<&'a str>,
    pub(super) json: &'a str,
    pub(super) places: Places<'a>,
}

/// How a place in the JSON of a document becomes one in its file.
#[derive(Debug)]
pub(super) enum Places<'a> {
    /// The file is JSON.
    Json,
    /// The JSON was made from YAML.
    Yaml(Written<'a>),
}

impl Document<'_> {
    /// Where a part of the JSON begins in the file; `part` borrows from it.
    pub(super) fn place(&self, part: &str) -> (usize, usize) {
        let offset = match &self.places {
            Places::Json => self.offset(part),
            Places::Yaml(written) => written.place(self.offset(part)).start,
        };
        self.file.lines.place(offset)
    }

    /// Where the first key or scalar of a part of the JSON is written; `None` where lines say nothing.
    pub(super) fn span(&self, part: &str) -> Option<Span> {
        match &self.places {
            Places::Yaml(written) if self.source.is_none() => {
                let start = self.offset(part);
                let range = written.first(start..start + part.len());
                Some(self.file.lines.span(range.start, range.end))
            }
            _ => None,
        }
    }

    fn offset(&self, part: &str) -> usize {
        part.as_ptr().addr().saturating_sub(self.json.as_ptr().addr())
    }

    pub(super) fn refuse(&self, part: &str, problem: &str, input: &mut Input) {
        self.file.refuse(self.place(part), self.source, problem, input);
    }
}

impl File<'_> {
    /// Adds what is wrong at a place of the file, in what was rendered of the template `source`.
    pub(super) fn refuse(
        &self,
        place: (usize, usize),
        source: Option<&str>,
        problem: &str,
        input: &mut Input,
    ) {
        let problem = match source {
            Some(source) => format!("{problem}; rendered from {}", quote(source, QUOTED)),
            None => problem.to_owned(),
        };
        input.refuse(self.name, Some(place), &problem);
    }

    /// What a file of kustomize may leave out.
    fn defaults(&self) -> Option<(&'static str, &'static str)> {
        let name = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "kustomization.yaml" | "kustomization.yml")
            .then_some(("kustomize.config.k8s.io/v1beta1", "Kustomization"))
    }
}

/// Reads a document that is one JSON value.
pub(super) fn read(document: &Document<'_>, input: &mut Input) {
    match serde_json::from_str::<&RawValue>(document.json) {
        Ok(value) => read_value(document, value, input),
        Err(error) => document.refuse(document.json, &message(&error), input),
    }
}

/// Reads an object, or every object of a list.
pub(super) fn read_value(document: &Document<'_>, value: &RawValue, input: &mut Input) {
    Reader { document, input }.value(value, Item { defaults: document.file.defaults(), level: 0 });
}

/// How deep lists may be nested.
const MOST_LISTS: usize = 16;

struct Reader<'a> {
    document: &'a Document<'a>,
    input: &'a mut Input,
}

/// What an object has from the lists that it is in.
#[derive(Clone, Copy)]
struct Item<'a> {
    /// The `apiVersion` and `kind` of the items of a typed list, which do not repeat them.
    defaults: Option<(&'a str, &'a str)>,
    level: usize,
}

impl Reader<'_> {
    fn value(&mut self, value: &RawValue, item: Item<'_>) {
        if item.level > MOST_LISTS {
            let problem = format!("expected lists nested at most {MOST_LISTS} deep, got more");
            return self.document.refuse(value.get(), &problem, self.input);
        }
        if let Err(Misfit { part, problem }) = self.try_value(value, item) {
            self.document.refuse(part, &problem, self.input);
        }
    }

    fn try_value<'a>(&mut self, value: &'a RawValue, item: Item<'_>) -> Result<(), Misfit<'a>> {
        if value.get().starts_with('[') {
            self.items(value, Item { level: item.level + 1, ..item })?;
            return Ok(());
        }
        if !value.get().starts_with('{') {
            let got = got(value);
            return Err(misfit(value, format!("expected a Kubernetes object, got {got}")));
        }
        let [api_version, kind, metadata, items] =
            fields(value, ["apiVersion", "kind", "metadata", "items"])?;
        let name = |field: &str, found: Option<&'a RawValue>, default: Option<&str>| {
            match found {
            Some(found) => text(found, field),
            None => default.map(str::to_owned).ok_or_else(|| {
                misfit(
                    value,
                    format!("expected a Kubernetes object with apiVersion and kind, got one without {field}"),
                )
            }),
        }
        };
        let kind = name("kind", kind, item.defaults.map(|(_, kind)| kind))?;
        let api_version =
            name("apiVersion", api_version, item.defaults.map(|(version, _)| version))?;
        if let Some(items) = items.filter(|_| kind.ends_with("List")) {
            // The items of a typed list do not repeat what they are.
            let of = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
            let defaults = of.map(|kind| (api_version.as_str(), kind));
            return self.items(items, Item { defaults, level: item.level + 1 });
        }
        let [namespace, name, generate_name] = match metadata {
            Some(metadata) => fields(metadata, ["namespace", "name", "generateName"])?,
            None => [None; 3],
        };
        let namespace = namespace.map(|found| text(found, "metadata.namespace")).transpose()?;
        let name = name.map(|found| text(found, "metadata.name")).transpose()?;
        let generate_name =
            generate_name.map(|found| text(found, "metadata.generateName")).transpose()?;
        let name = name.filter(|name| !name.is_empty());
        let name = name.or_else(|| generate_name.map(|name| name + "*")).unwrap_or_default();
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        let object = pod::Named {
            api_version: &api_version,
            kind: &kind,
            namespace: namespace.as_deref(),
            name: &name,
        };
        let content = if items.is_some_and(|items| items.get().starts_with('[')) {
            Content::NotEvaluated("it has items, but its kind is not that of a list".to_owned())
        } else {
            pod::content(self.document, value, &object)?
        };
        let id = ObjectId {
            file: self.document.source.unwrap_or(self.document.file.name).to_owned(),
            rendered: self.document.source.is_some(),
            span: self.document.span(value.get()),
            api_version,
            kind,
            namespace,
            name,
        };
        self.input.objects.push(Object { id, content });
        Ok(())
    }

    fn items<'a>(&mut self, items: &'a RawValue, item: Item<'_>) -> Result<(), Misfit<'a>> {
        for value in list(items, "items")? {
            self.value(value, item);
        }
        Ok(())
    }
}

/// A part of an object that is not what is expected there.
#[derive(Debug)]
pub(super) struct Misfit<'a> {
    pub(super) part: &'a str,
    pub(super) problem: String,
}

pub(super) fn misfit(part: &RawValue, problem: String) -> Misfit<'_> {
    Misfit { part: part.get(), problem }
}

/// The fields of an object by their names; null is absent.
pub(super) fn fields<'a, const N: usize>(
    object: &'a RawValue,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], Misfit<'a>> {
    if !object.get().starts_with('{') {
        let got = got(object);
        return Err(misfit(object, format!("expected a mapping, got {got}")));
    }
    serde_json::Deserializer::from_str(object.get())
        .deserialize_map(Fields(names))
        .map_err(|error| misfit(object, message(&error)))
}

struct Fields<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> Visitor<'de> for Fields<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        let mut set = [false; N];
        while let Some(key) = object.next_key::<Text<'de>>()? {
            let place = self.0.iter().position(|name| *name == key.0);
            let slot = place.and_then(|n| Some((found.get_mut(n)?, set.get_mut(n)?)));
            let Some((slot, set)) = slot else {
                object.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(set, true) {
                let key = quote(&key.0, QUOTED);
                return Err(serde::de::Error::custom(format!(
                    "the key {key} is set twice; remove one"
                )));
            }
            *slot = object.next_value::<Option<&RawValue>>()?;
        }
        Ok(found)
    }
}

/// A string that is borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// The elements of a list.
pub(super) fn list<'a>(list: &'a RawValue, field: &str) -> Result<Vec<&'a RawValue>, Misfit<'a>> {
    if !list.get().starts_with('[') {
        return Err(misfit(list, format!("expected a list in {field}, got {}", got(list))));
    }
    serde_json::from_str(list.get()).map_err(|error| misfit(list, message(&error)))
}

/// The text of a field.
pub(super) fn text<'a>(value: &'a RawValue, field: &str) -> Result<String, Misfit<'a>> {
    if !value.get().starts_with('"') {
        let got = got(value);
        return Err(misfit(value, format!("expected text in {field}, got {got}; quote it")));
    }
    serde_json::from_str(value.get()).map_err(|error| misfit(value, message(&error)))
}

/// A value in words.
pub(super) fn got(value: &RawValue) -> String {
    let value = value.get();
    match value.bytes().next() {
        Some(b'{') => "a mapping".to_owned(),
        Some(b'[') => "a list".to_owned(),
        Some(b'"') => "text".to_owned(),
        Some(b't' | b'f') => format!("the boolean {value}"),
        Some(b'n') => "null".to_owned(),
        _ => format!("the number {}", cut(value, 64)),
    }
}

/// What `serde_json` says, without where it says that it is: the place is that of the file.
pub(in crate::check) fn message(error: &serde_json::Error) -> String {
    let error = error.to_string();
    let text = error.rsplit_once(" at line ").map_or(error.as_str(), |(text, _)| text);
    cut(&printable(text), QUOTED)
}
