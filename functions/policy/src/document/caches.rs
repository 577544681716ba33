//! `pullThroughCachePrefixes` of a document: a prefix, or a prefix with its registries.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::read::present;
use crate::names::{AccountId, Region, RepositoryName};
use crate::policy::pull_through_cache::PullThroughCache;
use crate::policy::registry_scope::{EmptyList, RegistryScope};
use ecr_admission_text::quote;

/// One entry: a prefix of every allowed registry, or of some.
#[derive(Debug)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(untagged))]
pub(super) enum WrittenCache {
    /// The prefix in every allowed registry.
    Everywhere(RepositoryName),
    /// The prefix in the registries that both lists name.
    Somewhere(ScopedPrefix),
}

/// A prefix and its registries.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ScopedPrefix {
    /// The prefix, without a `/` at its end.
    prefix: RepositoryName,
    /// The accounts of the registries that have this cache. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    accounts: Option<Vec<AccountId>>,
    /// The Regions of the registries that have this cache. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    regions: Option<Vec<Region>>,
}

impl TryFrom<WrittenCache> for PullThroughCache {
    type Error = String;

    fn try_from(written: WrittenCache) -> Result<Self, String> {
        match written {
            WrittenCache::Everywhere(prefix) => {
                Ok(Self { prefix, scope: RegistryScope::default() })
            }
            WrittenCache::Somewhere(ScopedPrefix { prefix, accounts, regions }) => {
                match RegistryScope::new(accounts, regions, None) {
                    Ok(scope) => Ok(Self { prefix, scope }),
                    Err(EmptyList) => {
                        Err(format!("{prefix}: one of its lists is empty; leave it out for all"))
                    }
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for WrittenCache {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entry)
    }
}

/// Not `untagged`, whose errors have neither a reason nor a place.
struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = WrittenCache;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prefix such as docker-hub, or an entry with prefix, accounts and regions")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WrittenCache, E> {
        let invalid = |invalid| E::custom(format!("{invalid}, got {}", quote(text, 64)));
        text.parse().map(WrittenCache::Everywhere).map_err(invalid)
    }

    fn visit_map<A: MapAccess<'de>>(self, entry: A) -> Result<WrittenCache, A::Error> {
        ScopedPrefix::deserialize(MapAccessDeserializer::new(entry)).map(WrittenCache::Somewhere)
    }
}
