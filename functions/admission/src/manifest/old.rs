//! The reader that the look-ups of Amazon ECR still use.

use std::collections::BTreeMap;

use ecr_admission_policy::index::Platform;
use ecr_admission_policy::names::Digest;
use serde::Deserialize;

use super::INDEX_TYPES;

/// What a manifest says that matters here.
#[derive(Debug, PartialEq, Eq)]
pub enum Manifest {
    /// An image of one platform, and the digest of its config blob where the manifest leaves no doubt
    /// about it.
    Image(Option<Digest>),
    /// An index, and its children other than build attestations, each digest once.
    Index(Vec<Entry>),
}

/// A child of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its digest.
    pub digest: Digest,
    /// The platform that the index gives for it.
    pub platform: Platform,
    /// Whether it is an index itself.
    pub is_index: bool,
}

#[derive(Deserialize)]
struct Document {
    /// Only an index has it. An index need not name its own media type (OCI image specification).
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    digest: String,
    #[serde(default)]
    media_type: String,
    platform: Option<PlatformDocument>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct PlatformDocument {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

/// Reads a manifest; `None` when it is none that this version understands.
pub fn parse(json: &str) -> Option<Manifest> {
    let document: Document = serde_json::from_str(json).ok()?;
    let Some(descriptors) = document.manifests else {
        return Some(Manifest::Image(config_digest(json)));
    };
    let mut entries: Vec<Entry> = vec![];
    for descriptor in descriptors {
        let digest: Digest = descriptor.digest.parse().ok()?;
        let platform = descriptor.platform.map_or_else(Platform::default, |platform| Platform {
            os: platform.os,
            architecture: platform.architecture,
            variant: platform.variant,
            os_version: String::new(),
        });
        let annotations = descriptor.annotations.unwrap_or_default();
        let reference_type = annotations.get("vnd.docker.reference.type").map(String::as_str);
        let attestation = platform.os == "unknown"
            && platform.architecture == "unknown"
            && reference_type == Some("attestation-manifest");
        if attestation || entries.iter().any(|e| e.digest == digest) {
            continue;
        }
        let is_index = INDEX_TYPES.contains(&descriptor.media_type.as_str());
        entries.push(Entry { digest, platform, is_index });
    }
    Some(Manifest::Index(entries))
}

/// `config.digest`: the digest of the config blob.
fn config_digest(json: &str) -> Option<Digest> {
    match super::read(None, json).ok()?.kind {
        super::Kind::Image(image) => image.config,
        super::Kind::Index(_) => None,
    }
}
