//! `namespaces` of a document: where other modes apply.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::read::present;
use super::rule_modes::WrittenRules;
use crate::mode::Mode;
use crate::policy::clusters::{ClusterPattern, Clusters};
use crate::policy::modes::{Modes, RuleModes};
use crate::policy::pattern::Pattern;
use ecr_admission_text::{join, quote};

/// How many places a document may tell apart. Without clusters, no document is long enough for more; the names of an
/// entry times its clusters could be millions.
const MAX_PLACES: usize = 10_000;

/// The longest name of a cluster in an error, in characters.
const SHOWN: usize = 256;

/// The modes of namespaces, the most specific place first.
#[derive(Debug, Clone, Default)]
pub(super) struct Namespaces(BTreeMap<NamespacePlace, NamespaceModes>);

/// Where modes apply. The more specific sorts first: by the namespace, and of one namespace by the cluster. Two
/// places that have a namespace of a cluster in common are never equally specific, unless they are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespacePlace {
    /// The namespaces.
    pub namespace: Pattern,
    /// The clusters; `None` for all.
    pub cluster: Option<ClusterPattern>,
}

impl Ord for NamespacePlace {
    fn cmp(&self, other: &Self) -> Ordering {
        let (ours, others) = (&self.cluster, &other.cluster);
        self.namespace
            .cmp(&other.namespace)
            // All clusters come last.
            .then_with(|| ours.is_none().cmp(&others.is_none()))
            .then_with(|| ours.cmp(others))
    }
}

impl PartialOrd for NamespacePlace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Debug, Clone)]
struct NamespaceModes {
    default: Option<Mode>,
    rules: RuleModes,
}

impl NamespaceModes {
    /// These modes over those of the document.
    fn over(&self, document: &Modes) -> Modes {
        document.under(self.default, &self.rules)
    }
}

/// The modes of rules in some namespaces.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(extend("anyOf" = [{"required": ["mode"]}, {"required": ["rules"]}])))]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenModes {
    /// Namespaces: names, or starts of names followed by `*`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    names: Vec<Pattern>,
    /// Clusters in which this applies: names, or starts of names followed by `*`. Default: all.
    #[serde(default)]
    clusters: Clusters,
    /// The mode of every rule that has none in `rules` here. Default: the rule's own mode.
    #[serde(default, deserialize_with = "present")]
    mode: Option<Mode>,
    /// The modes of single rules.
    #[serde(default)]
    rules: WrittenRules,
}

impl<'de> Deserialize<'de> for Namespaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Entries)
    }
}

/// Checks within the visit, so that an error has the place of the list.
struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Namespaces;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names with their mode or rules")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Namespaces, A::Error> {
        let mut namespaces = Namespaces::default();
        while let Some(entry) = entries.next_element()? {
            namespaces.add(entry).map_err(A::Error::custom)?;
        }
        Ok(namespaces)
    }
}

impl Namespaces {
    fn add(&mut self, written: WrittenModes) -> Result<(), String> {
        let WrittenModes { names, clusters, mode, rules } = written;
        let modes = NamespaceModes { default: mode, rules: rules.0 };
        if names.is_empty() {
            return Err("an entry has no names; name a namespace or remove the entry".to_owned());
        }
        if modes.default.is_none() && modes.rules.is_empty() {
            let names = join(&names);
            return Err(format!("the entry for {names} has no mode and no rules; add one"));
        }
        let clusters: Vec<Option<ClusterPattern>> = if clusters.is_all() {
            vec![None]
        } else {
            clusters.names().iter().cloned().map(Some).collect()
        };
        let places = names.into_iter().flat_map(|namespace| {
            let place = move |cluster| NamespacePlace { namespace: namespace.clone(), cluster };
            clusters.iter().cloned().map(place)
        });
        for place in places {
            if self.0.len() == MAX_PLACES {
                return Err(format!(
                    "expected at most {MAX_PLACES} pairs of a name and a cluster, got more; name several clusters by the start of their names, such as prod-*"
                ));
            }
            if self.0.contains_key(&place) {
                return Err(twice(&place));
            }
            self.0.insert(place, modes.clone());
        }
        Ok(())
    }

    /// Every place and its modes, over those of the document, the most specific place first.
    pub(super) fn all(&self, document: &Modes) -> impl Iterator<Item = (&NamespacePlace, Modes)> {
        self.0.iter().map(|(place, modes)| (place, modes.over(document)))
    }

    /// The modes in a namespace of a cluster, over those of the document. What has no namespace has only those.
    ///
    /// A caller whose cluster is not known may be any of them: its modes are the strictest of all entries that may
    /// apply there.
    pub(super) fn modes(
        &self,
        namespace: Option<&str>,
        cluster: Option<&str>,
        document: &Modes,
    ) -> Modes {
        let Some(namespace) = namespace else { return document.clone() };
        let here = self.0.iter().filter(|(place, _)| place.namespace.matches(namespace));
        let mut of_some_cluster: Vec<Modes> = vec![];
        let mut of_caller = document.clone();
        for (place, modes) in here {
            match (&place.cluster, cluster) {
                (Some(pattern), Some(name)) if !pattern.matches(name) => {}
                (Some(_), None) => of_some_cluster.push(modes.over(document)),
                (None, _) | (Some(_), Some(_)) => {
                    of_caller = modes.over(document);
                    break;
                }
            }
        }
        of_some_cluster.iter().fold(of_caller, |strictest, modes| strictest.stricter(modes))
    }
}

/// Why two entries for one place are refused: neither is more specific.
fn twice(place: &NamespacePlace) -> String {
    let NamespacePlace { namespace, cluster } = place;
    let cluster = cluster.as_ref().map_or(String::new(), |cluster| {
        format!(" for cluster {}", quote(&cluster.to_string(), SHOWN))
    });
    format!("\"{namespace}\" appears twice{cluster}; name it in one entry only")
}
