//! `registries` of a document: what is allowed of the registries that the parameters allow, and what of it
//! goes uninspected.

use serde::Deserialize;

use super::read::present;
use crate::names::{AccountId, Region};
use crate::policy::pattern::Pattern;
use crate::policy::registry_scope::{EmptyList, RegistryScope};
use crate::policy::uninspected::Uninspected;

/// One entry of `registries`. At least one of its lists must be there; what is left out follows
/// the parameters `RegistryIds` and `RegistryRegion`.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend(
    "minProperties" = 1,
    "if" = {"properties": {"inspect": {"const": false}}, "required": ["inspect"]},
    "then" = {
        "properties": {"repositories": {"items": {"not": {"const": "*"}}}},
        "required": ["accounts", "regions", "repositories"],
    },
    "else" = {"not": {"required": ["namespaces"]}},
)))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenScope {
    /// Accounts of the registries, 12 digits in quotes.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    accounts: Option<Vec<AccountId>>,
    /// Regions of the registries.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    regions: Option<Vec<Region>>,
    /// Repositories: names, or starts of names followed by `*`.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    repositories: Option<Vec<Pattern>>,
    /// Whether the images are looked up and evaluated by every rule. With `false`, they are admitted without
    /// that and audited; `accounts`, `regions` and `repositories` are then required. Default: `true`.
    #[serde(default = "inspected")]
    inspect: bool,
    /// The namespaces in which an entry with `inspect: false` applies: names, or starts of names followed by
    /// `*`. Default: all.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    namespaces: Option<Vec<Pattern>>,
}

fn inspected() -> bool {
    true
}

/// What an entry means.
#[derive(Debug)]
pub(super) enum RegistryEntry {
    /// What is allowed, and looked up.
    Inspected(RegistryScope),
    /// What is allowed without being looked up.
    Uninspected(Uninspected),
}

impl TryFrom<WrittenScope> for RegistryEntry {
    type Error = &'static str;

    fn try_from(written: WrittenScope) -> Result<Self, &'static str> {
        let WrittenScope { accounts, regions, repositories, inspect, namespaces } = written;
        let scope =
            RegistryScope::new(accounts, regions, repositories).map_err(|EmptyList| EMPTY)?;
        if inspect {
            if scope.is_everything() {
                return Err("an entry of registries needs accounts, regions or repositories");
            }
            return match namespaces {
                None => Ok(Self::Inspected(scope)),
                Some(_) => Err(
                    "an entry of registries has namespaces, which only those with inspect: false may have",
                ),
            };
        }
        if namespaces.as_ref().is_some_and(Vec::is_empty) {
            return Err(EMPTY);
        }
        match (scope.accounts(), scope.regions(), scope.repositories()) {
            (Some(_), Some(_), Some(names)) if names.iter().any(Pattern::is_all) => Err(
                "an entry of registries with inspect: false has the repository *, which means every image of these accounts; name the repositories, such as eks/*",
            ),
            (Some(_), Some(_), Some(_)) => {
                let namespaces = namespaces.unwrap_or_default();
                Ok(Self::Uninspected(Uninspected { scope, namespaces }))
            }
            _ => Err(
                "an entry of registries with inspect: false needs accounts, regions and repositories",
            ),
        }
    }
}

/// What is wrong with a list that names nothing.
const EMPTY: &str = "a list in an entry of registries is empty; leave it out to allow all";
