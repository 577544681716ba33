//! Accounts, Regions and repositories that go together: what `registries` of a policy document allows,
//! and where its exemptions, accepted vulnerabilities and pull-through caches apply.

use std::fmt;

use super::pattern::Pattern;
use crate::image::EcrImage;
use crate::names::{AccountId, Region};
use ecr_admission_text::join;

/// Accounts × Regions × repositories. A list that is left out leaves all; the default leaves everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistryScope {
    accounts: Option<Vec<AccountId>>,
    regions: Option<Vec<Region>>,
    repositories: Option<Vec<Pattern>>,
}

/// One of the lists of a scope is there and names nothing, so that nothing would ever lie in it.
#[derive(Debug)]
pub(crate) struct EmptyList;

impl RegistryScope {
    /// What lies in all three lists.
    pub(crate) fn new(
        accounts: Option<Vec<AccountId>>,
        regions: Option<Vec<Region>>,
        repositories: Option<Vec<Pattern>>,
    ) -> Result<Self, EmptyList> {
        let empty = [
            accounts.as_ref().is_some_and(Vec::is_empty),
            regions.as_ref().is_some_and(Vec::is_empty),
            repositories.as_ref().is_some_and(Vec::is_empty),
        ];
        if empty.contains(&true) {
            Err(EmptyList)
        } else {
            Ok(Self { accounts, regions, repositories })
        }
    }

    /// Whether no list narrows it.
    pub fn is_everything(&self) -> bool {
        let Self { accounts, regions, repositories } = self;
        accounts.is_none() && regions.is_none() && repositories.is_none()
    }

    /// The accounts that are named; `None` for all.
    pub fn accounts(&self) -> Option<&[AccountId]> {
        self.accounts.as_deref()
    }

    /// The Regions that are named; `None` for all.
    pub fn regions(&self) -> Option<&[Region]> {
        self.regions.as_deref()
    }

    /// The repositories that are named; `None` for all.
    pub fn repositories(&self) -> Option<&[Pattern]> {
        self.repositories.as_deref()
    }

    /// Whether the image lies in all three.
    pub fn contains(&self, image: &EcrImage) -> bool {
        let Self { accounts, regions, repositories } = self;
        accounts.as_ref().is_none_or(|all| all.contains(&image.account))
            && regions.as_ref().is_none_or(|all| all.contains(&image.region))
            && repositories
                .as_ref()
                .is_none_or(|all| all.iter().any(|it| it.matches(image.repository.as_str())))
    }
}

/// As a message has it: `account 1, 2 in us-east-1: pay/*`.
impl fmt::Display for RegistryScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(all: Option<&Vec<T>>, or: &str) -> String {
            all.map_or_else(|| or.to_owned(), join)
        }
        write!(
            f,
            "{} in {}: {}",
            list(self.accounts.as_ref(), "every account"),
            list(self.regions.as_ref(), "every Region"),
            list(self.repositories.as_ref(), "*")
        )
    }
}
