//! A JSON patch (RFC 6902) that replaces images, and keeps what they were in an annotation.

use std::collections::BTreeMap;

use ecr_admission_policy::FieldPath;
use ecr_admission_policy::mutate::Change;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// The annotation with the images as their author wrote them: a JSON object, field path to image. It is
/// for people; nothing trusts it.
pub const ORIGINALS: &str = "ecr-admission/original-images";

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    op: &'static str,
    path: String,
    value: Value,
}

#[derive(Deserialize)]
struct Object {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    annotations: Option<BTreeMap<String, String>>,
}

/// The patch for `changes`, each replaced only if it still is what was looked at. With `annotate`, the
/// annotation is written too, beside what it says already.
pub fn operations(changes: &[Change], object: &RawValue, annotate: bool) -> Vec<Operation> {
    let mut operations = vec![];
    for Change { path, original, image, .. } in changes {
        let path = pointer(path);
        let original = original.as_str().into();
        operations.push(Operation { op: "test", path: path.clone(), value: original });
        operations.push(Operation { op: "replace", path, value: image.as_str().into() });
    }
    if annotate && !changes.is_empty() {
        operations.extend(annotation(changes, object));
    }
    operations
}

/// Nothing where there is no metadata to hold it: a patch that does not apply fails the whole call.
fn annotation(changes: &[Change], object: &RawValue) -> Option<Operation> {
    let object: Object = serde_json::from_str(object.get()).ok()?;
    let annotations = object.metadata?.annotations;
    let before = annotations.as_ref().and_then(|annotations| annotations.get(ORIGINALS));
    let mut originals: BTreeMap<String, String> =
        before.and_then(|before| serde_json::from_str(before).ok()).unwrap_or_default();
    originals.extend(changes.iter().map(|c| (c.path.to_string(), c.original.clone())));
    let originals = serde_json::to_string(&originals).ok()?;
    // `add` replaces a member that is there (RFC 6902, 4.1), but cannot make the object around it.
    Some(if annotations.is_some() {
        let path = format!("/metadata/annotations/{}", escape(ORIGINALS));
        Operation { op: "add", path, value: originals.into() }
    } else {
        let path = "/metadata/annotations".to_owned();
        Operation { op: "add", path, value: json!({ORIGINALS: originals}) }
    })
}

/// `spec.containers[0].image` as a JSON pointer (RFC 6901).
pub fn pointer(path: &FieldPath) -> String {
    let parts = path.as_str().split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.flat_map(|part| ["/".to_owned(), escape(part)]).collect()
}

fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}
