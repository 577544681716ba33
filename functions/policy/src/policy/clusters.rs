//! The clusters in which an entry of a policy document applies.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::pattern::Pattern;
use crate::from_text::from_text;
use crate::names::is_cluster_name;
use ecr_admission_text::join;

/// The name of a cluster, or the start of names: `blue`, `prod-*`. The more specific sorts first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterPattern(Pattern);

impl ClusterPattern {
    /// Whether `name` is the name, or begins with the start.
    pub fn matches(&self, name: &str) -> bool {
        self.0.matches(name)
    }
}

impl fmt::Display for ClusterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is not such a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidClusterPattern {
    /// It is `*`, which leaving out the list says already.
    All,
    /// No cluster has such a name.
    Name,
}

impl fmt::Display for InvalidClusterPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "expected names of clusters, since leaving out clusters means all",
            Self::Name => {
                "expected the name of a cluster, or the start of names and one * at the end: at most 255 visible ASCII characters that do not begin with a colon"
            }
        })
    }
}

impl std::error::Error for InvalidClusterPattern {}

impl FromStr for ClusterPattern {
    type Err = InvalidClusterPattern;

    /// A star is only taken at the end: elsewhere it would be mistaken for a pattern.
    fn from_str(text: &str) -> Result<Self, InvalidClusterPattern> {
        let (stem, open) = match text.strip_suffix('*') {
            Some("") => return Err(InvalidClusterPattern::All),
            Some(stem) => (stem, true),
            None => (text, false),
        };
        if is_cluster_name(stem) && !stem.contains('*') {
            Ok(Self(Pattern::new(stem, open)))
        } else {
            Err(InvalidClusterPattern::Name)
        }
    }
}

from_text!(
    ClusterPattern,
    "the name of a cluster, or the start of names followed by *",
    r"^[!-)+-9;-~][!-)+-~]{0,254}[*]?$"
);

/// Clusters by their names. Without a name in it, it means all clusters, and callers whose cluster is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Clusters(#[cfg_attr(test, schemars(length(min = 1)))] Vec<ClusterPattern>);

impl Clusters {
    /// Whether it means all.
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in the order of the document; none where it means all.
    pub fn names(&self) -> &[ClusterPattern] {
        &self.0
    }

    /// Whether this cluster is one of them. One that is not known is in no list of names.
    pub fn contain(&self, cluster: Option<&str>) -> bool {
        self.is_all() || cluster.is_some_and(|name| self.0.iter().any(|it| it.matches(name)))
    }
}

/// The names joined by `, `.
impl fmt::Display for Clusters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.0))
    }
}

impl<'de> Deserialize<'de> for Clusters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Names)
    }
}

/// Checks within the visit, so that an error has the place of the list.
struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Clusters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names of clusters")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut written: A) -> Result<Clusters, A::Error> {
        let mut names = vec![];
        while let Some(name) = written.next_element()? {
            names.push(name);
        }
        if names.is_empty() {
            return Err(A::Error::custom(
                "clusters is empty; name a cluster, or leave it out for all clusters",
            ));
        }
        Ok(Clusters(names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(names: &[&str]) -> Clusters {
        Clusters(names.iter().map(|name| name.parse().unwrap()).collect())
    }

    #[test]
    fn a_cluster_is_named_exactly_or_by_its_start() {
        for (names, inside, outside) in [
            (&["blue"][..], &["blue"][..], &["blue-2", "blu", "Blue", "green"][..]),
            (&["prod-*"], &["prod-", "prod-eu"], &["prod", "my-prod-eu", ""]),
            (&["blue", "prod-*"], &["blue", "prod-eu"], &["green"]),
            (
                &["arn:aws:eks:us-east-1:123456789012:cluster/*"],
                &["arn:aws:eks:us-east-1:123456789012:cluster/a"],
                &["a"],
            ),
        ] {
            let clusters = clusters(names);
            assert!(inside.iter().all(|name| clusters.contain(Some(name))), "{clusters}");
            assert!(!outside.iter().any(|name| clusters.contain(Some(name))), "{clusters}");
            assert!(!clusters.contain(None), "a cluster that is not known is in no list");
        }
        assert!(Clusters::default().contain(Some("blue")) && Clusters::default().contain(None));
    }

    #[test]
    fn every_name_of_a_token_can_be_written_and_nothing_else() {
        let longest = "a".repeat(255);
        for text in ["a", "Prod_EU/1", "a:b", "~", &longest, &format!("{longest}*")] {
            assert_eq!(text.parse::<ClusterPattern>().map(|it| it.to_string()), Ok(text.into()));
        }
        let too_long = "a".repeat(256);
        for text in ["", ":a", ":*", "a b", "a*b", "**", "*a", "ä", "a\n", &too_long] {
            assert_eq!(text.parse::<ClusterPattern>(), Err(InvalidClusterPattern::Name), "{text}");
        }
        assert_eq!("*".parse::<ClusterPattern>(), Err(InvalidClusterPattern::All));
    }
}
