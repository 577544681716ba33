//! The mode of every rule, in every namespace that the document names.

use ecr_admission_policy::Rule;
use ecr_admission_policy::document::Document;
use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::text::shorten;

use crate::policy::page::Page;

/// The longest name over a column, in characters.
const NAME: usize = 24;

/// Namespaces that have the same modes by the same entry.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) modes: Modes,
}

/// Every place that the document tells apart, the rest of the cluster last.
pub(super) fn places(document: &Document) -> Vec<Place> {
    let place = |(name, modes): (&_, Modes)| Place { name: ToString::to_string(name), modes };
    let mut places: Vec<Place> = document.namespaces().map(place).collect();
    // Everything that is evaluated has a namespace.
    if places.last().is_none_or(|last| last.name != "*") {
        let name = if places.is_empty() { "everywhere" } else { "elsewhere" };
        places.push(Place { name: name.to_owned(), modes: document.modes(None) });
    }
    places
}

pub(super) fn explain(page: &mut Page, document: &Document, asked: &[String]) {
    page.title("Modes");
    let places = places(document);
    let rules = Rule::ALL.map(Rule::id);
    let column = |place: &Place| cells(&place.name, None, &place.modes);
    page.table(&[&["namespace"], &rules[..]].concat(), places.iter().map(column));
    page.note("deny: refused. warn: admitted, with a warning for its author. audit: admitted; only logs and metrics show it.");
    if places.len() > 1 {
        page.note("The first name that matches a namespace applies, from left to right.");
    }
    if asked.is_empty() {
        return;
    }
    page.title("Modes in the namespaces that you asked for");
    let column = |namespace: &String| {
        let entry = document.namespaces().find(|(name, _)| name.matches(namespace));
        let entry = entry.map_or("none".to_owned(), |(name, _)| name.to_string());
        cells(namespace, Some(&entry), &document.modes(Some(namespace)))
    };
    page.table(&[&["namespace", "by the entry"], &rules[..]].concat(), asked.iter().map(column));
}

/// The cells under one name: the name, the entry that applies where it is shown, and the mode of each rule.
fn cells(name: &str, entry: Option<&str>, modes: &Modes) -> Vec<String> {
    let names = [Some(name), entry].into_iter().flatten().map(|name| shorten(name, NAME));
    names.chain(Rule::ALL.map(|rule| modes.of(rule).to_string())).collect()
}
