//! Image indexes: which children are evaluated, and how far an index is opened.

use std::fmt;

use super::manifest::NotUnderstood;
use super::platform::PlatformFacts;
use super::unavailable::Unavailable;
use crate::names::Digest;

/// How many indexes deep a child may lie: an index, and the indexes in it.
pub const MAX_DEPTH: usize = 2;

/// How many children of one image are evaluated, over all its indexes. Those that are left out do not
/// count.
pub const MAX_CHILDREN: usize = 32;

/// How many descriptors the indexes of one image may hold together, those of artifacts included.
pub const MAX_DESCRIPTORS: usize = 100;

/// The children of an image index that were evaluated, or why they could not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Index {
    /// Every child that a container runtime could choose, and the artifacts that a volume could mount.
    Children(Vec<Child>),
    /// Indexes nested more than [`MAX_DEPTH`] deep.
    TooDeep,
    /// More than [`MAX_CHILDREN`] children that could run.
    TooManyChildren,
    /// More than [`MAX_DESCRIPTORS`] descriptors.
    TooManyDescriptors,
}

/// A child of an image index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// For which platform a runtime would choose it.
    pub platform: Platform,
    /// Its digest.
    pub digest: Digest,
    /// Whether every descriptor that names it gives the operating system `windows`.
    pub windows: bool,
    /// Whether it is an artifact, which no runtime can start: it counts only where the image is mounted
    /// as a volume.
    pub artifact: bool,
    /// Its facts.
    pub facts: Result<PlatformFacts, NoFacts>,
}

/// Why nothing is known of a child of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFacts {
    /// The index names it, but the repository does not hold it.
    NotInRepository,
    /// A runtime could read its manifest otherwise.
    NotUnderstood(NotUnderstood),
    /// A look-up failed.
    Unavailable(Unavailable),
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
    pub(crate) fn bytes(&self) -> usize {
        let Platform { os, architecture, variant, os_version } = &self.platform;
        let texts = [os, architecture, variant, os_version].into_iter().map(String::len);
        let facts = self.facts.as_ref().map_or(0, PlatformFacts::bytes);
        size_of::<Self>() + self.digest.as_str().len() + texts.sum::<usize>() + facts
    }

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
    /// `os.version`, such as `10.0.20348.2227`, empty when absent.
    pub os_version: String,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.os, &self.architecture, &self.variant, &self.os_version];
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
        // Two images of Windows differ in nothing else.
        let windows = Platform {
            os: "windows".into(),
            architecture: "amd64".into(),
            os_version: "10.0.20348.2227".into(),
            ..Platform::default()
        };
        assert_eq!(windows.to_string(), "windows/amd64/10.0.20348.2227");
        assert_eq!(Platform::default().to_string(), "");
    }
}
