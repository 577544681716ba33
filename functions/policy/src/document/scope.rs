//! `registries` of a document: what is allowed of the registries that the parameters allow.

use serde::Deserialize;

use crate::names::{AccountId, Region};
use crate::policy::pattern::Pattern;
use crate::policy::registry_scope::{EmptyList, RegistryScope};

/// One entry of `registries`. At least one of its lists must be there; what is left out follows
/// the parameters `RegistryIds` and `RegistryRegion`.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("minProperties" = 1)))]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenScope {
    /// Accounts of the registries, 12 digits in quotes.
    #[cfg_attr(test, schemars(length(min = 1)))]
    accounts: Option<Vec<AccountId>>,
    /// Regions of the registries.
    #[cfg_attr(test, schemars(length(min = 1)))]
    regions: Option<Vec<Region>>,
    /// Repositories: names, or starts of names followed by `*`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    repositories: Option<Vec<Pattern>>,
}

impl TryFrom<WrittenScope> for RegistryScope {
    type Error = &'static str;

    fn try_from(written: WrittenScope) -> Result<Self, &'static str> {
        let WrittenScope { accounts, regions, repositories } = written;
        match Self::new(accounts, regions, repositories) {
            Ok(scope) if scope.is_everything() => {
                Err("an entry of registries needs accounts, regions or repositories")
            }
            Ok(scope) => Ok(scope),
            Err(EmptyList) => {
                Err("a list in an entry of registries is empty; leave it out to allow all")
            }
        }
    }
}
