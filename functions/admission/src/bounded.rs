//! Lists and texts of a log line, no longer than CloudWatch Logs takes: an event of 256 KB (quotas of
//! CloudWatch Logs), while a review may name 28,000 images.

use std::borrow::Cow;

use ecr_admission_policy::text::is_printable;

/// The most of a list that a log line names, or that there are audit annotations for.
pub const NAMED: usize = 50;

/// The start of a list, and how much of it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The first of it, [`NAMED`] at most.
    pub named: Vec<T>,
    /// How many are not named.
    pub omitted: usize,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { named: vec![], omitted: 0 }
    }
}

impl<T> FromIterator<T> for Listed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut all = all.into_iter();
        let named = all.by_ref().take(NAMED).collect();
        Self { named, omitted: all.count() }
    }
}

/// `text`, or its two ends around `…` where it would take more than `bytes` of a log line.
pub fn bounded(text: &str, bytes: usize) -> Cow<'_, str> {
    if fitting(text.chars(), bytes) == text.len() {
        return text.into();
    }
    let half = bytes.saturating_sub('…'.len_utf8()) / 2;
    let (head, tail) = (fitting(text.chars(), half), fitting(text.chars().rev(), half));
    let head = text.get(..head).unwrap_or_default();
    let tail = text.get(text.len() - tail..).unwrap_or_default();
    format!("{head}…{tail}").into()
}

/// How long the first of these characters are, in UTF-8, that take `bytes` of a log line at most.
fn fitting(characters: impl Iterator<Item = char>, bytes: usize) -> usize {
    let taken = characters.scan(0, |taken, c| {
        *taken += logged(c);
        (*taken <= bytes).then_some(c.len_utf8())
    });
    taken.sum()
}

/// How many bytes of a log line a character takes at most: JSON escapes some, and the log all that a
/// terminal would act on, as UTF-16.
fn logged(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if is_printable(c) => c.len_utf8(),
        c => r"\u0000".len() * c.len_utf16(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_up_to_its_fiftieth_and_then_counted() {
        for (length, named, omitted) in
            [(0, 0, 0), (1, 1, 0), (50, 50, 0), (51, 50, 1), (28_000, 50, 27_950)]
        {
            let listed: Listed<usize> = (0..length).collect();
            assert_eq!((listed.named.len(), listed.omitted), (named, omitted));
            assert_eq!(listed.named, (0..named).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_text_is_whole_where_it_fits_and_loses_its_middle_where_not() {
        for (text, bytes, expected) in [
            ("", 0, ""),
            ("abcdefgh", 8, "abcdefgh"),
            ("abcdefghi", 8, "ab…hi"),
            ("éééé", 8, "éééé"),
            ("ééééé", 9, "é…é"),
            (r#""""""#, 8, r#""""""#),
            (r#"""""""#, 8, r#""…""#),
            ("a\u{7}b", 8, "a\u{7}b"),
            ("a\u{7}bc", 8, "a…bc"),
            ("\u{e0001}", 12, "\u{e0001}"),
            ("\u{e0001}", 11, "…"),
            ("abc", 0, "…"),
        ] {
            assert_eq!(bounded(text, bytes), expected, "{text:?} in {bytes}");
        }
    }

    #[test]
    fn nothing_takes_more_of_a_line_than_it_may() {
        for c in ['x', '"', '\\', '\n', '\u{7f}', 'é', '\u{202e}', '😀', '\u{e0001}'] {
            let text = bounded(&c.to_string().repeat(10_000), 512).into_owned();
            let logged: usize = text.chars().map(logged).sum();
            assert!(logged <= 512 && logged > 480, "{c:?}: {logged} bytes");
        }
    }
}
