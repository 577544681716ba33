//! JSON objects that every reader must read the same way.
//!
//! Container runtimes are written in Go, whose `encoding/json` also takes `Digest` and, for a field with
//! an s in its name, `ſ` for `digest` or `s`, and of several such keys the last. With them the author of
//! an image could show one value here and another to the runtime, so an object with a field that can be
//! read in two ways is not read at all. Keys that name no field are ignored, as Go does.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;

use ecr_admission_policy::facts::manifest::NotUnderstood;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// The fields of one of Go's structs that are read.
pub(super) trait Record<'de>: Default {
    /// The names of the fields: ASCII, at most 16.
    const FIELDS: &'static [&'static str];

    /// Reads the value of a field, which is there for the first time.
    fn field<A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        map: &mut A,
        notes: &Notes,
    ) -> Result<(), A::Error>;
}

/// What is noted while a document is read. A JSON error is only text, so its cause is noted here.
#[derive(Default)]
pub(super) struct Notes {
    problem: Cell<Option<NotUnderstood>>,
    /// The first annotation of a checkpoint.
    pub(super) checkpoint: RefCell<Option<String>>,
}

impl Notes {
    /// Refuses a document in which `field` could be read in two ways.
    fn ambiguous<E: Error>(&self, field: &'static str) -> E {
        self.problem.set(Some(NotUnderstood::Ambiguous { field }));
        E::custom(format_args!("field \"{field}\" appears twice or in other letters"))
    }

    /// Refuses a document for what these words say. They hold no foreign text.
    pub(super) fn malformed<E: Error>(&self, what: impl Into<String>) -> E {
        let what = what.into();
        let error = E::custom(&what);
        self.problem.set(Some(NotUnderstood::Malformed(what)));
        error
    }

    /// `text`, unless it is longer than what is compared. A part of it would say something else.
    pub(super) fn at_most<T: AsRef<str>, E: Error>(
        &self,
        limit: usize,
        field: &str,
        text: T,
    ) -> Result<T, E> {
        if text.as_ref().len() > limit {
            return Err(self.malformed(format!("{field} is longer than {limit} bytes")));
        }
        Ok(text)
    }

    /// Why the document was refused. The message of a JSON error that is not noted may hold text of the
    /// document, so only its place is kept.
    pub(super) fn problem(&self, error: &serde_json::Error) -> NotUnderstood {
        self.problem.take().unwrap_or_else(|| {
            let (line, column) = (error.line(), error.column());
            NotUnderstood::Malformed(if error.is_data() {
                format!("a value of an unexpected type at line {line} column {column}")
            } else {
                format!("not JSON at line {line} column {column}")
            })
        })
    }
}

/// Reads an object as a [`Record`].
pub(super) struct Object<'n, T> {
    notes: &'n Notes,
    record: PhantomData<T>,
}

impl<'n, T> Object<'n, T> {
    pub(super) fn new(notes: &'n Notes) -> Self {
        Self { notes, record: PhantomData }
    }
}

impl<'de, T: Record<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Record<'de>> Visitor<'de> for Object<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut record = T::default();
        let mut seen = 0u16;
        while let Some(key) = map.next_key_seed(Names(T::FIELDS))? {
            match key {
                Key::Field(position, name) => {
                    let bit = 1 << position;
                    if seen & bit != 0 {
                        return Err(self.notes.ambiguous(name));
                    }
                    seen |= bit;
                    record.field(name, &mut map, self.notes)?;
                }
                Key::InOtherLetters(name) => return Err(self.notes.ambiguous(name)),
                Key::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(record)
    }
}

/// What a key is to Go.
enum Key {
    Field(usize, &'static str),
    InOtherLetters(&'static str),
    Unknown,
}

/// Finds the field that a key names, without keeping the key.
struct Names(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Names {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Names {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key, E> {
        // No letter folds into a longer one, so the length alone tells most keys from a field.
        let alike = |name: &str| key.len() >= name.len() && folds_to(key, name);
        let found = self.0.iter().enumerate().find(|(_, name)| alike(name));
        Ok(match found {
            Some((position, name)) if *name == key => Key::Field(position, name),
            Some((_, name)) => Key::InOtherLetters(name),
            None => Key::Unknown,
        })
    }
}

/// The letter that Go takes `c` for when it looks for a field with an ASCII name. Two letters outside
/// ASCII fold into it: the long s and the Kelvin sign.
fn folded(c: char) -> char {
    match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    }
}

/// Whether Go would take `key` for the field `name`.
fn folds_to(key: &str, name: &str) -> bool {
    if key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    key.chars().map(folded).eq(name.chars().map(folded))
}

/// Whether `text` begins with the lower-case ASCII `prefix`, in upper or lower case.
pub(super) fn begins_with(text: &str, prefix: &str) -> bool {
    let mut letters = text.chars().map(folded);
    prefix.chars().all(|c| letters.next() == Some(c))
}

/// Reads `null` as `None`, which to Go is the same as an absent field.
pub(super) struct OrNull<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for OrNull<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for OrNull<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

/// Reads an object as a record; `None` for `null`.
pub(super) fn object<'de, T: Record<'de>, A: MapAccess<'de>>(
    map: &mut A,
    notes: &Notes,
) -> Result<Option<T>, A::Error> {
    map.next_value_seed(OrNull(Object::new(notes)))
}

/// Reads a text; `None` for `null`.
pub(super) fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Text<'de>>>()?.map(|Text(text)| text))
}

/// A text, borrowed from the document where no escape is in it.
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// Reads a list, one element after the other.
pub(super) struct List<F>(pub(super) F);

impl<'de, F> DeserializeSeed<'de> for List<F>
where
    Self: Visitor<'de>,
{
    type Value = <Self as Visitor<'de>>::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

/// Takes the elements of a [`List`].
pub(super) trait Elements<'de> {
    /// Takes the next element; `false` when there is none.
    fn next<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<bool, A::Error>;
}

impl<'de, F: Elements<'de>> Visitor<'de> for List<F> {
    type Value = F;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<F, A::Error> {
        while self.0.next(&mut list)? {}
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct User(Option<String>);

    impl<'de> Record<'de> for User {
        const FIELDS: &'static [&'static str] = &["User", "key"];

        fn field<A: MapAccess<'de>>(
            &mut self,
            name: &'static str,
            map: &mut A,
            _: &Notes,
        ) -> Result<(), A::Error> {
            let text = text(map)?;
            if name == "User" {
                self.0 = text.map(Cow::into_owned);
            }
            Ok(())
        }
    }

    fn user(json: &str) -> Result<Option<String>, NotUnderstood> {
        let notes = Notes::default();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let user = Object::<User>::new(&notes).deserialize(&mut deserializer);
        user.and_then(|user| deserializer.end().map(|()| user.0)).map_err(|e| notes.problem(&e))
    }

    #[test]
    fn a_field_is_read_only_where_go_reads_the_same() {
        for (json, expected) in [
            (r#"{"User": "a", "other": {"User": "b"}}"#, Some("a")),
            (r#"{"\u0055ser": "a", "other": 1e999, "other": [[{}]]}"#, Some("a")),
            (r#"{"User": "\u0061"}"#, Some("a")),
            (r#"{"Use": "a", "Users": "b", "Uſers": "c", "Üser": "d"}"#, None),
            (r#"{"User": null}"#, None),
            ("{}", None),
        ] {
            assert_eq!(user(json), Ok(expected.map(str::to_owned)), "{json}");
        }
        for (json, field) in [
            (r#"{"user": "a"}"#, "User"),
            (r#"{"uſer": "a"}"#, "User"),
            (r#"{"u\u017Fer": "a"}"#, "User"),
            (r#"{"User": "a", "USER": "b"}"#, "User"),
            (r#"{"User": "a", "User": "a"}"#, "User"),
            (r#"{"User": null, "User": null}"#, "User"),
            ("{\"\u{212a}ey\": \"a\"}", "key"),
        ] {
            assert_eq!(user(json), Err(NotUnderstood::Ambiguous { field }), "{json}");
        }
        for (json, why) in [
            (r#"{"User": 0}"#, "a value of an unexpected type at line 1 column 10"),
            (r#"{"User": ["a"]}"#, "a value of an unexpected type at line 1 column 9"),
            (r#"["User"]"#, "a value of an unexpected type at line 1 column 0"),
            ("null", "a value of an unexpected type at line 1 column 4"),
            (r#"{"User": "\ud800"}"#, "not JSON at line 1 column 17"),
            (r#"{"User": "a"} {}"#, "not JSON at line 1 column 15"),
            (r#"{"User": "a",}"#, "not JSON at line 1 column 14"),
            ("", "not JSON at line 1 column 0"),
        ] {
            assert_eq!(user(json), Err(NotUnderstood::Malformed(why.to_owned())), "{json}");
        }
    }

    #[test]
    fn a_beginning_is_found_in_whatever_letters() {
        for (text, expected) in [
            ("kube.s", true),
            ("\u{212a}UBE.ſomething", true),
            ("kube.", false),
            ("kube", false),
            ("xkube.s", false),
            ("", false),
        ] {
            assert_eq!(begins_with(text, "kube.s"), expected, "{text}");
        }
    }
}
