//! What the calls for repositories share.

use std::collections::BTreeMap;

use ecr_admission_policy::names::RepositoryName;

use crate::ecr::inspector::EcrInspector;
use crate::inspect::{Budget, Missing, Registry};

/// The answers by the names of the repositories.
pub(super) type Found<T> = BTreeMap<RepositoryName, Result<T, Missing>>;

/// The inspector, the registry and the budget of the calls for repositories.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) ecr: &'a EcrInspector,
    pub(super) registry: &'a Registry,
    pub(super) budget: &'a Budget,
}
