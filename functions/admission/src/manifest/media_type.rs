//! Media types: of manifests, of what a runtime runs, of layers from elsewhere.

use super::object::begins_with;

/// The longest media type that is compared, in bytes: two names of 127 characters (RFC 6838).
pub(super) const LONGEST: usize = 255;

const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The media types of an image index: OCI, and Docker's manifest list.
pub const INDEX_TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// The media types of an image of one platform.
pub const IMAGE_TYPES: [&str; 2] =
    [OCI_IMAGE, "application/vnd.docker.distribution.manifest.v2+json"];

/// What the config of an image is called. Docker also ran images whose config has a type that any
/// registry gives to any file (moby, `distribution/pull_v2.go`).
const CONFIG_TYPES: [&str; 6] = [
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.config.v1+json",
    "application/octet-stream",
    "application/json",
    "text/html",
    "",
];

const FOREIGN_TYPES: [&str; 2] = [
    "application/vnd.docker.image.rootfs.foreign.",
    "application/vnd.oci.image.layer.nondistributable.",
];

/// The kind of manifest with a media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestType {
    Image,
    Index,
}

impl ManifestType {
    pub(super) fn of(media_type: &str) -> Option<Self> {
        if IMAGE_TYPES.contains(&media_type) {
            Some(Self::Image)
        } else if INDEX_TYPES.contains(&media_type) {
            Some(Self::Index)
        } else {
            None
        }
    }
}

/// Whether it is the one type of manifest that an artifact has.
pub(super) fn may_hold_artifact(manifest: &str) -> bool {
    manifest == OCI_IMAGE
}

/// Whether no runtime takes a config of this type for that of an image. A type that is only written
/// otherwise, in other letters or with parameters, is taken for what it resembles: what is in doubt is
/// evaluated.
pub(super) fn is_of_artifact(config: &str) -> bool {
    let essence = config.split(';').next().unwrap_or_default().trim();
    !CONFIG_TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence))
        && !contains(config, "wasm")
}

/// Whether a runtime may unpack or run a layer of this type (containerd, `images.IsLayerType`).
pub(super) fn is_unpacked(layer: &str) -> bool {
    begins_with(layer.trim_start(), "application/vnd.oci.image.layer.")
        || begins_with(layer.trim_start(), "application/vnd.docker.image.rootfs.")
        || contains(layer, "erofs")
        || contains(layer, "wasm")
}

/// Whether a layer of this type is not meant to be in the repository (containerd,
/// `images.IsNonDistributable`), in upper or lower case.
pub(super) fn is_foreign(layer: &str) -> bool {
    FOREIGN_TYPES.iter().any(|prefix| begins_with(layer, prefix))
}

/// Whether a layer of this type may come from elsewhere: in exactly these letters.
pub(super) fn may_come_from_elsewhere(layer: &str) -> bool {
    FOREIGN_TYPES.iter().any(|prefix| layer.starts_with(prefix))
}

fn contains(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_runtime_runs_is_an_artifact() {
        for config in CONFIG_TYPES.into_iter().chain([
            "Application/JSON",
            "application/vnd.oci.image.config.v1+json; charset=utf-8",
            " text/html ",
            "application/vnd.wasm.config.v0+json",
            "application/vnd.module.WASM",
        ]) {
            assert!(!is_of_artifact(config), "{config}");
        }
        for config in [
            "application/vnd.amazon.soci.index.v2+json",
            "application/vnd.oci.empty.v1+json",
            "application/vnd.cncf.helm.config.v1+json",
            "application/json+x",
        ] {
            assert!(is_of_artifact(config), "{config}");
        }
    }

    #[test]
    fn what_a_runtime_unpacks_is_known_in_whatever_letters() {
        for layer in [
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
            "application/vnd.oci.image.layer.x",
            "Application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.foreign.diff.tar",
            "application/vnd.erofs.layer.v1",
            "application/vnd.EROFS",
            "application/wasm",
        ] {
            assert!(is_unpacked(layer), "{layer}");
        }
        for layer in
            ["", "application/octet-stream", "application/vnd.oci.image.layer", "text/spdx"]
        {
            assert!(!is_unpacked(layer), "{layer}");
        }
    }

    #[test]
    fn foreign_layers_are_known_in_whatever_letters_and_allowed_in_exact_ones() {
        for (layer, foreign, exact) in [
            ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true, true),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true, true),
            ("application/vnd.OCI.image.layer.nondistributable.v1.tar", true, false),
            ("application/vnd.oci.image.layer.nondistributable", false, false),
            ("application/vnd.oci.image.layer.v1.tar+gzip", false, false),
            ("", false, false),
        ] {
            assert_eq!(
                (is_foreign(layer), may_come_from_elsewhere(layer)),
                (foreign, exact),
                "{layer}"
            );
        }
    }
}
