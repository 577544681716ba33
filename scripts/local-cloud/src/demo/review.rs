//! The AdmissionReview that a kube-apiserver would send about a sample.

use serde_json::{Value, json};
use uuid::Uuid;

use super::samples::{Operation, Sample};

/// The review and its uid.
pub(super) fn wrap(sample: &Sample) -> (String, Value) {
    let uid = Uuid::new_v4().to_string();
    let (group, version) =
        sample.text("/apiVersion").rsplit_once('/').unwrap_or(("", sample.text("/apiVersion")));
    let kind = json!({"group": group, "version": version, "kind": sample.text("/kind")});
    // So is the plural of every kind that holds images.
    let plural = format!("{}s", sample.text("/kind").to_lowercase());
    let resource = json!({"group": group, "version": version, "resource": plural});
    let (operation, options) = match sample.operation {
        Operation::Create => ("CREATE", "CreateOptions"),
        Operation::Update => ("UPDATE", "UpdateOptions"),
    };
    let (object, old_object) = objects(sample);
    let mut request = json!({
        "uid": uid,
        "kind": kind, "resource": resource,
        "requestKind": kind, "requestResource": resource,
        "name": sample.text("/metadata/name"),
        "namespace": sample.namespace(),
        "operation": operation,
        "userInfo": {"username": "kubernetes-admin", "groups": ["kubeadm:cluster-admins", "system:authenticated"]},
        "object": object,
        "oldObject": old_object,
        "dryRun": false,
        "options": {
            "kind": options, "apiVersion": "meta.k8s.io/v1",
            "fieldManager": "kubectl-client-side-apply", "fieldValidation": "Strict",
        },
    });
    if let (Some(subresource), Some(request)) = (&sample.subresource, request.as_object_mut()) {
        request.insert("subResource".to_owned(), json!(subresource));
        request.insert("requestSubResource".to_owned(), json!(subresource));
    }
    (
        uid,
        json!({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}),
    )
}

/// The object as stored, and what was stored before: on UPDATE the same one without its ephemeral
/// containers, which `kubectl debug` has just added.
fn objects(sample: &Sample) -> (Value, Value) {
    let mut object = sample.manifest.clone();
    let created = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("namespace".to_owned(), json!(sample.namespace()));
        metadata.insert("uid".to_owned(), json!(Uuid::new_v4().to_string()));
        metadata.insert("creationTimestamp".to_owned(), json!(created));
    }
    let old = match sample.operation {
        Operation::Create => Value::Null,
        Operation::Update => {
            let mut old = object.clone();
            if let Some(spec) = old.get_mut("spec").and_then(Value::as_object_mut) {
                spec.remove("ephemeralContainers");
            }
            old
        }
    };
    (object, old)
}
