//! A JSON patch (RFC 6902) that replaces images and keeps the original ones in an annotation.

use std::collections::BTreeMap;

use ecr_admission_policy::FieldPath;
use ecr_admission_policy::mutate::Change;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::annotation;

/// The annotation with the images as their author wrote them: a JSON object of field path to image. It is
/// for people; nothing trusts it.
pub const ORIGINALS: &str = "ecr-admission/original-images";

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    op: &'static str,
    path: String,
    value: Value,
}

/// The patch for `changes`. Each image is replaced only if it is still the one that was looked up. With
/// `annotate`, the originals are added to the annotation.
pub fn operations(changes: &[Change], object: &RawValue, annotate: bool) -> Vec<Operation> {
    let mut operations = vec![];
    for Change { path, original, image, .. } in changes {
        let path = pointer(path);
        let original = original.as_str().into();
        operations.push(Operation { op: "test", path: path.clone(), value: original });
        operations.push(Operation { op: "replace", path, value: image.as_str().into() });
    }
    if annotate && !changes.is_empty() {
        operations.extend(originals(changes, object));
    }
    operations
}

/// `None` where there is no metadata to hold the annotation: a patch that does not apply fails the whole
/// call.
fn originals(changes: &[Change], object: &RawValue) -> Option<Operation> {
    let metadata = annotation::metadata(object)?;
    let before = metadata.annotation(ORIGINALS);
    let mut originals: BTreeMap<String, String> =
        before.and_then(|before| serde_json::from_str(&before).ok()).unwrap_or_default();
    originals.extend(changes.iter().map(|c| (c.path.to_string(), c.original.clone())));
    let originals = serde_json::to_string(&originals).ok()?;
    // `add` replaces a member that exists (RFC 6902, 4.1), but cannot create the object around it.
    Some(if metadata.has_annotations() {
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
