//! The bytes behind an image: manifest, config and layer, and their digests.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::catalogue::image::{Descriptor, Image, Layer};
use crate::catalogue::word::Text;
use crate::nulls::without_nulls;

/// A blob with the digest that it is known by.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    pub(crate) digest: String,
    pub(crate) content: Bytes,
}

impl Blob {
    fn of(content: impl Into<Bytes>) -> Blob {
        let content = content.into();
        let digest = format!("sha256:{:x}", Sha256::digest(&content));
        Blob { digest, content }
    }

    fn descriptor(&self, media_type: Option<&str>) -> Value {
        json!({
            "mediaType": media_type,
            "digest": self.digest,
            "size": self.content.len(),
        })
    }
}

/// An image manifest with the blobs that it names.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) manifest: Blob,
    /// Its config and its layers.
    pub(crate) blobs: Vec<Blob>,
}

/// The manifest that is given whole, if one is.
pub(crate) fn given(image: &Image) -> Option<Blob> {
    let text = image.manifest.as_ref()?;
    Some(under_digest(image, text.0.clone()))
}

/// The config blob beside a manifest that is given whole, by the digest that the manifest has for it.
pub(crate) fn given_config(image: &Image) -> Option<Blob> {
    let content = Bytes::from(image.config_blob.as_ref()?.0.clone());
    Some(Blob { digest: image.manifest.as_ref()?.config_digest()?, content })
}

/// Builds an image that is not an index. `seed` makes its layers, and so its digest, unlike any other;
/// a layer is not a real archive, since nothing here ever runs it.
pub(crate) fn image(image: &Image, seed: &str) -> Built {
    let usual = [Layer::default()];
    let written = image.layers.as_deref().unwrap_or(&usual);
    let layers: Vec<Blob> = (0..written.len())
        .map(|nth| Blob::of(if nth == 0 { seed.to_owned() } else { format!("{seed} {nth}") }))
        .collect();
    let config = match &image.config_blob {
        Some(text) => text.0.clone(),
        None => config(image, &layers),
    };
    let config = Blob::of(config);
    let described = written.iter().zip(&layers).map(|(written, layer)| {
        let mut descriptor = layer.descriptor(written.media_type.or(Some(image.format.layer())));
        if let Value::Object(fields) = &mut descriptor {
            fields.insert("urls".to_owned(), json!(written.urls));
            fields.insert("annotations".to_owned(), annotations(&written.annotations));
        }
        descriptor
    });
    let manifest = without_nulls(json!({
        "schemaVersion": 2,
        "mediaType": image.media_type.or(Some(image.usual_media_type())),
        "artifactType": image.artifact_type,
        "config": config.descriptor(image.config_media_type.or(Some(image.format.config()))),
        "layers": described.collect::<Vec<Value>>(),
        "annotations": annotations(&image.manifest_annotations),
    }));
    let blobs = [vec![config], layers].concat();
    Built { manifest: under_digest(image, Text::of(manifest).0), blobs }
}

fn config(image: &Image, layers: &[Blob]) -> String {
    let said = image.config.clone().unwrap_or_default();
    let ports: Map<String, Value> =
        said.exposed_ports.into_iter().map(|port| (port, json!({}))).collect();
    let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    let config = without_nulls(json!({
        "architecture": image.architecture.as_deref().unwrap_or("amd64"),
        "os": image.os.as_deref().unwrap_or("linux"),
        "os.version": image.os_version,
        "variant": image.variant,
        "config": {
            "User": said.user,
            "ExposedPorts": if ports.is_empty() { Value::Null } else { Value::Object(ports) },
        },
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }));
    Text::of(config).0
}

/// Builds an image index over children that are stored already: with the media type that ECR says each
/// has.
pub(crate) fn index<'a>(
    image: &Image,
    children: impl Iterator<Item = (&'a Image, Option<&'a str>, &'a Blob)>,
) -> Blob {
    let entries: Vec<Value> = children
        .flat_map(|(child, media_type, manifest)| {
            let entry = |descriptor: &Descriptor| {
                json!({
                    "mediaType": descriptor.media_type.or(media_type),
                    "artifactType": descriptor.artifact_type,
                    "digest": manifest.digest,
                    "size": manifest.content.len(),
                    "platform": platform(descriptor),
                    "annotations": annotations(&descriptor.entry_annotations()),
                })
            };
            child.descriptors().iter().map(entry).collect::<Vec<Value>>()
        })
        .collect();
    let index = without_nulls(json!({
        "schemaVersion": 2,
        "mediaType": image.media_type.or(Some(image.usual_media_type())),
        "artifactType": image.artifact_type,
        "manifests": entries,
        "annotations": annotations(&image.manifest_annotations),
    }));
    under_digest(image, Text::of(index).0)
}

/// The catalogue's digest wins over that of the content.
fn under_digest(image: &Image, content: String) -> Blob {
    let blob = Blob::of(content);
    match &image.digest {
        Some(digest) => Blob { digest: digest.as_str().to_owned(), ..blob },
        None => blob,
    }
}

fn platform(descriptor: &Descriptor) -> Value {
    let Descriptor { os, os_version, architecture, variant, .. } = descriptor;
    if [os, os_version, architecture].into_iter().all(Option::is_none) {
        return Value::Null;
    }
    json!({
        "os": os,
        "os.version": os_version,
        "architecture": architecture,
        "variant": variant,
    })
}

fn annotations(given: &BTreeMap<String, String>) -> Value {
    if given.is_empty() { Value::Null } else { json!(given) }
}

/// What a manifest says that it is; `None` where it says nothing, or is none.
pub(crate) fn says(manifest: &Blob) -> Option<String> {
    let value: Value = serde_json::from_slice(&manifest.content).ok()?;
    value.get("mediaType")?.as_str().map(ToOwned::to_owned)
}
