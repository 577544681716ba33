//! Plain text in sections of aligned rows, readable in a terminal.

use textwrap::{WordSplitter, fill};

/// The longest line, in columns.
const WIDTH: usize = 100;

/// Where the text of a row begins, after its label.
const LABEL: usize = 20;

/// Text that grows by sections.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Begins a section.
    pub(crate) fn title(&mut self, title: &str) {
        self.0.push('\n');
        self.line("", "", title);
    }

    /// A label and its text.
    pub(crate) fn row(&mut self, label: &str, text: &str) {
        let label = format!("  {label:<width$}", width = LABEL - 2);
        self.line(&label, &" ".repeat(LABEL), text);
    }

    /// Text without a label.
    pub(crate) fn note(&mut self, text: &str) {
        self.line("  ", "  ", text);
    }

    /// Text of a list.
    pub(crate) fn item(&mut self, text: &str) {
        self.line("  - ", "    ", text);
    }

    /// Columns of cells, with a label before each row: as many columns as a line holds, and the rest below.
    pub(crate) fn table(&mut self, labels: &[&str], columns: impl Iterator<Item = Vec<String>>) {
        let columns: Vec<(Vec<String>, usize)> = columns
            .map(|cells| {
                let widest = cells.iter().map(|cell| cell.chars().count()).max();
                (cells, widest.unwrap_or_default() + 2)
            })
            .collect();
        let mut rest = &columns[..];
        while !rest.is_empty() {
            let mut width = LABEL;
            let fits = rest.iter().take_while(|(_, column)| {
                width += column;
                width <= WIDTH
            });
            let (these, others) = rest.split_at(fits.count().max(1));
            if rest.len() < columns.len() {
                self.whole_line("");
            }
            for (row, label) in labels.iter().enumerate() {
                let cells = these.iter().filter_map(|(cells, width)| {
                    cells.get(row).map(|cell| format!("{cell:<width$}"))
                });
                self.row(label, cells.collect::<String>().trim_end());
            }
            rest = others;
        }
    }

    /// Text after `first`, wrapped, each further line after `next`.
    pub(crate) fn line(&mut self, first: &str, next: &str, text: &str) {
        // A break at a hyphen would tear the names of rules and images apart.
        let options = textwrap::Options::new(WIDTH)
            .initial_indent(first)
            .subsequent_indent(next)
            .word_splitter(WordSplitter::NoHyphenation);
        self.0.push_str(&fill(text, options));
        self.0.push('\n');
    }

    /// A line that is not wrapped, for other programs to find.
    pub(crate) fn whole_line(&mut self, text: &str) {
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// The names joined by `, `.
pub(crate) fn list<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}
