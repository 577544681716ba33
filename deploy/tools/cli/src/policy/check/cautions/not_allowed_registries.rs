//! Cautions about registries that the given parameters do not allow.

use ecr_admission_policy::rewrite::RewriteTable;

use crate::policy::check::Explained;
use crate::policy::page::list;

pub(super) fn cautions(explained: &Explained<'_>) -> Vec<String> {
    let scopes = scopes(explained).into_iter().map(|names| {
        format!("registries names {names}. The document only narrows what the parameters allow, so no image from there passes.")
    });
    let rewrites = explained.document.rewrites().into_iter().flat_map(RewriteTable::entries);
    let rewrites = rewrites.filter_map(|(from, to)| {
        let entry = [(from, to.unwrap_or_default())];
        let invalid =
            RewriteTable::new(entry, |image| explained.parameters.may_allow(image)).err()?;
        Some(format!(
            "rewrites, {invalid} (RegistryIds, RegistryRegion), so the images that it maps are denied."
        ))
    });
    scopes.chain(rewrites).collect()
}

/// What `registries` names and the parameters do not: `the account 1, 2, which RegistryIds lacks`.
fn scopes(explained: &Explained<'_>) -> Vec<String> {
    let parameters = explained.parameters;
    let inspected = explained.policy.scopes.iter().flat_map(|scopes| scopes.iter());
    let scopes = inspected.chain(explained.document.uninspected().map(|entry| &entry.scope));
    let beyond = scopes.flat_map(|scope| {
        let accounts = beyond(scope.accounts(), parameters.registry_ids.as_deref());
        let regions = beyond(scope.regions(), parameters.registry_region.as_deref());
        [
            accounts.map(|names| format!("{names}, which RegistryIds does not")),
            regions.map(|names| format!("{names}, which RegistryRegion does not")),
        ]
    });
    beyond.flatten().collect()
}

/// The names that are not among those allowed, where both are given.
fn beyond<T: PartialEq + ToString>(named: Option<&[T]>, allowed: Option<&[T]>) -> Option<String> {
    let (named, allowed) = (named?, allowed?);
    let beyond: Vec<String> =
        named.iter().filter(|name| !allowed.contains(name)).map(T::to_string).collect();
    (!beyond.is_empty()).then(|| list(beyond))
}
