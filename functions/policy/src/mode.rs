//! What a violation does.

use std::fmt;

use serde::Deserialize;

/// What a violation does to the workload. Where several modes limit it, the weakest applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is admitted; the audit log, the function's log and the metrics say why it would not be.
    Audit,
    /// It is admitted, and its author is warned.
    Warn,
    /// It is denied.
    Deny,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audit => "audit",
            Self::Warn => "warn",
            Self::Deny => "deny",
        })
    }
}
