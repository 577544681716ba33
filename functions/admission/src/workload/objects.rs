//! Kubernetes objects, as far as they name images.
//!
//! A container has 2 KB as a type of k8s-openapi, and a Pod may hold 28,000: each is read as that type, and
//! only its image is kept.

use k8s_openapi::api::core::v1::{Container, EphemeralContainer, Volume};
use serde::{Deserialize, Deserializer};

/// A Pod, or the template of one.
#[derive(Deserialize)]
pub(super) struct Specified {
    pub(super) spec: Option<PodSpec>,
}

/// What has the template of a Pod.
#[derive(Deserialize)]
pub(super) struct Templated {
    pub(super) template: Option<Specified>,
}

/// What makes Pods of a template.
#[derive(Deserialize)]
pub(super) struct Controller {
    pub(super) spec: Option<Templated>,
}

/// What makes Jobs, each of which makes Pods.
#[derive(Deserialize)]
pub(super) struct CronJob {
    pub(super) spec: Option<CronJobSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CronJobSpec {
    pub(super) job_template: Option<Controller>,
}

/// What starts containers.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodSpec {
    pub(super) containers: Option<Vec<InContainer>>,
    pub(super) init_containers: Option<Vec<InContainer>>,
    pub(super) ephemeral_containers: Option<Vec<InEphemeralContainer>>,
    pub(super) volumes: Option<Vec<Mounted>>,
}

/// The image of a container; empty where it names none.
pub(super) struct InContainer(pub(super) String);

impl<'de> Deserialize<'de> for InContainer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Container::deserialize(deserializer)?.image.unwrap_or_default()))
    }
}

/// The same of an ephemeral container.
pub(super) struct InEphemeralContainer(pub(super) String);

impl<'de> Deserialize<'de> for InEphemeralContainer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(EphemeralContainer::deserialize(deserializer)?.image.unwrap_or_default()))
    }
}

/// The image that a volume mounts, if it mounts one.
pub(super) struct Mounted(pub(super) Option<String>);

impl<'de> Deserialize<'de> for Mounted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let image = Volume::deserialize(deserializer)?.image;
        Ok(Self(image.map(|image| image.reference.unwrap_or_default())))
    }
}
