//! Scans and their findings.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer, de};

use super::moment::moment;
use super::registry::ScanType;
use super::word::Word;

/// The scan of one image. An image without one answers `ScanNotFoundException`.
#[allow(clippy::struct_field_names, reason = "the names are those of the API")]
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Scan {
    /// Where it is not that of the registry.
    #[serde(rename = "scanType", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<ScanType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub(crate) completed_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub(crate) vulnerability_source_updated_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "SeverityCounts::follow")]
    pub(crate) severity_counts: SeverityCounts,
    /// Whether there are more findings, on pages that are not recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) incomplete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<Vec<Finding>>,
}

impl Scan {
    /// All findings with `repeat` carried out; `None` when the scan sends none at all.
    pub(crate) fn all_findings(&self) -> Option<Vec<Finding>> {
        let findings = self.findings.as_ref()?;
        Some(findings.iter().flat_map(Finding::repeated).collect())
    }
}

/// `findingSeverityCounts` of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum SeverityCounts {
    /// Those of the findings.
    #[default]
    OfFindings,
    /// These, whatever the findings are.
    Given(BTreeMap<String, u64>),
    /// None are sent.
    Absent,
}

impl SeverityCounts {
    fn follow(&self) -> bool {
        *self == SeverityCounts::OfFindings
    }

    /// The counts that are sent, if any are. A finding without a severity is not counted.
    pub(crate) fn of(&self, findings: Option<&[Finding]>) -> Option<BTreeMap<String, u64>> {
        match self {
            SeverityCounts::Given(counts) => Some(counts.clone()),
            SeverityCounts::Absent => None,
            SeverityCounts::OfFindings => {
                let mut counts = BTreeMap::new();
                for severity in findings?.iter().filter_map(|it| it.severity.clone()) {
                    *counts.entry(severity).or_default() += 1;
                }
                Some(counts)
            }
        }
    }
}

impl Serialize for SeverityCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            SeverityCounts::OfFindings => serializer.serialize_bool(true),
            SeverityCounts::Absent => serializer.serialize_bool(false),
            SeverityCounts::Given(counts) => counts.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SeverityCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountsVisitor)
    }
}

struct CountsVisitor;

impl<'de> Visitor<'de> for CountsVisitor {
    type Value = SeverityCounts;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("true, false, or counts such as {CRITICAL: 1}")
    }

    fn visit_bool<E>(self, sent: bool) -> Result<SeverityCounts, E> {
        Ok(if sent { SeverityCounts::OfFindings } else { SeverityCounts::Absent })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SeverityCounts, A::Error> {
        BTreeMap::deserialize(de::value::MapAccessDeserializer::new(map)).map(SeverityCounts::Given)
    }
}

/// One finding.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Finding {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) package: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed_in: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeat: Option<u64>,
    /// Instead of `package`, `version` and `fixed_in`, where it is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) packages: Option<Vec<Package>>,
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) fix_available: Word,
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) status: Word,
    #[serde(default, deserialize_with = "moment", skip_serializing_if = "Option::is_none")]
    pub(crate) first_observed_at: Option<Timestamp>,
}

/// A package that a finding is about.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Package {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixed_in: Option<String>,
}

impl Finding {
    /// The word that is sent, if one is.
    pub(crate) fn fix_available(&self) -> Option<&str> {
        let is_fixed = self.packages().iter().any(|package| package.fixed_in.is_some());
        self.fix_available.or(Some(if is_fixed { "YES" } else { "NO" }))
    }

    /// The packages that it is about.
    pub(crate) fn packages(&self) -> Cow<'_, [Package]> {
        match (&self.packages, &self.package) {
            (Some(packages), _) => Cow::Borrowed(packages),
            (None, None) => Cow::Borrowed(&[]),
            (None, Some(name)) => Cow::Owned(vec![Package {
                name: Some(name.clone()),
                version: self.version.clone(),
                fixed_in: self.fixed_in.clone(),
            }]),
        }
    }

    /// The finding, or as many of it as `repeat` says.
    fn repeated(&self) -> impl Iterator<Item = Finding> + '_ {
        (0..self.repeat.unwrap_or(1)).map(|nth| Finding {
            name: self.name.as_deref().map(|name| counted_up(name, nth)),
            ..self.clone()
        })
    }
}

/// `CVE-2026-1234` and 2 give `CVE-2026-1236`; a name that ends in no number gets `-2`.
fn counted_up(name: &str, nth: u64) -> String {
    if nth == 0 {
        return name.to_owned();
    }
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name.strip_prefix(stem).and_then(|digits| digits.parse::<u64>().ok());
    match number.and_then(|number| number.checked_add(nth)) {
        Some(number) => format!("{stem}{number}"),
        None => format!("{name}-{nth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted_up;

    #[test]
    fn the_number_at_the_end_of_a_name_is_counted_up() {
        assert_eq!(counted_up("CVE-2026-1234", 0), "CVE-2026-1234");
        assert_eq!(counted_up("CVE-2026-1299", 2), "CVE-2026-1301");
        assert_eq!(counted_up("GHSA-abcd", 2), "GHSA-abcd-2");
        assert_eq!(
            counted_up("CVE-2026-18446744073709551615", 1),
            "CVE-2026-18446744073709551615-1"
        );
    }
}
