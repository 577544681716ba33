//! What is wrong with the scan of an image, and the words for it.

use std::fmt;

use super::unavailable::not_the_stacks;
use super::words::WORD;
use crate::facts::SeverityLimit;
use crate::facts::{Finding, Fix, Severity};
use crate::mode::Mode;
use crate::names::AccountId;
use crate::timestamp::Timestamp;
use ecr_admission_text::quote;

/// What is wrong with a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanProblem {
    /// The image was never scanned, as far as can be seen.
    NotFound {
        /// Who would not see an enhanced scan: Amazon ECR shows it only to the account that owns the registry.
        hidden: Option<HiddenFrom>,
    },
    /// The scan has this status, and no result has come yet.
    NoResultYet(&'static str),
    /// The scan has a status under which there is no result.
    Status {
        /// The status.
        word: String,
        /// Its mode in the policy.
        mode: Mode,
    },
    /// The scan is older than the policy accepts, or does not say when it was.
    TooOld {
        /// When it was.
        completed_at: Option<Timestamp>,
        /// The maximum age in days.
        days: u16,
    },
    /// The vulnerability feed is older than the policy accepts, or its age is not known.
    FeedTooOld {
        /// When it was updated.
        updated_at: Option<Timestamp>,
        /// The maximum age in days.
        days: u16,
    },
    /// Findings may be let through, so that all must be known, and they are not.
    NotAllRead,
    /// There are findings at or above the limit.
    Findings {
        /// How many, by severity, the most severe first.
        counts: Counts,
        /// The limit.
        limit: SeverityLimit,
        /// How many of them Amazon ECR counts but does not list as open, so that no filter lets them
        /// through; 0 where nothing is filtered.
        not_listed: u64,
        /// The worst of the others.
        worst: Vec<Finding>,
    },
    /// There are findings without a severity. This warns, whatever the mode.
    Unrated(Counts),
    /// Findings at or above the limit are in their grace period. This warns, whatever the mode.
    InGrace {
        /// How many, by severity, the most severe first.
        counts: Counts,
        /// When the first of them denies.
        until: Timestamp,
    },
}

/// Who does not see all of a registry, by the account that owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiddenFrom {
    /// The stack, which is in another account.
    Stack(AccountId),
    /// The credentials of the person who checks, which are of another account than the stack's.
    Credentials(AccountId),
}

/// How many findings, by severity.
pub type Counts = Vec<(Severity, u64)>;

impl ScanProblem {
    /// The strictest mode that it can have, whatever the mode of the rule.
    pub(super) fn mode_limit(&self) -> Mode {
        match self {
            Self::Status { mode, .. } => *mode,
            Self::Unrated(_) | Self::InGrace { .. } => Mode::Warn,
            Self::NotFound { .. }
            | Self::NoResultYet(_)
            | Self::TooOld { .. }
            | Self::FeedTooOld { .. }
            | Self::NotAllRead
            | Self::Findings { .. } => Mode::Deny,
        }
    }
}

/// That who looks is not the owner.
impl fmt::Display for HiddenFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(owner) => not_the_stacks(f, owner),
            Self::Credentials(owner) => {
                write!(f, "the credentials are not of account {owner}, which owns the registry")
            }
        }
    }
}

impl HiddenFrom {
    /// How to see everything.
    pub(super) fn remedy(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(owner) => write!(f, "deploy the stack in account {owner}"),
            Self::Credentials(owner) => write!(f, "use credentials of account {owner}"),
        }
    }
}

impl fmt::Display for ScanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { hidden: None } => f.write_str(
                "was never scanned; start a scan or push it again, or wait a minute if it was just pushed",
            ),
            Self::NotFound { hidden: Some(hidden) } => {
                write!(f, "was never scanned as far as another account can see: {hidden}, and Amazon ECR shows enhanced scans only to the owner; with enhanced scanning, ")?;
                hidden.remedy(f)?;
                f.write_str("; with basic scanning, push it again, or wait a minute if it was just pushed")
            }
            Self::NoResultYet(status) => {
                write!(f, "has no scan result yet ({status}); wait for its first scan")
            }
            Self::Status { word, .. } => no_result(f, word),
            Self::TooOld { completed_at: Some(at), days } => write!(
                f,
                "was scanned at {at}, more than {days} days ago; scan it again or push it again"
            ),
            Self::TooOld { completed_at: None, days } => write!(
                f,
                "does not say when it was scanned (maximum age {days} days); scan it again"
            ),
            Self::FeedTooOld { updated_at: Some(at), days } => write!(
                f,
                "was scanned with vulnerability data of {at}, more than {days} days old; scan it again"
            ),
            Self::FeedTooOld { updated_at: None, days } => write!(
                f,
                "does not say when its vulnerability data was updated (maximum age {days} days); scan it again"
            ),
            Self::NotAllRead => f.write_str(
                "could not be evaluated: not all findings could be read; try again; if it persists, see the function's log",
            ),
            Self::Findings { counts, limit, not_listed, worst } => {
                f.write_str("has ")?;
                severity_counts(f, counts)?;
                write!(f, " (severity limit {limit}")?;
                if *not_listed > 0 {
                    write!(
                        f,
                        "; {not_listed} still counted by Amazon ECR, although listed as suppressed or closed"
                    )?;
                }
                f.write_str(")")?;
                named(f, worst)?;
                f.write_str(advice(worst))
            }
            Self::Unrated(counts) => {
                f.write_str("has ")?;
                severity_counts(f, counts)?;
                f.write_str(" without a severity; review the scan findings of the image")
            }
            Self::InGrace { counts, until } => {
                f.write_str("has ")?;
                severity_counts(f, counts)?;
                write!(f, " whose grace period ends, the first at {until}; rebuild it with fixed packages by then")
            }
        }
    }
}

/// What to do about these findings: nobody can rebuild with a fix that does not exist yet.
fn advice(named: &[Finding]) -> &'static str {
    let has_no_fix = |finding: &Finding| finding.fixed_in.is_none() && finding.fix == Fix::No;
    if !named.iter().any(has_no_fix) {
        "; rebuild it with fixed packages and push it under a new tag"
    } else if named.iter().all(has_no_fix) {
        "; replace or remove these packages and push it under a new tag, or ask the operator to accept the findings until there is a fix"
    } else {
        "; rebuild it with the versions that have the fix, replace or remove the packages without one, and push it under a new tag"
    }
}

/// Which findings: `: CVE-2026-1 in openssl, fixed in 3.3.2; CVE-2026-2 in zlib, no fix yet`.
fn named(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    for (position, finding) in findings.iter().enumerate() {
        f.write_str(if position == 0 { ": " } else { "; " })?;
        let Finding { vulnerability, package, fixed_in, fix, .. } = finding;
        f.write_str(&word(vulnerability.as_deref().unwrap_or("unnamed")))?;
        if let Some(package) = package {
            write!(f, " in {}", word(package))?;
        }
        match (fixed_in, fix) {
            (Some(version), _) => write!(f, ", fixed in {}", word(version))?,
            (None, Fix::No) => f.write_str(", no fix yet")?,
            (None, Fix::Possible) => {}
        }
    }
    Ok(())
}

/// A name as it is when there is nothing in it that could be taken for ours, else in quotes.
fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:+~/@".contains(&b);
    if !text.is_empty() && text.len() <= WORD && text.bytes().all(plain) {
        text.to_owned()
    } else {
        quote(text, WORD)
    }
}

fn no_result(f: &mut fmt::Formatter<'_>, word: &str) -> fmt::Result {
    let todo = match word {
        "PENDING" | "IN_PROGRESS" => "wait for the scan to end",
        "FAILED" | "FINDINGS_UNAVAILABLE" => "start the scan again",
        "UNSUPPORTED_IMAGE" => "build it on a base image that the scanner supports",
        "SCAN_ELIGIBILITY_EXPIRED" => {
            "Amazon Inspector no longer scans it: rebuild and push it, and set a longer re-scan duration (aws inspector2 update-configuration)"
        }
        "LIMIT_EXCEEDED" => "wait a day: the registry's scan limit was reached",
        "IMAGE_ARCHIVED" => "restore the image from the archive",
        _ => "see the scan status of the image in Amazon ECR",
    };
    let known = word.len() <= WORD
        && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
        && !word.is_empty();
    let shown = if known { word.to_owned() } else { quote(word, WORD) };
    write!(f, "has no scan result (scan status {shown}); {todo}")
}

fn severity_counts(f: &mut fmt::Formatter<'_>, counts: &[(Severity, u64)]) -> fmt::Result {
    for (position, (severity, count)) in counts.iter().enumerate() {
        f.write_str(if position == 0 { "" } else { ", " })?;
        write!(f, "{count} ")?;
        if let Severity::Unknown(word) = severity {
            f.write_str(&quote(word, WORD))?;
        } else {
            f.write_str(severity.as_str())?;
        }
    }
    let total = counts.iter().fold(0u64, |sum, (_, count)| sum.saturating_add(*count));
    f.write_str(if total == 1 { " finding" } else { " findings" })
}
