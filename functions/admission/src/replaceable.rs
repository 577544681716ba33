//! Which images the mutating webhook may replace. A change of the others would break their object.

use ecr_admission_policy::FieldPath;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::annotation;
use crate::owner;
use crate::patch::pointer;
use crate::review::Request;

/// The annotation by which the kubelet marks the API object of a static Pod (Kubernetes, well-known
/// annotations). What runs is the file on the node, whatever the object says.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Of `images`, which the request adds or changes, those that may be replaced.
pub fn of(request: &Request<'_>, images: Vec<(FieldPath, String)>) -> Vec<(FieldPath, String)> {
    let Some(object) = request.object else { return vec![] };
    if is_pod(request) {
        return if annotation::is_there(object, MIRROR) { vec![] } else { images };
    }
    // A ReplicaSet of a Deployment or of an Argo Rollout, or a Job of a CronJob: its controller creates it from
    // a template, and would find it different forever.
    if owner::may_have_controller(object) {
        return vec![];
    }
    match (request.operation.as_str(), request.old_object) {
        ("UPDATE", Some(old)) => brought_in(object, old, images),
        // Without the old object, nobody knows what the update changes.
        ("UPDATE", None) => vec![],
        _ => images,
    }
}

fn is_pod(request: &Request<'_>) -> bool {
    request.kind.group.is_empty() && request.kind.kind == "Pod"
}

/// Of the images whose field path has a new value, those that are new to their container: inserting a
/// container before others changes the paths of all.
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
