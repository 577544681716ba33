//! `namespaces` of a document: where other modes apply.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::read::present;
use super::rule_modes::WrittenRules;
use crate::mode::Mode;
use crate::policy::modes::{Modes, RuleModes};
use crate::policy::pattern::Pattern;
use ecr_admission_text::join;

/// The modes of namespaces, the most specific name first.
#[derive(Debug, Clone, Default)]
pub(super) struct Namespaces(BTreeMap<Pattern, NamespaceModes>);

#[derive(Debug, Clone)]
struct NamespaceModes {
    default: Option<Mode>,
    rules: RuleModes,
}

/// The modes of rules in some namespaces.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("minProperties" = 2)))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenModes {
    /// Namespaces: names, or starts of names followed by `*`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    names: Vec<Pattern>,
    /// The mode of every rule that has none in `rules` here. Default: the rule's own mode.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// The modes of single rules.
    #[serde(default)]
    rules: WrittenRules,
}

impl<'de> Deserialize<'de> for Namespaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries)
    }
}

/// Checks within the visit, so that an error has the place of the list.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Namespaces;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names with their mode or rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Namespaces, A::Error> {
        let mut namespaces = Namespaces::default();
        while let Some(entry) = entries.next_element()? {
            namespaces.add(entry).map_err(A::Error::custom)?;
        }
        Ok(namespaces)
    }
}

impl Namespaces {
    fn add(&mut self, WrittenModes { names, mode, rules }: WrittenModes) -> Result<(), String> {
        let modes = NamespaceModes { default: mode, rules: rules.0 };
        if names.is_empty() {
            return Err("an entry has no names; name a namespace or remove the entry".to_owned());
        }
        if modes.default.is_none() && modes.rules.is_empty() {
            let names = join(&names);
            return Err(format!("the entry for {names} has no mode and no rules; add one"));
        }
        for name in names {
            let text = name.to_string();
            if self.0.insert(name, modes.clone()).is_some() {
                return Err(format!("\"{text}\" appears twice; name it in one entry only"));
            }
        }
        Ok(())
    }

    /// Every name and its modes, over those of the document, the most specific name first.
    pub(super) fn all(&self, document: &Modes) -> impl Iterator<Item = (&Pattern, Modes)> {
        self.0.iter().map(|(name, modes)| (name, document.under(modes.default, &modes.rules)))
    }

    /// The modes in a namespace, over those of the document. What has no namespace has only those.
    pub(super) fn modes(&self, namespace: Option<&str>, document: &Modes) -> Modes {
        let entry =
            namespace.and_then(|name| self.0.iter().find(|(pattern, _)| pattern.matches(name)));
        match entry {
            Some((_, modes)) => document.under(modes.default, &modes.rules),
            None => document.clone(),
        }
    }
}
