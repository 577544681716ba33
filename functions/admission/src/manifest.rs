//! Manifests of images and image indexes, as `BatchGetImage` returns them.

use ecr_admission_policy::facts::manifest::{Elsewhere, NotUnderstood};
use ecr_admission_policy::index::Platform;
use ecr_admission_policy::names::Digest;

pub mod image_config;
mod object;

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

pub const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub kind: Kind,
    pub checkpoint: Option<String>,
}
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind { Image(Image), Index(Vec<Entry>) }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image { pub config: Option<Digest>, pub artifact: bool, pub elsewhere: Elsewhere, pub foreign: bool }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry { pub digest: Digest, pub platform: Platform, pub never_chosen: bool, pub says_index: bool }

pub fn read(media_type: Option<&str>, text: &str) -> Result<Manifest, NotUnderstood> {
    let bad = || NotUnderstood::Malformed("x".into());
    if text.len() > MAX_BYTES { return Err(NotUnderstood::TooLong { limit: MAX_BYTES }); }
    let v: serde_json::Value = serde_json::from_str(text).map_err(|_| bad())?;
    let s = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    let checkpoint = v["annotations"].as_object().and_then(|a| a.keys().find(|k| k.starts_with("org.criu.checkpoint.")).cloned());
    let kind = if let Some(list) = v["manifests"].as_array() {
        let mut entries = vec![];
        for d in list {
            let p = &d["platform"];
            let platform = Platform { os: s(&p["os"]), architecture: s(&p["architecture"]), variant: s(&p["variant"]), os_version: s(&p["os.version"]) };
            let never_chosen = platform.os == "unknown" && platform.architecture == "unknown";
            entries.push(Entry { digest: s(&d["digest"]).parse().map_err(|_| bad())?, platform, never_chosen, says_index: INDEX_TYPES.contains(&d["mediaType"].as_str().unwrap_or_default()) });
        }
        Kind::Index(entries)
    } else {
        let mut elsewhere = Elsewhere::default();
        for l in v["layers"].as_array().into_iter().flatten() { if !l["urls"].is_null() { elsewhere.never = Some("url".into()); } }
        let artifact = media_type == Some(IMAGE_TYPES[0]) && v["config"]["mediaType"].as_str().is_some_and(|t| t.contains("soci"));
        Kind::Image(Image { config: s(&v["config"]["digest"]).parse().ok(), artifact, foreign: false, elsewhere })
    };
    Ok(Manifest { kind, checkpoint })
}
