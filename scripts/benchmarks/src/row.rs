//! The table: one row a figure.

use std::fmt::Write as _;

/// What a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A time, of this machine.
    Time,
    /// A count or a size, the same on every machine: `--assert` holds it to its bar.
    Count,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub measure: String,
    /// The result.
    pub figure: String,
    /// What the result must be; empty where it is not bounded.
    pub bar: String,
    /// Whether the bar is reached, where there is one.
    pub reached: Option<bool>,
    /// What the figure depends on.
    pub kind: Kind,
}

impl Row {
    /// A time, with its bar.
    pub fn time(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        reached: bool,
    ) -> Self {
        Self::new(measure, figure, bar, Some(reached), Kind::Time)
    }

    /// A count or a size, with its bar.
    pub fn count(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        reached: bool,
    ) -> Self {
        Self::new(measure, figure, bar, Some(reached), Kind::Count)
    }

    /// A figure without a bar.
    pub fn plain(measure: impl Into<String>, figure: impl Into<String>) -> Self {
        Self::new(measure, figure, "", None, Kind::Time)
    }

    fn new(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        reached: Option<bool>,
        kind: Kind,
    ) -> Self {
        let (measure, figure, bar) = (measure.into(), figure.into(), bar.into());
        Self { measure, figure, bar, reached, kind }
    }
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut table = "| measure | figure | bar | |\n|---|---|---|---|\n".to_owned();
    for Row { measure, figure, bar, reached, .. } in rows {
        let verdict = match reached {
            Some(true) => "pass",
            Some(false) => "**falls short**",
            None => "",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {measure} | {figure} | {bar} | {verdict} |");
    }
    table
}

/// Whether a figure that is the same on every machine falls short.
pub fn a_count_falls_short(rows: &[Row]) -> bool {
    rows.iter().any(|row| row.kind == Kind::Count && row.reached == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let rows = [
            Row::count("calls", "3", "3", true),
            Row::time("p50", "2 ms", "≤ 1 ms", false),
            Row::plain("spread", "1 %"),
        ];
        assert_eq!(
            table(&rows),
            "| measure | figure | bar | |\n|---|---|---|---|\n\
             | calls | 3 | 3 | pass |\n| p50 | 2 ms | ≤ 1 ms | **falls short** |\n| spread | 1 % |  |  |\n"
        );
    }

    #[test]
    fn only_counts_are_held_to_their_bar() {
        assert!(!a_count_falls_short(&[
            Row::time("p50", "", "", false),
            Row::count("c", "", "", true)
        ]));
        assert!(a_count_falls_short(&[Row::count("c", "", "", false)]));
    }
}
