//! The images of a request: every field, in every kind, that makes a node pull an image.

use std::collections::HashMap;

use ecr_admission_policy::{FieldPath, Mode};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::refusal::{Refusal, Refused};
use crate::review::{GroupVersionKind, Request, one_line};

mod objects;

use objects::{Controller, CronJob, PodSpec, Specified, Templated};

/// What there is to evaluate in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workload {
    /// Nothing: the request starts no container.
    NoImages,
    /// These images, and what a violation does.
    Images {
        /// A Pod is denied; of a controller its author is warned, and its Pods are denied.
        mode: Mode,
        /// Each image at its field path, as the object has it.
        images: Vec<(FieldPath, String)>,
    },
}

/// The images to evaluate.
pub fn of(request: &Request<'_>) -> Result<Workload, Refused> {
    match request.operation.as_str() {
        "DELETE" | "CONNECT" => return Ok(Workload::NoImages),
        "CREATE" | "UPDATE" => {}
        other => {
            return Err(Refusal::UnknownOperation(other.to_owned()).under(Mode::Deny));
        }
    }
    match Kind::of(&request.kind) {
        None => Err(Refusal::UnknownKind(request.kind.clone()).under(Mode::Deny)),
        Some(Kind::NoImages) => Ok(Workload::NoImages),
        Some(Kind::Evaluated { mode, read }) => {
            let images = changed(request, read).map_err(|problem| {
                let kind = request.kind.kind.clone();
                Refusal::UnreadableObject { kind, problem }.under(mode)
            })?;
            Ok(Workload::Images { mode, images })
        }
    }
}

/// The images of the object; of an update, only those that it changes, so that a running Pod whose
/// image has since become bad can still get a label or lose a finalizer.
fn changed(request: &Request<'_>, read: Read) -> Result<Images, String> {
    let mut images = read(request.object.ok_or("the request has no object")?)?;
    if request.operation == "UPDATE" {
        // What cannot be read counts as changed.
        let old = request.old_object.and_then(|old| read(old).ok()).unwrap_or_default();
        let old: HashMap<FieldPath, String> = old.into_iter().collect();
        images.retain(|(path, image)| old.get(path) != Some(image));
    }
    Ok(images)
}

type Images = Vec<(FieldPath, String)>;
type Read = fn(&RawValue) -> Result<Images, String>;

enum Kind {
    /// Names no image, whatever it is applied to.
    NoImages,
    Evaluated {
        mode: Mode,
        read: Read,
    },
}

impl Kind {
    /// By kind, not by subresource: a review of `pods/status` or `pods/resize` carries the whole Pod.
    fn of(kind: &GroupVersionKind) -> Option<Self> {
        let warn = |read: Read| Some(Self::Evaluated { mode: Mode::Warn, read });
        match (kind.group.as_str(), kind.version.as_str(), kind.kind.as_str()) {
            ("", "v1", "Pod") => Some(Self::Evaluated { mode: Mode::Deny, read: pod }),
            ("", "v1", "PodTemplate") => warn(pod_template),
            ("", "v1", "ReplicationController")
            | ("apps", "v1", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet")
            | ("batch", "v1", "Job") => warn(controller),
            ("batch", "v1", "CronJob") => warn(cron_job),
            ("", "v1", "Binding")
            | ("autoscaling", "v1", "Scale")
            | ("policy", "v1", "Eviction") => Some(Self::NoImages),
            _ => None,
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(object: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(object.get()).map_err(|error| one_line(&error))
}

fn pod(object: &RawValue) -> Result<Images, String> {
    let pod: Specified = parse(object)?;
    let images = of_spec("spec", pod.spec);
    // kube-apiserver stores no Pod without containers: this one was misread.
    if images.is_empty() { Err("it has no image".to_owned()) } else { Ok(images) }
}

fn pod_template(object: &RawValue) -> Result<Images, String> {
    let Templated { template } = parse(object)?;
    Ok(of_template("template", template))
}

fn controller(object: &RawValue) -> Result<Images, String> {
    let Controller { spec } = parse(object)?;
    Ok(of_template("spec.template", spec.and_then(|spec| spec.template)))
}

fn cron_job(object: &RawValue) -> Result<Images, String> {
    let CronJob { spec } = parse(object)?;
    let job = spec.and_then(|spec| spec.job_template).and_then(|job| job.spec);
    Ok(of_template("spec.jobTemplate.spec.template", job.and_then(|job| job.template)))
}

fn of_template(path: &str, template: Option<Specified>) -> Images {
    of_spec(&format!("{path}.spec"), template.and_then(|template| template.spec))
}

/// Every image of a Pod. An absent image is the empty string, which no rule admits.
fn of_spec(path: &str, spec: Option<PodSpec>) -> Images {
    let PodSpec { containers, init_containers, ephemeral_containers, volumes } =
        spec.unwrap_or_default();
    let field =
        |name: &str, n: usize, field: &str| FieldPath::new(format!("{path}.{name}[{n}].{field}"));
    let mut images = vec![];
    for (n, image) in containers.into_iter().flatten().enumerate() {
        images.push((field("containers", n, "image"), image.0));
    }
    for (n, image) in ephemeral_containers.into_iter().flatten().enumerate() {
        images.push((field("ephemeralContainers", n, "image"), image.0));
    }
    for (n, image) in init_containers.into_iter().flatten().enumerate() {
        images.push((field("initContainers", n, "image"), image.0));
    }
    for (n, volume) in volumes.into_iter().flatten().enumerate() {
        if let Some(reference) = volume.0 {
            images.push((field("volumes", n, "image.reference"), reference));
        }
    }
    images
}

#[cfg(test)]
mod tests;
