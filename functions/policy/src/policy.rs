//! What the operator chose.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::facts::Severity;
use crate::image::EcrImage;
use crate::names::{AccountId, Region};

/// The operator's choices that rules depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The accounts whose registries are allowed.
    pub registry_ids: BTreeSet<AccountId>,
    /// The Regions whose registries are allowed.
    pub regions: BTreeSet<Region>,
    /// The lowest severity of a finding that denies.
    pub severity_limit: SeverityLimit,
    /// Whether only images pinned by digest pass.
    pub pinned: bool,
}

impl Policy {
    /// Whether the image lies in an allowed account and Region.
    pub fn allows(&self, image: &EcrImage) -> bool {
        self.registry_ids.contains(&image.account) && self.regions.contains(&image.region)
    }
}

/// One line for the audit log: which policy a verdict was reached by.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registry_ids, regions, severity_limit, pinned } = self;
        let (registry_ids, regions) = (join(registry_ids), join(regions));
        write!(
            f,
            "registry ids {registry_ids}; Regions {regions}; severity limit {severity_limit}"
        )?;
        f.write_str(if *pinned { "; pinned" } else { "" })
    }
}

/// The names joined by `, `.
pub(crate) fn join<T: fmt::Display>(names: &BTreeSet<T>) -> String {
    names.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// The lowest severity of a finding that denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeverityLimit {
    /// Every finding denies, also one without a severity.
    Informational,
    /// `LOW` and above deny.
    Low,
    /// `MEDIUM` and above deny.
    Medium,
    /// `HIGH` and above deny.
    High,
    /// Only `CRITICAL` denies.
    Critical,
}

impl SeverityLimit {
    /// Whether a finding of this severity denies. A word that is not known always does.
    pub fn denies(self, severity: &Severity) -> bool {
        match severity {
            Severity::Undefined | Severity::Untriaged => self == Self::Informational,
            Severity::Informational
            | Severity::Low
            | Severity::Medium
            | Severity::High
            | Severity::Critical
            | Severity::Unknown(_) => *severity >= self.severity(),
        }
    }

    fn severity(self) -> Severity {
        match self {
            Self::Informational => Severity::Informational,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

impl fmt::Display for SeverityLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.severity().as_str())
    }
}

/// Why a word is no severity limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSeverityLimit;

impl fmt::Display for InvalidSeverityLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("accepted: INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL")
    }
}

impl std::error::Error for InvalidSeverityLimit {}

impl FromStr for SeverityLimit {
    type Err = InvalidSeverityLimit;

    fn from_str(word: &str) -> Result<Self, InvalidSeverityLimit> {
        match word {
            "INFORMATIONAL" => Ok(Self::Informational),
            "LOW" => Ok(Self::Low),
            "MEDIUM" => Ok(Self::Medium),
            "HIGH" => Ok(Self::High),
            "CRITICAL" => Ok(Self::Critical),
            _ => Err(InvalidSeverityLimit),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_denies_its_own_severity_and_all_above() {
        const WORDS: [&str; 8] = [
            "UNDEFINED",
            "UNTRIAGED",
            "INFORMATIONAL",
            "LOW",
            "MEDIUM",
            "HIGH",
            "CRITICAL",
            "SEVERE",
        ];
        for (limit, denied) in [
            ("INFORMATIONAL", &WORDS[..]),
            ("LOW", &WORDS[3..]),
            ("MEDIUM", &WORDS[4..]),
            ("HIGH", &WORDS[5..]),
            ("CRITICAL", &WORDS[6..]),
        ] {
            let limit: SeverityLimit = limit.parse().unwrap();
            for word in WORDS {
                assert_eq!(limit.denies(&word.into()), denied.contains(&word), "{limit} {word}");
            }
        }
        assert_eq!("critical".parse::<SeverityLimit>(), Err(InvalidSeverityLimit));
    }
}
