//! Repositories: images, artifacts and indexes that name them, odd in every way that a manifest can be.

use std::collections::BTreeMap;

use ecr_admission::manifest::{IMAGE_TYPES, INDEX_TYPES};
use serde_json::{Value, json};

use crate::mutate::{mutate, platform};
use crate::random::Random;
use crate::tree::Tree;

/// What a repository holds under a digest: ECR's media type, none for a config, and the text.
pub(crate) struct Blob {
    pub(crate) media_type: Option<String>,
    pub(crate) text: String,
}

/// A repository, and the image of it that is asked for.
pub(crate) struct Repository {
    pub(crate) root: String,
    pub(crate) blobs: BTreeMap<String, Blob>,
}

pub(crate) fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

const ROOT: char = '0';
/// What is named and not held.
const ABSENT: char = '9';
/// Manifests of images and artifacts.
const IMAGES: [char; 6] = ['1', '2', '3', '4', '5', ABSENT];
/// Indexes inside an index.
const NESTED: [char; 2] = ['7', '8'];
/// Configs, for the images in their order.
const CONFIGS: [char; 5] = ['a', 'b', 'c', 'd', 'e'];

const CONFIG_TYPES: [&str; 10] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.amazon.soci.index.v2+json",
    "application/vnd.oci.empty.v1+json",
    "application/vnd.wasm.config.v0+json",
    "application/octet-stream",
    "application/json",
    "text/html",
    "",
    "Application/vnd.oci.image.config.v1+json",
];

const LAYER_TYPES: [&str; 8] = [
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.erofs.layer.v1",
    "application/octet-stream",
    "application/spdx+json",
    "application/vnd.in-toto+json",
    "",
];

impl Repository {
    pub(crate) fn random(random: &mut Random) -> Self {
        let mut blobs = BTreeMap::new();
        for (image, config) in IMAGES.into_iter().zip(CONFIGS) {
            let blob = image_blob(config, random);
            blobs.insert(digest(image), blob);
            let mut text = platform(random);
            text["config"] = json!({});
            blobs.insert(digest(config), Blob { media_type: None, text: text.to_string() });
        }
        for nested in NESTED {
            blobs.insert(digest(nested), index_blob(&IMAGES, 10, random));
        }
        let root = if random.percent(5) {
            digest(*random.one(&IMAGES[..5]))
        } else {
            let named: Vec<char> = IMAGES.into_iter().chain(NESTED).collect();
            let named = if random.percent(30) { &named[..] } else { &IMAGES[..5] };
            blobs.insert(digest(ROOT), index_blob(named, 60, random));
            digest(ROOT)
        };
        Self { root, blobs }
    }

    /// A repository of a root that names these images.
    pub(crate) fn of(root: &str, media_type: &str, images: &[(char, Value)]) -> Self {
        let mut blobs = BTreeMap::new();
        let text = root.to_owned();
        blobs.insert(digest(ROOT), Blob { media_type: Some(media_type.to_owned()), text });
        for (digit, manifest) in images {
            let media_type = Some(IMAGE_TYPES[0].to_owned());
            blobs.insert(digest(*digit), Blob { media_type, text: manifest.to_string() });
        }
        let text = json!({"os": "linux", "architecture": "amd64"}).to_string();
        blobs.insert(digest('c'), Blob { media_type: None, text });
        Self { root: digest(ROOT), blobs }
    }
}

/// The manifest of a usual image, or of an artifact.
pub(crate) fn image(config: char, config_type: &str, layer_type: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "config": {"mediaType": config_type, "digest": digest(config), "size": 9},
        "layers": [{"mediaType": layer_type, "digest": digest('f'), "size": 9}],
    })
}

fn image_blob(config: char, random: &mut Random) -> Blob {
    let usual = random.percent(60);
    let (config_type, layer_type) = if usual {
        (CONFIG_TYPES[0], LAYER_TYPES[0])
    } else {
        (*random.one(&CONFIG_TYPES), *random.one(&LAYER_TYPES))
    };
    let mut document = image(config, config_type, layer_type);
    if random.percent(10) {
        document["layers"] = json!([]);
    }
    if !usual {
        document["artifactType"] = json!("application/spdx+json");
    }
    let kind = if random.percent(80) { IMAGE_TYPES[0] } else { IMAGE_TYPES[1] };
    blob(document, kind, &[ABSENT], 7, random)
}

fn index_blob(named: &[char], odd: usize, random: &mut Random) -> Blob {
    let descriptors: Vec<Value> =
        (0..=random.below(5)).map(|_| descriptor(named, random)).collect();
    let document = json!({"schemaVersion": 2, "manifests": descriptors});
    let kind = if random.percent(70) { INDEX_TYPES[0] } else { INDEX_TYPES[1] };
    blob(document, kind, named, odd, random)
}

/// A descriptor of an index that names one of these.
pub(crate) fn descriptor(named: &[char], random: &mut Random) -> Value {
    let digit = *random.one(named);
    let right = if NESTED.contains(&digit) { INDEX_TYPES[0] } else { IMAGE_TYPES[0] };
    let others = [IMAGE_TYPES[1], INDEX_TYPES[0], INDEX_TYPES[1], "application/x", ""];
    let media_type = if random.percent(90) { right } else { *random.one(&others) };
    let mut descriptor = json!({"mediaType": media_type, "digest": digest(digit), "size": 9});
    if random.percent(90) {
        descriptor["platform"] = platform(random);
    }
    if random.percent(10) {
        descriptor["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    }
    descriptor
}

/// A manifest as ECR has it: with or without its own media type, and odd with this chance of 100.
fn blob(mut document: Value, kind: &str, named: &[char], odd: usize, random: &mut Random) -> Blob {
    if random.percent(60) {
        document["mediaType"] = json!(kind);
    }
    let mut tree = Tree::from(document);
    let mut kind = kind.to_owned();
    if random.percent(odd) {
        mutate(&mut tree, named, random);
        while random.percent(40) {
            mutate(&mut tree, named, random);
        }
        if random.percent(3) {
            let any: Vec<&str> = IMAGE_TYPES.into_iter().chain(INDEX_TYPES).collect();
            (*random.one(&any)).clone_into(&mut kind);
        }
    }
    Blob { media_type: Some(kind), text: tree.to_string() }
}
