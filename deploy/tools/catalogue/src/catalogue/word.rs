//! Values that follow from others unless the catalogue gives them.

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// A word that follows from other keys where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Word {
    /// The key is absent.
    #[default]
    Follows,
    /// This; nothing is sent where the catalogue has `null`.
    Given(Option<String>),
}

impl Word {
    /// The word that is sent, if one is: `follows` where the catalogue says nothing.
    pub(crate) fn or<'a>(&'a self, follows: Option<&'a str>) -> Option<&'a str> {
        match self {
            Word::Follows => follows,
            Word::Given(word) => word.as_deref(),
        }
    }

    pub(crate) fn follows(&self) -> bool {
        *self == Word::Follows
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.or(None).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Given)
    }
}

/// Text that is served byte for byte: a string as it stands, anything else as the JSON of its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    /// The JSON of a value, its keys in order: a digest of it must not depend on whether another crate of
    /// the build turns on `serde_json`'s `preserve_order`.
    pub(crate) fn of(mut value: Value) -> Text {
        value.sort_all_objects();
        Text(value.to_string())
    }
}

impl Text {
    /// What a manifest says that it is, if it says anything.
    pub(crate) fn media_type(&self) -> Option<String> {
        let manifest: Value = serde_json::from_str(&self.0).ok()?;
        manifest.get("mediaType")?.as_str().map(ToOwned::to_owned)
    }

    /// The digest of the config that a manifest names, if it names one.
    pub(crate) fn config_digest(&self) -> Option<String> {
        let manifest: Value = serde_json::from_str(&self.0).ok()?;
        manifest.get("config")?.get("digest")?.as_str().map(ToOwned::to_owned)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, or a mapping or a list that is sent as JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
        Value::deserialize(de::value::MapAccessDeserializer::new(map)).map(Text::of)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Text, A::Error> {
        Value::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Text::of)
    }
}
