//! The bytes behind an image: manifest, config and layer, and their digests.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::aws::wire::without_nulls;
use crate::catalogue::image::Image;

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

    fn descriptor(&self, media_type: &str) -> Value {
        json!({
            "mediaType": media_type,
            "digest": self.digest,
            "size": self.content.len(),
        })
    }
}

/// An image manifest with its config and its one layer.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) manifest: Blob,
    pub(crate) config: Blob,
    pub(crate) layer: Blob,
}

/// Builds an image that is no index. `seed` makes its layer, and so its digest, unlike any other;
/// the layer is no real archive, since nothing here ever runs it.
pub(crate) fn image(image: &Image, seed: &str) -> Built {
    let layer = Blob::of(seed.to_owned());
    let ports: Map<String, Value> =
        image.config.exposed_ports.iter().map(|port| (port.clone(), json!({}))).collect();
    let config = without_nulls(json!({
        "architecture": image.architecture.as_deref().unwrap_or("amd64"),
        "os": image.os.as_deref().unwrap_or("linux"),
        "variant": image.variant,
        "config": {
            "User": image.config.user,
            "ExposedPorts": if ports.is_empty() { Value::Null } else { Value::Object(ports) },
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.digest]},
    }));
    let config = Blob::of(config.to_string());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": image.format.manifest(),
        "config": config.descriptor(image.format.config()),
        "layers": [layer.descriptor(image.format.layer())],
    });
    Built { manifest: under_digest(image, manifest.to_string()), config, layer }
}

/// Builds an image index over children that are built already.
pub(crate) fn index<'a>(
    image: &Image,
    children: impl Iterator<Item = (&'a Image, &'a str, &'a Blob)>,
) -> Blob {
    let entries: Vec<Value> = children
        .map(|(child, media_type, manifest)| {
            json!({
                "mediaType": media_type,
                "digest": manifest.digest,
                "size": manifest.content.len(),
                "platform": platform(child),
                "annotations": annotations(&child.entry_annotations()),
            })
        })
        .collect();
    let index = without_nulls(json!({
        "schemaVersion": 2,
        "mediaType": image.format.index(),
        "manifests": entries,
    }));
    under_digest(image, index.to_string())
}

/// The catalogue's digest wins over that of the content.
fn under_digest(image: &Image, content: String) -> Blob {
    let blob = Blob::of(content);
    match &image.digest {
        Some(digest) => Blob { digest: digest.as_str().to_owned(), ..blob },
        None => blob,
    }
}

fn platform(child: &Image) -> Value {
    if child.os.is_none() && child.architecture.is_none() {
        return Value::Null;
    }
    json!({
        "os": child.os,
        "architecture": child.architecture,
        "variant": child.variant,
    })
}

fn annotations(given: &BTreeMap<String, String>) -> Value {
    if given.is_empty() { Value::Null } else { json!(given) }
}
