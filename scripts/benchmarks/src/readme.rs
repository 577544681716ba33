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

/// Puts the rows of `text` in place of those of the same measure. Fails where the page has no such row, or was measured
/// on another machine.
pub fn update(page: &Path, text: &str) -> Result<(), Failure> {
    let old = std::fs::read_to_string(page)?;
    Ok(std::fs::write(page, updated(&old, text)?)?)
}

fn updated(page: &str, text: &str) -> Result<String, Failure> {
    let mut lines: Vec<&str> = page.lines().collect();
    for new in text.lines().filter(|line| !line.is_empty()) {
        let measure = new.split_inclusive(" | ").next().unwrap_or(new);
        let old = lines.iter_mut().find(|line| line.starts_with(measure));
        *old.ok_or_else(|| {
            format!("the page has no line that begins with \"{measure}\"; write the whole table")
        })? = new;
    }
    Ok(lines.join("\n") + "\n")
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
        let page =
            "| measure | figure |\n|---|---|\n| a | 1 |\n| b | 2 |\n\nMeasured on 2 × x.\nend\n";
        let new = |row, machine| {
            format!("| measure | figure |\n|---|---|\n{row}\n\nMeasured on {machine}.\n")
        };
        let updated = |row, machine| updated(page, &new(row, machine)).map_err(|e| e.to_string());
        assert_eq!(updated("| a | 3 |", "2 × x"), Ok(page.replace('1', "3")));
        let missing = updated("| c | 3 |", "2 × x").unwrap_err();
        assert!(missing.contains("begins with \"| c | \""), "{missing}");
        assert!(updated("| a | 3 |", "2 × y").unwrap_err().contains("Measured on 2 × y."));
    }
}
