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
}
