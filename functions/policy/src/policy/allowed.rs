//! What is allowed, for a denial to name.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::registry_scope::RegistryScope;
use crate::names::{AccountId, Region};

/// The accounts, the Regions and what is allowed of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The accounts whose registries are allowed.
    pub registry_ids: BTreeSet<AccountId>,
    /// The Regions whose registries are allowed.
    pub regions: BTreeSet<Region>,
    /// What is allowed of them; `None` for all.
    pub scopes: Option<Arc<[RegistryScope]>>,
}
