//! How much the author of a workload reads.

use serde::Deserialize;

/// How much denials and warnings say. Logs and audit annotations always have the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Denials {
    /// All that is known.
    #[default]
    Full,
    /// What is wrong and what to do, without names of vulnerabilities, and without accounts and
    /// repositories that the author did not write.
    Short,
}
