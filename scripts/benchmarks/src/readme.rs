//! The table in a page, between two markers.

use std::path::Path;

use crate::failure::Failure;

const BEGIN: &str = "<!-- scripts/bench --write: begin -->\n";
const END: &str = "<!-- scripts/bench --write: end -->\n";

/// Puts `text` between the markers of the page.
pub fn write(page: &Path, text: &str) -> Result<(), Failure> {
    let old = std::fs::read_to_string(page)?;
    let new = replaced(&old, text).ok_or_else(|| {
        format!("{} lacks the markers {} and {}", page.display(), BEGIN.trim(), END.trim())
    })?;
    Ok(std::fs::write(page, new)?)
}

/// Puts the rows of `text` between the markers, each in place of that of the same measure. Fails where there is no such
/// row, or what is there was measured on another machine.
pub fn update(page: &Path, text: &str) -> Result<(), Failure> {
    let old = std::fs::read_to_string(page)?;
    Ok(std::fs::write(page, updated(&old, text)?)?)
}

fn updated(page: &str, text: &str) -> Result<String, Failure> {
    let (before, rest) = page.split_once(BEGIN).ok_or("the page has no table")?;
    let (table, after) = rest.split_once(END).ok_or("the table of the page has no end")?;
    let mut lines: Vec<(&str, bool)> = table.lines().map(|line| (line, false)).collect();
    for new in text.lines().filter(|line| !line.is_empty()) {
        let measure = new.split_inclusive(" | ").next().unwrap_or(new);
        let old = lines.iter_mut().find(|(line, is_new)| !is_new && line.starts_with(measure));
        let missing = || {
            format!("the page has no line that begins with \"{measure}\"; write the whole table")
        };
        *old.ok_or_else(missing)? = (new, true);
    }
    let lines: Vec<&str> = lines.into_iter().map(|(line, _)| line).collect();
    Ok(format!("{before}{BEGIN}{}\n{END}{after}", lines.join("\n")))
}

fn replaced(page: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_markers_is_replaced() {
        let page = format!("a\n{BEGIN}old\n{END}b\n");
        let once = replaced(&page, "new").unwrap();
        assert_eq!(once, format!("a\n{BEGIN}\nnew\n\n{END}b\n"));
        assert_eq!(replaced(&once, "new").unwrap(), once);
        assert_eq!(replaced("no markers", "new"), None);
    }

    #[test]
    fn rows_take_the_place_of_those_of_their_measure() {
        let table = |row: &str, machine: &str| {
            format!("\n| measure | figure |\n|---|---|\n{row}\n\nMeasured on {machine}.\n\n")
        };
        let page = |row| format!("| a | 0 |\n{BEGIN}{}{END}\n| b | 0 |\n", table(row, "2 × x"));
        let old = page("| a | 1 |\n| b | 2 |\n| b | 3 |");
        let updated = |row, machine| updated(&old, &table(row, machine)).map_err(|e| e.to_string());
        assert_eq!(updated("| a | 4 |", "2 × x"), Ok(page("| a | 4 |\n| b | 2 |\n| b | 3 |")));
        // Two rows of one measure keep their order.
        let both = updated("| b | 5 |\n| b | 6 |", "2 × x");
        assert_eq!(both, Ok(page("| a | 1 |\n| b | 5 |\n| b | 6 |")));
        let missing = updated("| c | 4 |", "2 × x").unwrap_err();
        assert!(missing.contains("begins with \"| c | \""), "{missing}");
        assert!(updated("| a | 4 |", "2 × y").unwrap_err().contains("Measured on 2 × y."));
    }
}
