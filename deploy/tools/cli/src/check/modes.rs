//! The mode of every rule, in every namespace that the document names.

use ecr_admission_policy::Rule;
use ecr_admission_policy::document::Document;
use ecr_admission_policy::policy::modes::Modes;
use ecr_admission_policy::text::shorten;

use crate::page::{Page, WIDTH};

/// The longest name over a column, in characters.
const NAME: usize = 24;

/// Where the columns begin.
const LABEL: usize = 20;

/// Namespaces that have the same modes by the same entry.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) modes: Modes,
}

/// Every place that the document tells apart, the rest of the cluster last.
pub(super) fn places(document: &Document) -> Vec<Place> {
    let place = |(name, modes): (&_, Modes)| Place { name: ToString::to_string(name), modes };
    let mut places: Vec<Place> = document.namespaces().map(place).collect();
    // All that is judged has a namespace.
    if places.last().is_none_or(|last| last.name != "*") {
        let name = if places.is_empty() { "everywhere" } else { "elsewhere" };
        places.push(Place { name: name.to_owned(), modes: document.modes(None) });
    }
    places
}

pub(super) fn explain(page: &mut Page, document: &Document, asked: &[String]) {
    page.title("Modes");
    let places = places(document);
    let column = |place: &Place| Column::new(&place.name, None, &place.modes);
    table(page, &places.iter().map(column).collect::<Vec<_>>());
    page.note("deny: refused. warn: admitted, and its author is told. audit: admitted; logs and metrics tell.");
    if places.len() > 1 {
        page.note("The first name that fits a namespace applies, from left to right.");
    }
    if asked.is_empty() {
        return;
    }
    page.title("Modes in the namespaces that you asked for");
    let column = |namespace: &String| {
        let entry = document.namespaces().find(|(name, _)| name.matches(namespace));
        let entry = entry.map_or("none".to_owned(), |(name, _)| name.to_string());
        Column::new(namespace, Some(&entry), &document.modes(Some(namespace)))
    };
    table(page, &asked.iter().map(column).collect::<Vec<_>>());
}

/// The cells under one name, in the order of the rules; before them what decides, where that is told.
struct Column {
    cells: Vec<String>,
    width: usize,
}

impl Column {
    fn new(name: &str, entry: Option<&str>, modes: &Modes) -> Self {
        let modes = Rule::ALL.map(|rule| modes.of(rule).to_string());
        let names = [Some(name), entry].into_iter().flatten().map(|name| shorten(name, NAME));
        let cells: Vec<String> = names.chain(modes).collect();
        let width = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default() + 2;
        Self { cells, width }
    }
}

/// As many columns beside one another as a line holds, and the rest below.
fn table(page: &mut Page, columns: &[Column]) {
    let mut rest = columns;
    while !rest.is_empty() {
        let mut width = LABEL;
        let fits = rest.iter().take_while(|column| {
            width += column.width;
            width <= WIDTH
        });
        let (these, others) = rest.split_at(fits.count().max(1));
        if rest.len() < columns.len() {
            page.whole_line("");
        }
        block(page, these);
        rest = others;
    }
}

fn block(page: &mut Page, columns: &[Column]) {
    let rows = columns.first().map_or(0, |column| column.cells.len());
    let rules = Rule::ALL.iter().map(|rule| rule.id());
    let headings =
        ["namespace", "by the entry"].into_iter().take(rows.saturating_sub(Rule::ALL.len()));
    for (row, label) in headings.chain(rules).enumerate() {
        let cells = columns.iter().filter_map(|column| {
            column.cells.get(row).map(|cell| format!("{cell:<width$}", width = column.width))
        });
        page.row(label, cells.collect::<String>().trim_end());
    }
}
