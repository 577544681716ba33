//! Scans and their findings, as `DescribeImageScanFindings` has them.

use std::collections::BTreeMap;

use crate::timestamp::Timestamp;

/// What `DescribeImageScanFindings` says of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageScan {
    /// The image was never scanned (`ScanNotFoundException`).
    NotFound,
    /// There is a scan.
    Found(Scan),
}

impl ImageScan {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::NotFound => 0,
            Self::Found(scan) => {
                let counts = scan.counts.len() * size_of::<(Severity, u64)>();
                counts + scan.findings.read().iter().map(Finding::bytes).sum::<usize>()
            }
        }
    }
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// How far it came.
    pub status: ScanStatus,
    /// `imageScanCompletedAt`.
    pub completed_at: Option<Timestamp>,
    /// `vulnerabilitySourceUpdatedAt`: how old the feed is that the scan compared with.
    pub source_updated_at: Option<Timestamp>,
    /// Whether ECR sent counts of its own (`findingSeverityCounts`), be they empty.
    pub counted: bool,
    /// How many findings there are of each severity: ECR's own counts, else those of what was read.
    pub counts: BTreeMap<Severity, u64>,
    /// The findings themselves, as far as they were read.
    pub findings: Findings,
}

/// How many findings a message names. Where not all are needed, as many are kept.
pub const NAMED: usize = 3;

/// Findings that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Findings {
    /// Some of them: enough to name the worst in a message, never to let an image pass.
    Some(Vec<Finding>),
    /// Every one at or above the severity limit.
    All(Vec<Finding>),
}

impl Findings {
    /// What was read.
    pub fn read(&self) -> &[Finding] {
        match self {
            Self::Some(findings) | Self::All(findings) => findings,
        }
    }
}

/// One finding of a scan, basic or enhanced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The vulnerability, such as `CVE-2026-1234`; absent where the finding is about none.
    pub vulnerability: Option<String>,
    /// How severe it is.
    pub severity: Severity,
    /// The package that has it.
    pub package: Option<String>,
    /// The version of the package that does not.
    pub fixed_in: Option<String>,
    /// Whether there is such a version.
    pub fix: Fix,
    /// `firstObservedAt`, of enhanced findings.
    pub first_observed_at: Option<Timestamp>,
}

impl Finding {
    fn bytes(&self) -> usize {
        let texts = [&self.vulnerability, &self.package, &self.fixed_in];
        size_of::<Self>() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

/// `fixAvailable` of an enhanced finding. Basic findings do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// Exactly `NO`.
    No,
    /// `YES`, `PARTIAL`, absent, or a word that this version does not know: it may be fixable.
    Possible,
}

impl From<&str> for Fix {
    fn from(word: &str) -> Self {
        if word == "NO" { Self::No } else { Self::Possible }
    }
}

/// `imageScanStatus.status`. Only two of its words can say that a result is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanStatus {
    /// A scan that ended. Enhanced scanning says so seconds before its findings are there.
    Complete,
    /// An enhanced (continuous) scan that goes on; its first result may still be missing.
    Active,
    /// Any other word, known or not: there is no result to judge.
    Other(String),
}

/// The severity of a finding, lowest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// `UNDEFINED`: the source of the finding gave none.
    Undefined,
    /// `UNTRIAGED`: nobody has given it one yet.
    Untriaged,
    /// `INFORMATIONAL`.
    Informational,
    /// `LOW`.
    Low,
    /// `MEDIUM`.
    Medium,
    /// `HIGH`.
    High,
    /// `CRITICAL`.
    Critical,
    /// A word that this version does not know; it sorts, and is judged, above all others.
    Unknown(String),
}

impl From<&str> for ScanStatus {
    fn from(word: &str) -> Self {
        match word {
            "COMPLETE" => Self::Complete,
            "ACTIVE" => Self::Active,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl From<&str> for Severity {
    fn from(word: &str) -> Self {
        match word {
            "UNDEFINED" => Self::Undefined,
            "UNTRIAGED" => Self::Untriaged,
            "INFORMATIONAL" => Self::Informational,
            "LOW" => Self::Low,
            "MEDIUM" => Self::Medium,
            "HIGH" => Self::High,
            "CRITICAL" => Self::Critical,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl Severity {
    /// Whether nobody has said how severe the finding is.
    pub fn is_unrated(&self) -> bool {
        matches!(self, Self::Undefined | Self::Untriaged)
    }

    /// The word that ECR uses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Untriaged => "UNTRIAGED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
            Self::Unknown(word) => word,
        }
    }
}
