//! What must hold for the answer of `/mutate`.

use serde_json::Value;

use crate::REGISTRY;

/// Nothing is refused, and a patch applies, changes only what it may, and leads into the registry.
pub fn assert_fits(response: &Value, body: &[u8]) {
    assert_eq!(response["allowed"], true, "{response}");
    let Some(encoded) = response["patch"].as_str() else { return };
    assert_eq!(response["patchType"], "JSONPatch");
    let decoded = aws_smithy_types::base64::decode(encoded).unwrap();
    let operations: Vec<Value> = serde_json::from_slice(&decoded).unwrap();
    assert!(!operations.is_empty(), "{response}");
    for operation in &operations {
        let path = operation["path"].as_str().unwrap();
        let image = path.ends_with("/image") || path.ends_with("/image/reference");
        let annotations = path.strip_prefix("/metadata/annotations");
        let annotation = "ecr-admission/original-images";
        match operation["op"].as_str().unwrap() {
            "test" => assert!(image, "{operation}"),
            "replace" => {
                assert!(image, "{operation}");
                let path = operation["value"].as_str().unwrap().strip_prefix(REGISTRY);
                assert!(path.is_some_and(|path| path.starts_with('/')), "{operation}");
            }
            "add" if annotations == Some("/ecr-admission~1original-images") => {}
            "add" if annotations == Some("") => {
                let added = operation["value"].as_object().unwrap();
                assert!(added.len() == 1 && added.contains_key(annotation), "{operation}");
            }
            _ => panic!("an unknown operation: {operation}"),
        }
    }
    // A patch that does not apply fails the call, whatever the failure policy says. An object that
    // nests too deep for this reader is left out.
    let Ok(mut review) = serde_json::from_slice::<Value>(body) else { return };
    let object = &mut review["request"]["object"];
    let patch: json_patch::Patch = serde_json::from_slice(&decoded).unwrap();
    json_patch::patch(object, &patch).unwrap();
}

/// Applies the patch of an answer, as kube-apiserver does before it asks the validating webhook.
pub fn apply(object: &mut Value, response: &Value) {
    let Some(patch) = response["patch"].as_str() else { return };
    let patch = aws_smithy_types::base64::decode(patch).unwrap();
    let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
    json_patch::patch(object, &patch).unwrap();
}
