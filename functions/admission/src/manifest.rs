//! Manifests of images and image indexes, as `BatchGetImage` returns them.

use std::collections::BTreeMap;

use ecr_admission_policy::index::Platform;
use ecr_admission_policy::names::Digest;
use serde::Deserialize;

pub mod image_config;
mod object;

use object::Object;

/// The media types of an image index: OCI, and Docker's manifest list.
pub const INDEX_TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// The media types of an image of one platform.
pub const IMAGE_TYPES: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

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
        });
        let annotations = descriptor.annotations.unwrap_or_default();
        let reference_type = annotations.get("vnd.docker.reference.type").map(String::as_str);
        if platform.is_attestation(reference_type) || entries.iter().any(|e| e.digest == digest) {
            continue;
        }
        let is_index = INDEX_TYPES.contains(&descriptor.media_type.as_str());
        entries.push(Entry { digest, platform, is_index });
    }
    Some(Manifest::Index(entries))
}

/// `config.digest`: the digest of the config blob.
fn config_digest(json: &str) -> Option<Digest> {
    let document: Object<'_> = serde_json::from_str(json).ok()?;
    let config: Object<'_> = document.field("config").ok()??;
    config.field::<String>("digest").ok()??.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> String {
        format!("sha256:{}", digit.to_string().repeat(64))
    }

    #[test]
    fn an_image_manifest_names_its_config_and_no_children() {
        let (a, b) = (digest('a'), digest('b'));
        let json = format!(r#"{{"schemaVersion":2,"config":{{"digest":"{a}"}},"layers":[]}}"#);
        assert_eq!(parse(&json), Some(Manifest::Image(a.parse().ok())));
        for config in [
            String::new(),
            r#""config": null"#.to_owned(),
            r#""config": 7"#.to_owned(),
            r#""config": {}"#.to_owned(),
            r#""config": {"digest": 7}"#.to_owned(),
            r#""config": {"digest": "x"}"#.to_owned(),
            format!(r#""Config": {{"digest": "{a}"}}"#),
            format!(r#""config": {{"digest": "{a}"}}, "Config": {{"digest": "{b}"}}"#),
            format!(r#""config": {{"digest": "{a}", "Digest": "{b}"}}"#),
            format!(r#""config": {{"digest": "{a}", "digest": "{b}"}}"#),
        ] {
            assert_eq!(parse(&format!("{{{config}}}")), Some(Manifest::Image(None)), "{config}");
        }
    }

    #[test]
    fn attestations_are_left_out_and_nothing_else_is() {
        let json = serde_json::json!({"schemaVersion": 2, "manifests": [
            {"digest": digest('a'), "mediaType": IMAGE_TYPES[0], "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": digest('b'), "mediaType": IMAGE_TYPES[0], "platform": {"os": "unknown", "architecture": "unknown"},
             "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
            {"digest": digest('c'), "mediaType": IMAGE_TYPES[0], "platform": {"os": "linux", "architecture": "amd64"},
             "annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
            {"digest": digest('d'), "mediaType": INDEX_TYPES[1]},
            {"digest": digest('a'), "mediaType": IMAGE_TYPES[0]},
        ]});
        let Some(Manifest::Index(entries)) = parse(&json.to_string()) else { panic!("an index") };
        let told: Vec<(String, String, bool)> = entries
            .iter()
            .map(|e| (e.digest.to_string(), e.platform.to_string(), e.is_index))
            .collect();
        assert_eq!(
            told,
            [
                (digest('a'), "linux/amd64".to_owned(), false),
                (digest('c'), "linux/amd64".to_owned(), false),
                (digest('d'), String::new(), true),
            ]
        );
    }

    #[test]
    fn what_is_no_manifest_is_not_understood() {
        for json in
            ["", "[]", "7", r#"{"manifests": 7}"#, r#"{"manifests": [{"digest": "sha256:abc"}]}"#]
        {
            assert_eq!(parse(json), None, "{json}");
        }
    }
}
