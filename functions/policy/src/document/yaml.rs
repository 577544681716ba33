//! YAML into values, and where a text is not what it should be.

use std::collections::BTreeSet;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};

use super::invalid::{InvalidDocument, Kind};

/// What editors on Windows put before a text in UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads a value. A byte order mark before it is read past.
///
/// # Errors
///
/// What is wrong and where. A key that appears twice is named where it appears the second time.
pub fn from_yaml<T: DeserializeOwned>(text: &str) -> Result<T, InvalidDocument> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    yaml_serde::from_str(text).map_err(|error| {
        let is_yaml = yaml_serde::from_str::<IgnoredAny>(text).is_ok();
        let invalid = InvalidDocument::new(&error, is_yaml);
        match invalid.kind() {
            // The parser only knows where the mapping begins.
            Kind::DuplicateKey => second_key(text).unwrap_or(invalid),
            Kind::NotYaml
            | Kind::TooLong
            | Kind::UnknownKey
            | Kind::MissingKey
            | Kind::UnknownWord
            | Kind::WrongType
            | Kind::Refused => invalid,
        }
    })
}

/// The first key that appears twice in one mapping, where it appears the second time.
fn second_key(text: &str) -> Option<InvalidDocument> {
    let parser = yaml_serde::Deserializer::from_str(text);
    let invalid = InvalidDocument::new(&UniqueKeys.deserialize(parser).err()?, true);
    (invalid.kind() == Kind::DuplicateKey).then_some(invalid)
}

/// Any value in which no mapping has a key twice.
struct UniqueKeys;

impl<'de> DeserializeSeed<'de> for UniqueKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while entries.next_key_seed(NewKey { seen: &mut seen })?.is_some() {
            entries.next_value_seed(Self)?;
        }
        Ok(())
    }
}

/// A key that its mapping does not have yet. Checks within the visit, so that an error has the place of
/// the key.
struct NewKey<'a> {
    seen: &'a mut BTreeSet<String>,
}

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        if self.seen.insert(key.to_owned()) {
            Ok(())
        } else {
            Err(E::custom(format_args!("duplicate field `{key}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors are looked at")]
    struct Nested {
        a: Option<Box<Nested>>,
        b: Option<Vec<Nested>>,
        c: Option<IgnoredAny>,
    }

    #[test]
    fn a_key_that_appears_twice_is_named_where_it_appears_the_second_time() {
        for (text, place) in [
            ("a:\nb:\na:\n", (3, 1)),
            ("a:\n  c: 1\n  'c': 2\n", (3, 3)),
            ("b:\n  - {c: 1}\n  - {c: [1, ~, true, 1.5], \"c\": 2}\n", (3, 28)),
            // Not the same mapping; and the anchor's mapping is that of its first place.
            ("b: [&x {a: {c: 1}, c: 1}, *x]\nb: []\n", (2, 1)),
        ] {
            let error = from_yaml::<Nested>(text).unwrap_err();
            assert!(error.problem().contains("duplicate field `"), "{error}");
            assert_eq!((error.line(), error.column()), place, "{text}\n{error}");
        }
        from_yaml::<Nested>("b: [&x {a: {c: 1}, c: 1}, *x]\n").unwrap();
    }

    #[test]
    fn a_byte_order_mark_is_read_past_and_not_counted() {
        let read: BTreeMap<String, u8> = from_yaml("\u{feff}a: 1\n").unwrap();
        assert_eq!(read, [("a".to_owned(), 1)].into());
        let error = from_yaml::<BTreeMap<String, u8>>("\u{feff}a: x\n").unwrap_err();
        assert_eq!((error.line(), error.column()), (1, 4), "{error}");
    }
}
