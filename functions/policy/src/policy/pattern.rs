//! Names with one star at the end, for namespaces and repositories; and for [clusters](super::clusters).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::from_text::from_text;

/// A name, or the start of names: `payments`, `team-*`, `*`. The more specific sorts first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    stem: String,
    open: bool,
}

impl Pattern {
    /// A name, or the start of names, whose characters are known to be good.
    pub(super) fn new(stem: &str, open: bool) -> Self {
        Self { stem: stem.to_owned(), open }
    }

    /// Whether it is `*`, which matches every name.
    pub fn is_all(&self) -> bool {
        self.open && self.stem.is_empty()
    }

    /// Whether `name` is the name, or begins with the start.
    pub fn matches(&self, name: &str) -> bool {
        if self.open { name.starts_with(&self.stem) } else { name == self.stem }
    }
}

/// An exact name before a start, a longer start before a shorter.
impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.open
            .cmp(&other.open)
            .then_with(|| other.stem.len().cmp(&self.stem.len()))
            .then_with(|| self.stem.cmp(&other.stem))
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stem)?;
        f.write_str(if self.open { "*" } else { "" })
    }
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPattern;

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "expected lower-case letters, digits and . _ / -, with at most one *, at the end",
        )
    }
}

impl std::error::Error for InvalidPattern {}

impl FromStr for Pattern {
    type Err = InvalidPattern;

    fn from_str(text: &str) -> Result<Self, InvalidPattern> {
        let (stem, open) = match text.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (text, false),
        };
        let accepted = |b: u8| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'/' | b'-')
        };
        if (stem.is_empty() && !open) || stem.len() > 256 || !stem.bytes().all(accepted) {
            return Err(InvalidPattern);
        }
        Ok(Self::new(stem, open))
    }
}

from_text!(Pattern, "a name, or the start of names followed by *", r"^([a-z0-9._/-]+[*]?|[*])$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_end() {
        for (pattern, matched, others) in [
            ("team", &["team"][..], &["team-a", "tea", "", "Team"][..]),
            ("team-*", &["team-", "team-a", "team-a/b"], &["team", "my-team-a"]),
            ("*", &["", "a", "a/b"], &[]),
        ] {
            let pattern: Pattern = pattern.parse().unwrap();
            assert!(matched.iter().all(|name| pattern.matches(name)), "{pattern}");
            assert!(!others.iter().any(|name| pattern.matches(name)), "{pattern}");
        }
        for text in ["", "a*b", "**", "*a", "A", "a b", "a\u{0}"] {
            assert_eq!(text.parse::<Pattern>(), Err(InvalidPattern), "{text:?}");
        }
    }

    #[test]
    fn the_more_specific_sorts_first() {
        let mut patterns: Vec<Pattern> =
            ["*", "team-*", "team-a-*", "x", "team-a"].map(|p| p.parse().unwrap()).into();
        patterns.sort();
        let sorted: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, ["team-a", "x", "team-a-*", "team-*", "*"]);
    }
}
