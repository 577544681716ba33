//! What a policy asks of Amazon ECR.

use crate::facts::SeverityLimit;

/// Which facts a policy needs beside those that are always looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a need of its own")]
pub struct Needs {
    /// The severity at and above which findings matter: lower ones need not be kept.
    pub severity_limit: SeverityLimit,
    /// Whether every finding at or above the limit must be read ([`Findings::All`](crate::facts::Findings::All)).
    pub all_findings: bool,
    /// Whether the config of every platform must be read.
    pub config: bool,
    /// Whether the signing statuses of every image must be read.
    pub signing: bool,
    /// Whether the config of a platform must be read whose layers may come from elsewhere.
    pub foreign_layers: bool,
}
