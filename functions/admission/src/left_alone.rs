//! What the mutating half leaves alone, since a change would break it.

use ecr_admission_policy::FieldPath;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::annotation;
use crate::patch::pointer;
use crate::review::Request;

/// The annotation by which the kubelet marks the API object of a static Pod (Kubernetes, well-known
/// annotations). What runs is the file on the node, whatever the object says.
const MIRROR: &str = "kubernetes.io/config.mirror";

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    owner_references: Option<Vec<OwnerReference>>,
}

#[derive(Deserialize)]
struct OwnerReference {
    #[serde(default)]
    controller: Option<bool>,
}

/// Of `images`, which the request adds or changes, those that may be replaced.
pub fn replaceable(
    request: &Request<'_>,
    images: Vec<(FieldPath, String)>,
) -> Vec<(FieldPath, String)> {
    let Some(object) = request.object else { return vec![] };
    if is_pod(request) {
        return if annotation::is_there(object, MIRROR) { vec![] } else { images };
    }
    if has_controller(object) {
        return vec![];
    }
    match (request.operation.as_str(), request.old_object) {
        ("UPDATE", Some(old)) => brought_in(object, old, images),
        // What an update changes cannot be known without the object before it.
        ("UPDATE", None) => vec![],
        _ => images,
    }
}

fn is_pod(request: &Request<'_>) -> bool {
    request.kind.group.is_empty() && request.kind.kind == "Pod"
}

/// Whether another object makes this one from a template of its own, and would see it differ for ever: a
/// `ReplicaSet` of a Deployment or of an Argo Rollout, a Job of a `CronJob`. What cannot be read counts as
/// owned.
fn has_controller(object: &RawValue) -> bool {
    let Ok(object) = serde_json::from_str::<Object>(object.get()) else { return true };
    let owners = object.metadata.and_then(|metadata| metadata.owner_references);
    owners.into_iter().flatten().any(|owner| owner.controller == Some(true))
}

/// Of the images whose field path has another value than before, those that their container did not
/// have before: a container that is put in front of the others changes the paths of all.
fn brought_in(
    object: &RawValue,
    old: &RawValue,
    images: Vec<(FieldPath, String)>,
) -> Vec<(FieldPath, String)> {
    let read = |object: &RawValue| serde_json::from_str::<Value>(object.get());
    let (Ok(object), Ok(old)) = (read(object), read(old)) else { return vec![] };
    images.into_iter().filter(|(path, _)| !had(&object, &old, path)).collect()
}

/// Whether the container, or volume, of this image had the same image before. Within its list, its name
/// says which it is.
fn had(object: &Value, old: &Value, path: &FieldPath) -> bool {
    let pointer = pointer(path);
    let Some((item, field)) = ["/image/reference", "/image"]
        .into_iter()
        .find_map(|field| Some((pointer.strip_suffix(field)?, field)))
    else {
        return false;
    };
    let before = item.rsplit_once('/').and_then(|(list, _)| old.pointer(list)?.as_array());
    let Some((item, before)) = object.pointer(item).zip(before) else { return false };
    let same = |old: &Value| {
        old.get("name") == item.get("name") && old.pointer(field) == item.pointer(field)
    };
    before.iter().any(same)
}
