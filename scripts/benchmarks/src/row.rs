//! The table: one row a figure.

use std::fmt::Write as _;

use serde::Serialize;

/// What a figure is to its bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Reached.
    #[serde(rename = "pass")]
    Pass,
    /// Not reached.
    #[serde(rename = "falls short")]
    FallsShort,
    /// There is no bar.
    #[serde(rename = "told")]
    Told,
}

impl Verdict {
    /// Reached or not.
    pub fn of(reached: bool) -> Self {
        if reached { Self::Pass } else { Self::FallsShort }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::FallsShort => "**falls short**",
            Self::Told => "",
        }
    }
}

/// What a figure depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A time, of this machine.
    Time,
    /// A count or a size, the same on every machine: `--assert` holds it to its bar.
    Count,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub measure: String,
    /// What came out.
    pub figure: String,
    /// What should come out; empty where nothing is asked.
    pub bar: String,
    /// What the figure is to the bar.
    pub verdict: Verdict,
    /// What the figure depends on.
    pub kind: Kind,
    /// The number that is held against the bar, for who compares runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

impl Row {
    /// A time, with its bar.
    pub fn time(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        reached: bool,
    ) -> Self {
        Self::new(measure, figure, bar, Verdict::of(reached), Kind::Time)
    }

    /// A count or a size, with its bar.
    pub fn count(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        reached: bool,
    ) -> Self {
        Self::new(measure, figure, bar, Verdict::of(reached), Kind::Count)
    }

    /// A figure without a bar.
    pub fn told(measure: impl Into<String>, figure: impl Into<String>) -> Self {
        Self::new(measure, figure, "", Verdict::Told, Kind::Time)
    }

    fn new(
        measure: impl Into<String>,
        figure: impl Into<String>,
        bar: impl Into<String>,
        verdict: Verdict,
        kind: Kind,
    ) -> Self {
        let (measure, figure, bar) = (measure.into(), figure.into(), bar.into());
        Self { measure, figure, bar, verdict, kind, value: None }
    }

    /// The same row with its number.
    #[must_use]
    pub fn valued(self, value: f64) -> Self {
        Self { value: Some(value), ..self }
    }
}

/// The rows as a Markdown table.
pub fn table(rows: &[Row]) -> String {
    let mut table = "| measure | figure | bar | |\n|---|---|---|---|\n".to_owned();
    for Row { measure, figure, bar, verdict, .. } in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| {measure} | {figure} | {bar} | {} |", verdict.word());
    }
    table
}

/// Whether a figure that is the same on every machine falls short.
pub fn a_count_falls_short(rows: &[Row]) -> bool {
    rows.iter().any(|row| row.kind == Kind::Count && row.verdict == Verdict::FallsShort)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let rows = [
            Row::count("calls", "3", "3", true),
            Row::time("p50", "2 ms", "≤ 1 ms", false),
            Row::told("spread", "1 %"),
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
