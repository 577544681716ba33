//! The mode of every rule, in every namespace and cluster that the document names.

use std::fmt;

use ecr_admission_policy::Rule;
use ecr_admission_policy::document::{Document, NamespacePlace};
use ecr_admission_policy::names::ClusterName;
use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::text::{quote, shorten};

use crate::policy::page::Page;

/// The longest name over a column, in characters.
const NAME: usize = 24;

/// Namespaces that have the same modes by the same entry.
pub(super) struct Place {
    /// The namespaces.
    pub(super) name: String,
    /// The clusters; `None` for all.
    cluster: Option<String>,
    pub(super) modes: Modes,
}

/// As a list has it: `dev-*`, `dev-* of cluster blue`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.cluster.as_ref().map_or(Ok(()), |cluster| write!(f, " of cluster {cluster}"))
    }
}

/// Every place that the document tells apart, the rest of the clusters last.
pub(super) fn places(document: &Document) -> Vec<Place> {
    let place = |(NamespacePlace { namespace, cluster }, modes): (&_, Modes)| Place {
        name: namespace.to_string(),
        cluster: cluster.as_ref().map(ToString::to_string),
        modes,
    };
    let mut places: Vec<Place> = document.namespaces().map(place).collect();
    // Everything that is evaluated has a namespace.
    if places.last().is_none_or(|last| last.name != "*" || last.cluster.is_some()) {
        let name = if places.is_empty() { "everywhere" } else { "elsewhere" };
        let (name, modes) = (name.to_owned(), document.modes(None, None));
        places.push(Place { name, cluster: None, modes });
    }
    places
}

pub(super) fn explain(
    page: &mut Page,
    document: &Document,
    asked: &[String],
    cluster: &ClusterName,
) {
    page.title("Modes");
    let places = places(document);
    let by_cluster = places.iter().any(|place| place.cluster.is_some());
    let rules = Rule::ALL.map(Rule::id);
    let clusters = if by_cluster { &["cluster"][..] } else { &[] };
    let column = |place: &Place| {
        let of = by_cluster.then(|| place.cluster.as_deref().unwrap_or("any"));
        cells([Some(place.name.as_str()), of], &place.modes)
    };
    page.table(&[&["namespace"], clusters, &rules[..]].concat(), places.iter().map(column));
    page.note("deny: refused. warn: admitted, with a warning for its author. audit: admitted; only logs and metrics show it.");
    if by_cluster {
        page.note("The first column that matches both the namespace and the cluster applies, from left to right. A caller without a cluster name has the strictest mode that any cluster has in its namespace.");
    } else if places.len() > 1 {
        page.note("The first name that matches a namespace applies, from left to right.");
    }
    if asked.is_empty() {
        return;
    }
    let of = if by_cluster {
        format!(" in cluster {}", quote(cluster.as_str(), 255))
    } else {
        String::new()
    };
    page.title(&format!("Modes in the namespaces that you asked for{of}"));
    let cluster = cluster.as_str();
    let applies = |place: &NamespacePlace, namespace: &str| {
        place.namespace.matches(namespace)
            && place.cluster.as_ref().is_none_or(|it| it.matches(cluster))
    };
    let column = |namespace: &String| {
        let mut entries = document.namespaces();
        let entry = entries.find(|(place, _)| applies(place, namespace)).map(|(place, _)| place);
        let name = entry.map_or("none".to_owned(), |place| place.namespace.to_string());
        let of = entry.and_then(|place| place.cluster.as_ref()).map(ToString::to_string);
        let of = by_cluster.then(|| of.unwrap_or("any".to_owned()));
        let modes = document.modes(Some(namespace), Some(cluster));
        cells([Some(namespace.as_str()), Some(&name), of.as_deref()], &modes)
    };
    let of = if by_cluster { &["of cluster"][..] } else { &[] };
    let labels = [&["namespace", "by the entry"], of, &rules[..]].concat();
    page.table(&labels, asked.iter().map(column));
}

/// The cells under the names of a column: those that are shown, and the mode of each rule.
fn cells<const N: usize>(names: [Option<&str>; N], modes: &Modes) -> Vec<String> {
    let names = names.into_iter().flatten().map(|name| shorten(name, NAME));
    names.chain(Rule::ALL.map(|rule| modes.of(rule).to_string())).collect()
}
