//! Manifests of images and image indexes, as `BatchGetImage` returns them: read as the container runtimes
//! read them, or not at all.
//!
//! [`read`] goes by three things that must agree: what ECR calls the manifest, what it calls itself, and
//! its shape (CVE-2021-41190). What containerd and CRI-O read of it, with Go's `encoding/json`, is read
//! here the same; where the two could differ, the manifest is [`NotUnderstood`]. `scripts/checks/runtimes`
//! proves it against both.

use ecr_admission_policy::facts::manifest::{Elsewhere, NotUnderstood};
use ecr_admission_policy::index::Platform;
use ecr_admission_policy::names::{Digest, InvalidName};
use ecr_admission_policy::text::{cut, quote};

mod annotations;
mod descriptor;
mod document;
pub mod image_config;
mod media_type;
mod object;
#[cfg(test)]
mod tests;
mod urls;

pub use media_type::{IMAGE_TYPES, INDEX_TYPES};

use document::Document;
use media_type::ManifestType;
use object::Notes;

/// The longest manifest that is read, in bytes. Real ones have a few thousand; registries take up to
/// 4 MiB.
pub const MAX_BYTES: usize = 256 * 1024;

/// The most entries of an index that are kept: one more than any index may have to be evaluated.
pub const MAX_ENTRIES: usize = 101;

/// The longest text that is kept only to be shown, in characters.
const SHOWN: usize = 64;

/// What a manifest says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Whether it is an image or an index.
    pub kind: Kind,
    /// The key of the first annotation, on the manifest or on one of its descriptors, by which a node takes
    /// the image for the checkpoint of a container; at most 64 characters.
    pub checkpoint: Option<String>,
}

/// An image or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An image of one platform, or an artifact in the shape of one.
    Image(Image),
    /// An index: one entry for each descriptor in their order, at most [`MAX_ENTRIES`]. The rest is
    /// checked all the same.
    Index(Vec<Entry>),
}

/// The manifest of an image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The digest of the config blob.
    pub config: Option<Digest>,
    /// Whether no runtime would run it or unpack any of it: an OCI image manifest by ECR's type, with a
    /// config of another type than an image's, and no layer of a type that a runtime unpacks.
    pub artifact: bool,
    /// What of it is fetched from elsewhere than its repository.
    pub elsewhere: Elsewhere,
    /// Whether a layer has a foreign or nondistributable type, with URLs or without.
    pub foreign: bool,
}

/// A descriptor of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The digest of the child.
    pub digest: Digest,
    /// The platform that the index gives for it.
    pub platform: Platform,
    /// Whether no runtime would ever choose it by this descriptor: `os` and `architecture` are both
    /// exactly `unknown`.
    pub never_chosen: bool,
    /// Whether its media type is that of an index. What the child is says its own manifest.
    pub says_index: bool,
}

/// Reads a manifest that ECR calls `media_type` (`imageManifestMediaType`).
///
/// # Errors
///
/// Whatever keeps it from being read as every container runtime reads it.
pub fn read(media_type: &str, text: &str) -> Result<Manifest, NotUnderstood> {
    let Some(kind) = ManifestType::of(media_type) else {
        return Err(NotUnderstood::UnknownType(cut(media_type, SHOWN)));
    };
    if text.len() > MAX_BYTES {
        return Err(NotUnderstood::TooLong { limit: MAX_BYTES });
    }
    let notes = Notes::default();
    let document = Document::read(text, &notes)?;
    is_called(media_type, &document)?;
    let kind = match kind {
        ManifestType::Index => Kind::Index(index(document)?),
        ManifestType::Image => Kind::Image(image(media_type, document)?),
    };
    Ok(Manifest { kind, checkpoint: notes.checkpoint.into_inner() })
}

/// Checks what the manifest calls itself, which must be what ECR calls it. It need not say (OCI image
/// specification).
fn is_called(media_type: &str, document: &Document<'_>) -> Result<(), NotUnderstood> {
    match document.media_type.as_deref() {
        Some(own) if own != media_type => Err(contradictory(format!(
            "Amazon ECR has media type {}, its mediaType is {}",
            quote(media_type, SHOWN),
            quote(own, SHOWN)
        ))),
        Some(_) | None => Ok(()),
    }
}

fn index(document: Document<'_>) -> Result<Vec<Entry>, NotUnderstood> {
    if document.config.is_some() || document.layers.any || document.schema_1 {
        return Err(contradictory("an image index has a config or layers"));
    }
    Ok(document.entries)
}

fn image(media_type: &str, document: Document<'_>) -> Result<Image, NotUnderstood> {
    let Document { entries, config, layers, schema_1, .. } = document;
    if !entries.is_empty() || schema_1 {
        return Err(contradictory("an image manifest has manifests or fsLayers"));
    }
    let Some(config) = config else {
        return Err(contradictory("an image manifest has no config"));
    };
    let digest = config.digest.as_deref().map(str::parse).transpose();
    let digest = digest.map_err(|invalid: InvalidName| {
        let accepted = invalid.accepted();
        NotUnderstood::Malformed(format!("the digest of its config is not {accepted}"))
    })?;
    let artifact = media_type::may_hold_artifact(media_type)
        && config.media_type.as_deref().is_some_and(media_type::is_of_artifact)
        && !layers.unpacked;
    let mut elsewhere = layers.elsewhere;
    elsewhere.never = config.urls.and_then(|urls| urls.first).or(elsewhere.never);
    Ok(Image { config: digest, artifact, elsewhere, foreign: layers.foreign })
}

fn contradictory(what: impl Into<String>) -> NotUnderstood {
    NotUnderstood::Contradictory { what: what.into() }
}
