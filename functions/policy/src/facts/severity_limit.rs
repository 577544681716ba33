//! From which severity on a finding denies.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::scan::Severity;

/// The lowest severity of a finding that denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
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

/// Why a word is not a severity limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSeverityLimit;

impl fmt::Display for InvalidSeverityLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected INFORMATIONAL, LOW, MEDIUM, HIGH or CRITICAL")
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
