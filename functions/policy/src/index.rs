//! Image indexes: which children are judged, and how far an index is opened.

use std::fmt;

use crate::facts::PlatformFacts;
use crate::names::Digest;

/// How many indexes deep a child may lie: an index, and the indexes in it.
pub const MAX_DEPTH: usize = 2;

/// How many children of one image are judged, over all its indexes.
pub const MAX_CHILDREN: usize = 32;

/// The children of an image index that were judged, or why they could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// Every child that a container runtime could choose.
    Children(Vec<Child>),
    /// More than [`MAX_DEPTH`] indexes in one another.
    TooDeep,
    /// More than [`MAX_CHILDREN`] children.
    TooManyChildren,
}

/// A child of an image index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// For which platform a runtime would choose it.
    pub platform: Platform,
    /// Its digest.
    pub digest: Digest,
    /// Its facts; `None` when the index names it but the repository does not hold it.
    pub facts: Option<PlatformFacts>,
}

/// Which child of an index is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildName {
    /// For which platform a runtime would choose it.
    pub platform: Platform,
    /// Its digest.
    pub digest: Digest,
}

impl Child {
    /// The child as a message names it.
    pub fn name(&self) -> ChildName {
        ChildName { platform: self.platform.clone(), digest: self.digest.clone() }
    }
}

/// The platform that an index gives for a child. All of it is text from the image's author.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Platform {
    /// `os`, empty when absent.
    pub os: String,
    /// `architecture`, empty when absent.
    pub architecture: String,
    /// `variant`, such as `v8`, empty when absent.
    pub variant: String,
    /// `os.version`, such as `10.0.17763.1234`: by it alone the Windows images of an index differ. Empty
    /// when absent.
    pub os_version: String,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.os, &self.architecture, &self.variant];
        let named: Vec<&str> =
            parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect();
        f.write_str(&named.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_reads_as_it_is_written_elsewhere() {
        let platform = Platform {
            os: "linux".into(),
            architecture: "arm".into(),
            variant: "v7".into(),
            ..Platform::default()
        };
        assert_eq!(platform.to_string(), "linux/arm/v7");
        assert_eq!(Platform::default().to_string(), "");
    }
}
