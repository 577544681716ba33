//! What changes between two texts, as `diff -u` shows it.

use ecr_admission_policy::text::printable;
use similar::TextDiff;

/// Lines without control characters; empty where nothing changes.
pub(super) fn difference(old: (&str, &str), new: (&str, &str)) -> String {
    let ((old_name, old), (new_name, new)) = (old, new);
    let lines = TextDiff::from_lines(old, new);
    let text = lines.unified_diff().context_radius(3).header(old_name, new_name).to_string();
    let mut shown = String::new();
    for line in text.lines() {
        shown.push_str(&printable(line));
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_with_their_surroundings_and_without_control_characters() {
        let old = "a\r\nb\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\n";
        let new = old.replace("b\r\n", "b\r\n\u{1b}[2K\r\n");
        assert_eq!(
            difference(("version 1", old), ("version 2", &new)),
            "--- version 1\n+++ version 2\n@@ -1,5 +1,6 @@\n a\n b\n+[2K\n c\n d\n e\n"
        );
        assert_eq!(difference(("1", old), ("2", old)), "");
    }
}
