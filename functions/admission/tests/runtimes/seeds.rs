//! Repositories as people have them, and attacks that were found.

use ecr_admission::manifest::{IMAGE_TYPES, INDEX_TYPES};
use serde_json::{Value, json};

use crate::repository::{Repository, digest, image};

const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The first three are to be admitted, the others to be denied; nodes run something of each.
pub(crate) fn repositories() -> Vec<Repository> {
    let runnable = || image('c', OCI_CONFIG, OCI_LAYER);
    let artifact =
        image('c', "application/vnd.amazon.soci.index.v2+json", "application/octet-stream");
    let entry = |digit: char, os: &str, architecture: &str| {
        json!({"mediaType": IMAGE_TYPES[0], "digest": digest(digit), "size": 9,
            "platform": {"os": os, "architecture": architecture}})
    };
    let index = |media_type: &str, descriptors: &[Value]| {
        json!({"schemaVersion": 2, "mediaType": media_type, "manifests": descriptors}).to_string()
    };
    let of_two = |index: &str| {
        Repository::of(index, INDEX_TYPES[0], &[('a', runnable()), ('b', runnable())])
    };
    let soci = index(
        INDEX_TYPES[0],
        &[
            entry('a', "linux", "amd64"),
            entry('b', "linux", "amd64"),
            entry('d', "unknown", "unknown"),
        ],
    );
    let list = index(INDEX_TYPES[1], &[entry('a', "linux", "amd64"), entry('b', "linux", "arm64")]);
    vec![
        Repository::of(&soci, INDEX_TYPES[0], &[('a', runnable()), ('b', artifact)]),
        Repository::of(&list, INDEX_TYPES[1], &[('a', runnable()), ('b', runnable())]),
        Repository::of(&runnable().to_string(), IMAGE_TYPES[0], &[]),
        of_two(include_str!("../cases/manifests/index-attestation-in-disguise.json")),
        of_two(include_str!("../cases/manifests/index-digest-twice.json")),
        of_two(include_str!("../cases/manifests/index-manifests-twice.json")),
    ]
}
