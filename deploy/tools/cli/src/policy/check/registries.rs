//! Which registries are allowed, which repositories are caches, and what the mutating webhook does.

use super::{Explained, expiring};
use crate::policy::page::{Page, list};

pub(super) fn explain(page: &mut Page, explained: &Explained<'_>) {
    page.title("Registries");
    page.row("accounts", &parameter("RegistryIds", explained.parameters.registry_ids.as_deref()));
    page.row(
        "Regions",
        &parameter("RegistryRegion", explained.parameters.registry_region.as_deref()),
    );
    match &explained.policy.scopes {
        None => page.row("of these", "all; the document does not narrow them"),
        Some(scopes) => {
            for (index, scope) in scopes.iter().enumerate() {
                page.row(if index == 0 { "of these only" } else { "" }, &scope.to_string());
            }
        }
    }
    for (index, entry) in explained.document.uninspected().enumerate() {
        page.row(if index == 0 { "not inspected" } else { "" }, &entry.to_string());
    }
    let caches = &explained.policy.pull_through_caches;
    if caches.is_empty() {
        page.row("pull-through", "none");
    }
    for (index, cache) in caches.iter().enumerate() {
        let of = expiring::registries(&cache.scope).unwrap_or("every allowed registry".to_owned());
        page.row(if index == 0 { "pull-through" } else { "" }, &format!("{cache} of {of}"));
    }

    let hosts = &explained.policy.foreign_layer_hosts;
    let hosts = if hosts.is_empty() {
        "none: an image with layers outside Amazon ECR is denied".to_owned()
    } else {
        format!("{}, for Windows images", list(hosts.iter()))
    };
    page.row("foreign layers", &hosts);

    page.title("Mutating webhook");
    page.row(
        "pins in",
        &match explained.document.pin() {
            None => parameter("PinNamespaces", explained.parameters.pin_namespaces.as_deref()),
            Some([]) => "no namespace".to_owned(),
            Some(names) => list(names),
        },
    );
    match explained.document.rewrites() {
        None => page.row("rewrites", "as the parameter Rewrites says"),
        Some(table) if table.is_empty() => page.row("rewrites", "nothing"),
        Some(table) => {
            for (index, (from, to)) in table.entries().enumerate() {
                let label = if index == 0 { "rewrites" } else { "" };
                let to = to.map_or("left as it is".to_owned(), |to| format!("becomes {to}"));
                page.row(label, &format!("{from} {to}"));
            }
        }
    }
}

fn parameter<T: ToString>(name: &str, given: Option<&[T]>) -> String {
    match given {
        Some(names) => {
            format!("{}, as the parameter {name} says", list(names.iter().map(ToString::to_string)))
        }
        None => format!("as the parameter {name} says"),
    }
}
