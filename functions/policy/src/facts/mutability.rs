//! `imageTagMutability`: which tags of a repository can be overwritten.

use crate::names::Tag;

/// `imageTagMutability` of a repository, with its exclusion filters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagMutability {
    /// Every tag can be overwritten.
    Mutable,
    /// No tag can be overwritten.
    Immutable,
    /// Only tags that match a filter cannot be overwritten.
    MutableWithExclusion(Vec<ExclusionFilter>),
    /// Only tags that match a filter can be overwritten.
    ImmutableWithExclusion(Vec<ExclusionFilter>),
    /// A word that this version does not know.
    Unknown(String),
}

/// One of a repository's `imageTagMutabilityExclusionFilters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExclusionFilter {
    /// `WILDCARD`: `*` stands for any number of characters.
    Wildcard(String),
    /// A filter type that this version does not know.
    Unknown {
        /// The filter type, as it came.
        filter_type: String,
        /// The filter, as it came.
        filter: String,
    },
}

impl TagMutability {
    /// Reads `imageTagMutability` and the filters that go with it.
    pub fn new(word: &str, filters: Vec<ExclusionFilter>) -> Self {
        match word {
            "MUTABLE" => Self::Mutable,
            "IMMUTABLE" => Self::Immutable,
            "MUTABLE_WITH_EXCLUSION" => Self::MutableWithExclusion(filters),
            "IMMUTABLE_WITH_EXCLUSION" => Self::ImmutableWithExclusion(filters),
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// Whether the tag cannot be overwritten. A filter of an unknown type counts against the tag,
    /// whichever way the filters work.
    pub fn protects(&self, tag: &Tag) -> bool {
        match self {
            Self::Immutable => true,
            Self::Mutable | Self::Unknown(_) => false,
            Self::ImmutableWithExclusion(filters) => {
                !filters.iter().any(|filter| filter.matches(tag).unwrap_or(true))
            }
            Self::MutableWithExclusion(filters) => {
                filters.iter().any(|filter| filter.matches(tag).unwrap_or(false))
            }
        }
    }
}

impl ExclusionFilter {
    /// Reads one filter.
    pub fn new(filter_type: &str, filter: &str) -> Self {
        if filter_type == "WILDCARD" {
            Self::Wildcard(filter.to_owned())
        } else {
            Self::Unknown { filter_type: filter_type.to_owned(), filter: filter.to_owned() }
        }
    }

    /// Whether the filter matches the tag; `None` when this version does not know the filter's type.
    fn matches(&self, tag: &Tag) -> Option<bool> {
        match self {
            Self::Wildcard(pattern) => Some(wildcard(pattern, tag.as_str())),
            Self::Unknown { .. } => None,
        }
    }
}

/// Whether the whole of `text` matches `pattern`, in which `*` stands for any number of characters.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // The earliest place for each part leaves the most for those that follow.
    for part in parts {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_number_of_characters() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything", true),
            ("dev-*", "dev-", true),
            ("dev-*", "dev", false),
            ("dev-*", "xdev-1", false),
            ("*-rc", "1-rc", true),
            ("*-rc", "1-rc2", false),
            ("v*.*-rc*", "v1.2-rc1", true),
            ("v*.*-rc*", "v12-rc1", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*a", "aba", true),
            ("1.2", "1.2", true),
            ("1.2", "1x2", false),
            ("**", "x", true),
        ] {
            assert_eq!(wildcard(pattern, text), expected, "{pattern} {text}");
        }
    }
}
