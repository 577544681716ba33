//! `rules` of an entry of `namespaces`: the modes of single rules, keyed by their ids.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::mode::Mode;
use crate::policy::modes::RuleModes;
use crate::rule::Rule;
use ecr_admission_text::join;

/// The modes of single rules. Default, each: `mode` beside it, else the rule's own mode.
#[derive(Debug, Default)]
pub(super) struct WrittenRules(pub(super) RuleModes);

impl<'de> Deserialize<'de> for WrittenRules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ModesById)
    }
}

/// A plain map would take the last of two equal keys.
struct ModesById;

impl<'de> Visitor<'de> for ModesById {
    type Value = WrittenRules;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ids of rules, each with a mode")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut written: A) -> Result<WrittenRules, A::Error> {
        let mut modes = RuleModes::new();
        while let Some(Key(rule)) = written.next_key()? {
            if modes.insert(rule, written.next_value::<Mode>()?).is_some() {
                return Err(A::Error::duplicate_field(rule.id()));
            }
        }
        Ok(WrittenRules(modes))
    }
}

/// The id of a rule.
struct Key(Rule);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Id)
    }
}

/// Checks within the visit, so that an error has the place of the key.
struct Id;

impl Visitor<'_> for Id {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of a rule")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Key, E> {
        let rule = Rule::ALL.into_iter().find(|rule| rule.id() == id);
        rule.map(Key).ok_or_else(|| {
            // As serde says it of a struct.
            E::custom(format!("unknown field `{id}`, expected one of {}", join(Rule::ALL)))
        })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for WrittenRules {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WrittenRules".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mode = generator.subschema_for::<Mode>();
        let properties: serde_json::Map<_, _> = Rule::ALL
            .into_iter()
            .map(|rule| {
                let mut property = mode.clone();
                property.insert("description".into(), format!("The mode of `{rule}`.").into());
                (rule.id().to_owned(), property.to_value())
            })
            .collect();
        schemars::json_schema!({
            "type": "object",
            "description": "The modes of single rules. Default, each: `mode` beside it, else the rule's own mode.",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}
