//! What the mutating webhook does: `pin` and `rewrites` of a document.

use serde::Deserialize;

use crate::policy::pattern::Pattern;
use crate::policy::registry_scope::RegistryScope;
use crate::rewrite::RewriteTable;

/// Where images are pinned to their digest, and must be.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    /// Namespaces: names, or starts of names followed by `*`; `*` alone means all, and what has none.
    namespaces: Vec<Pattern>,
}

impl Pin {
    /// The namespaces, as they are written.
    pub(super) fn namespaces(&self) -> &[Pattern] {
        &self.namespaces
    }

    /// Whether images are pinned in this namespace.
    pub(super) fn covers(&self, namespace: Option<&str>) -> bool {
        self.namespaces.iter().any(|pattern| pattern.matches(namespace.unwrap_or_default()))
    }
}

/// The table of rewrites, the most specific `from` first.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(transparent)]
pub(super) struct Rewrites(Vec<Rewrite>);

/// One mapping.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Rewrite {
    /// A registry and a path in full. One that ends with `/` is the start of names, any other one
    /// repository: `docker.io/`, `docker.io/library/nginx`.
    from: String,
    /// What takes its place, in an Amazon ECR private registry; empty leaves the images as they are.
    to: String,
}

impl Rewrites {
    /// The table, held to the registries that the document allows.
    pub(super) fn table(self, scopes: Option<&[RegistryScope]>) -> Result<RewriteTable, String> {
        let entries = self.0.iter().map(|entry| (entry.from.as_str(), entry.to.as_str()));
        RewriteTable::new(entries, |image| {
            scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope.contains(image)))
        })
        .map_err(|invalid| format!("rewrites: {invalid}"))
    }
}
