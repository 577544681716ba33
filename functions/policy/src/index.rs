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
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.os, &self.architecture, &self.variant];
        let named: Vec<&str> =
            parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect();
        f.write_str(&named.join("/"))
    }
}

impl Platform {
    /// Whether the child is a build attestation, which no runtime can run and nobody scans. Both
    /// words `unknown` and the annotation `vnd.docker.reference.type` are needed: a runtime would still
    /// choose a `linux/amd64` child that merely wears the annotation.
    pub fn is_attestation(&self, reference_type: Option<&str>) -> bool {
        self.os == "unknown"
            && self.architecture == "unknown"
            && reference_type == Some("attestation-manifest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unknown_platform_with_the_annotation_is_an_attestation() {
        let platform = |os: &str, architecture: &str| Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: String::new(),
        };
        let attestation = Some("attestation-manifest");
        for (os, architecture, reference_type, expected) in [
            ("unknown", "unknown", attestation, true),
            ("unknown", "unknown", None, false),
            ("unknown", "unknown", Some("other"), false),
            ("linux", "amd64", attestation, false),
            ("unknown", "amd64", attestation, false),
            ("linux", "unknown", attestation, false),
            ("", "", attestation, false),
        ] {
            let judged = platform(os, architecture).is_attestation(reference_type);
            assert_eq!(judged, expected, "{os}/{architecture} {reference_type:?}");
        }
    }

    #[test]
    fn a_platform_reads_as_it_is_written_elsewhere() {
        let platform =
            Platform { os: "linux".into(), architecture: "arm".into(), variant: "v7".into() };
        assert_eq!(platform.to_string(), "linux/arm/v7");
        assert_eq!(Platform::default().to_string(), "");
    }
}
