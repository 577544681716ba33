//! Scans and their findings.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::moment::moment;

/// The scan of one image. An image without one answers `ScanNotFoundException`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Scan {
    pub(crate) status: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) completed_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) vulnerability_source_updated_at: Option<Timestamp>,
    #[serde(default = "sent")]
    pub(crate) severity_counts: bool,
    pub(crate) findings: Option<Vec<Finding>>,
}

fn sent() -> bool {
    true
}

impl Scan {
    /// All findings with `repeat` carried out; `None` when the scan sends none at all.
    pub(crate) fn all_findings(&self) -> Option<Vec<Finding>> {
        let findings = self.findings.as_ref()?;
        Some(findings.iter().flat_map(Finding::repeated).collect())
    }
}

/// How many findings there are of each severity. A finding without a severity is not counted.
pub(crate) fn severity_counts(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for severity in findings.iter().filter_map(|it| it.severity.as_deref()) {
        *counts.entry(severity).or_default() += 1;
    }
    counts
}

/// One finding.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Finding {
    pub(crate) name: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) package: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) fixed_in: Option<String>,
    pub(crate) repeat: Option<u64>,
    #[serde(default)]
    pub(crate) fix_available: FixAvailable,
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    pub(crate) first_observed_at: Option<Timestamp>,
}

/// `fixAvailable` of a finding.
#[derive(Clone, Debug, Default)]
pub(crate) enum FixAvailable {
    /// Nothing is said: it follows from `fixedIn`.
    #[default]
    Follows,
    /// This; nothing where the catalogue has `null`.
    Given(Option<String>),
}

impl<'de> Deserialize<'de> for FixAvailable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Given)
    }
}

impl Finding {
    /// The word that is sent, if one is.
    pub(crate) fn fix_available(&self) -> Option<&str> {
        match &self.fix_available {
            FixAvailable::Given(word) => word.as_deref(),
            FixAvailable::Follows if self.fixed_in.is_some() => Some("YES"),
            FixAvailable::Follows => Some("NO"),
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
