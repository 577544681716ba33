//! Foreign text in messages and log lines: quoted, without what a terminal would act on, never too long.
//!
//! It is a crate of its own so that log lines can use it without the policy.

use std::fmt;

/// The longest quoted input in a message, in characters.
pub const QUOTED: usize = 256;

/// `text` in double quotes for a one-line message: control characters and invisible formatting
/// characters are left out, `"` and `\` are escaped, and what is longer than `max` characters loses
/// its middle.
pub fn quote(text: &str, max: usize) -> String {
    let mut quoted = String::with_capacity(text.len().min(2 * max) + 2);
    quoted.push('"');
    for c in shorten(&printable(text), max).chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// `text` without control characters and without the characters that hide or reorder others.
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| is_printable(*c)).collect()
}

/// Whether a terminal shows `c` as itself: no control character (Unicode category Cc), no
/// bidirectional override, no zero-width or line-separating character.
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `text`, or its two ends around `…` when it has more than `max` characters.
pub fn shorten(text: &str, max: usize) -> String {
    let length = text.chars().count();
    if length <= max {
        return text.to_owned();
    }
    let kept = max.saturating_sub(1);
    let head = kept.div_ceil(2);
    let tail = kept - head;
    let mut short: String = text.chars().take(head).collect();
    short.push('…');
    short.extend(text.chars().skip(length - tail));
    short
}

/// The start of `text`, ended by `…` when it has more than `max` characters.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

/// The names, joined by `, `.
pub fn join(names: impl IntoIterator<Item: fmt::Display>) -> String {
    names.into_iter().map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_left_out() {
        assert_eq!(quote("ngi\u{1b}[31mnx\0\r\n", QUOTED), r#""ngi[31mnx""#);
        assert_eq!(quote("a\u{202e}b\u{200b}c\u{2028}d", QUOTED), r#""abcd""#);
    }

    #[test]
    fn a_quote_cannot_be_closed_from_inside() {
        assert_eq!(quote(r#"x": fine ["#, QUOTED), r#""x\": fine [""#);
        assert_eq!(quote(r"\", QUOTED), r#""\\""#);
    }

    #[test]
    fn long_text_loses_its_middle() {
        assert_eq!(shorten("abcdefghij", 5), "ab…ij");
        assert_eq!(shorten("abcde", 5), "abcde");
        assert_eq!(shorten("é".repeat(5000).as_str(), 256).chars().count(), 256);
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }

    #[test]
    fn names_are_separated_by_commas() {
        assert_eq!(join([1, 2, 3]), "1, 2, 3");
        assert_eq!(join(["a"]), "a");
        assert_eq!(join([] as [u8; 0]), "");
    }
}
