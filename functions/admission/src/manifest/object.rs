//! JSON objects of which everybody must read the same.
//!
//! Container runtimes are written in Go, whose `encoding/json` also takes `user` and `uſer` for `User`
//! and, of several such keys, the last. With them the author of an image could show one value here and
//! another to the runtime, so a field that can be read in two ways cannot be read at all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON object: its keys and their values in their order, the same key as often as it came.
pub(super) struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The value of `name`; `None` where it is absent or `null`, which is the same to Go.
    pub(super) fn field<T: Deserialize<'a>>(&self, name: &str) -> serde_json::Result<Option<T>> {
        let mut alike = self.0.iter().filter(|(key, _)| folds_to(key, name));
        match (alike.next(), alike.next()) {
            (None, _) => Ok(None),
            (Some((key, value)), None) if key == name => serde_json::from_str(value.get()),
            _ => Err(serde_json::Error::custom(format_args!(
                "{name} is there more than once, or not in these letters"
            ))),
        }
    }

    /// The keys.
    pub(super) fn into_keys(self) -> impl Iterator<Item = String> {
        self.0.into_iter().map(|(key, _)| key)
    }
}

/// Whether Go would take `key` for the ASCII `name`. Two letters outside ASCII fold into it: the long s
/// and the Kelvin sign.
fn folds_to(key: &str, name: &str) -> bool {
    let folded = |c: char| match c {
        'ſ' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(folded).eq(name.chars().map(folded))
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = vec![];
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(json: &str) -> serde_json::Result<Option<String>> {
        serde_json::from_str::<Object<'_>>(json)?.field("User")
    }

    #[test]
    fn a_field_is_read_only_where_go_reads_the_same() {
        for (json, expected) in [
            (r#"{"User": "a", "other": {"User": "b"}}"#, Some(Some("a"))),
            (r#"{"\u0055ser": "a"}"#, Some(Some("a"))),
            (r#"{"Use": "a", "Users": "b"}"#, Some(None)),
            (r#"{"User": null}"#, Some(None)),
            ("{}", Some(None)),
            (r#"{"user": "a"}"#, None),
            (r#"{"uſer": "a"}"#, None),
            (r#"{"User": "a", "USER": "b"}"#, None),
            (r#"{"User": "a", "U\u017fer": "b"}"#, None),
            (r#"{"User": "a", "User": "a"}"#, None),
            (r#"{"User": 0}"#, None),
            (r#"{"User": "\ud800"}"#, None),
            (r#"["User"]"#, None),
            (r#"{"User": "a"} {}"#, None),
        ] {
            let user = user(json).ok();
            assert_eq!(user, expected.map(|user| user.map(str::to_owned)), "{json}");
        }
    }

    #[test]
    fn the_kelvin_sign_is_a_k() {
        assert!(folds_to("\u{212a}ey", "key") && folds_to("KEY", "key") && !folds_to("kéy", "key"));
    }
}
