//! Images of a repository, and the platforms of an image index.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::Digest;
use super::on_pull::OnPull;
use super::scan::Scan;
use super::signing::Signing;
use super::word::{Text, Word};

/// The annotation that `BuildKit` puts on an attestation's entry in an image index.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// Its value there.
const ATTESTATION_MANIFEST: &str = "attestation-manifest";

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One image; one with `platforms` is an image index, and its children are images of the repository
/// themselves.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Image {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub(crate) format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) architecture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    /// Of its entry in an index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
    /// Its entries in an index, where they are not the one that follows from the keys above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) descriptors: Option<Vec<Descriptor>>,
    /// What ECR says that it is.
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) manifest_media_type: Word,
    /// What its manifest says that it is.
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) media_type: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) manifest_annotations: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) config_media_type: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<Config>,
    /// The config blob as it is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_blob: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<Vec<Layer>>,
    /// The manifest as it is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scan: Option<Scan>,
    /// Absent: those of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signing: Option<Vec<Signing>>,
    /// The scan of an index itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) index_scan: Option<Scan>,
    /// Where only the upstream of a pull-through cache has it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_pull: Option<OnPull>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platforms: Option<Vec<Image>>,
}

impl Image {
    /// The entries of an index that name this child.
    pub(crate) fn descriptors(&self) -> Cow<'_, [Descriptor]> {
        match &self.descriptors {
            Some(given) => Cow::Borrowed(given),
            None => Cow::Owned(vec![Descriptor {
                media_type: Word::Follows,
                artifact_type: self.artifact_type.clone(),
                os: self.os.clone(),
                os_version: self.os_version.clone(),
                architecture: self.architecture.clone(),
                variant: self.variant.clone(),
                annotations: self.annotations.clone(),
            }]),
        }
    }

    /// Whether every entry that names it is that of an attestation.
    pub(crate) fn is_attestation(&self) -> bool {
        self.descriptors().iter().all(Descriptor::is_attestation)
    }

    /// The media type that it has unless the catalogue says otherwise.
    pub(crate) fn usual_media_type(&self) -> &'static str {
        match self.platforms {
            Some(_) => self.format.index(),
            None => self.format.manifest(),
        }
    }
}

/// One entry of an index.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) media_type: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) architecture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

impl Descriptor {
    /// Whether it is that of an attestation. The annotation alone makes none: a node would still run
    /// an image of its own platform that wears it.
    pub(crate) fn is_attestation(&self) -> bool {
        let annotations = self.entry_annotations();
        let annotated =
            annotations.get(REFERENCE_TYPE).is_some_and(|it| it == ATTESTATION_MANIFEST);
        annotated && self.has_unknown_platform()
    }

    fn has_unknown_platform(&self) -> bool {
        let unknown = |word: &Option<String>| word.as_deref() == Some("unknown");
        unknown(&self.os) && unknown(&self.architecture)
    }

    /// Its annotations: those given, else those of an attestation where the platform is that of one.
    pub(crate) fn entry_annotations(&self) -> BTreeMap<String, String> {
        match &self.annotations {
            Some(given) => given.clone(),
            None if self.has_unknown_platform() => {
                BTreeMap::from([(REFERENCE_TYPE.to_owned(), ATTESTATION_MANIFEST.to_owned())])
            }
            None => BTreeMap::new(),
        }
    }
}

/// One layer of a manifest.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Layer {
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) media_type: Word,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) urls: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Whose media types the image wears.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Format {
    #[default]
    Oci,
    Docker,
}

impl Format {
    /// Media type of an image manifest.
    pub(crate) fn manifest(self) -> &'static str {
        match self {
            Format::Oci => "application/vnd.oci.image.manifest.v1+json",
            Format::Docker => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    /// Media type of an image index (of a manifest list, as Docker calls it).
    pub(crate) fn index(self) -> &'static str {
        match self {
            Format::Oci => "application/vnd.oci.image.index.v1+json",
            Format::Docker => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// Media type of a config blob.
    pub(crate) fn config(self) -> &'static str {
        match self {
            Format::Oci => "application/vnd.oci.image.config.v1+json",
            Format::Docker => "application/vnd.docker.container.image.v1+json",
        }
    }

    /// Media type of a layer.
    pub(crate) fn layer(self) -> &'static str {
        match self {
            Format::Oci => "application/vnd.oci.image.layer.v1.tar+gzip",
            Format::Docker => "application/vnd.docker.image.rootfs.diff.tar.gzip",
        }
    }
}

/// What the config blob says about the container.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exposed_ports: Vec<String>,
}
