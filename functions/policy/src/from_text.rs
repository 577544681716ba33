//! Values that a policy document holds as text, read through the parser that they have anyway.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{Error, Visitor};

use ecr_admission_text::quote;

/// The longest value that an error repeats, in characters.
const GOT: usize = 64;

/// Makes a type that parses from text one that a document can hold: how its text is described where
/// something else stands, and the pattern that editors check it by.
macro_rules! from_text {
    ($type:ty, $accepted:literal, $pattern:literal) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::from_text::deserialize(deserializer, $accepted)
            }
        }

        #[cfg(test)]
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

pub(crate) use from_text;

/// Reads a text and parses it. The error says what was got and what is accepted.
pub(crate) fn deserialize<'de, T, D>(deserializer: D, accepted: &'static str) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Text { accepted, parsed: PhantomData })
}

struct Text<T> {
    accepted: &'static str,
    parsed: PhantomData<T>,
}

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text: {}", self.accepted)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|invalid| E::custom(format!("got {}; {invalid}", quote(text, GOT))))
    }
}
