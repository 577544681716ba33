//! Reviews, and the outcome of each in the words of the specification.

use serde_json::{Value, json};

use crate::support::{self, image};

/// A review of a new Pod with this image of the stack's registry, in the namespace `shop`.
pub fn pod(name: &str) -> Value {
    support::pod("u", &[&image(name)])
}

/// The same, of a Deployment.
pub fn deployment(name: &str) -> Value {
    let mut review = pod(name);
    let template = review["request"]["object"].take();
    let request = &mut review["request"];
    request["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    request["resource"] = json!({"group": "apps", "version": "v1", "resource": "deployments"});
    request["object"] = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "p"},
        "spec": {"template": template},
    });
    review
}

/// The outcome of a review: `admitted`, or the denial, the warnings and what is only audited, a line
/// each.
pub fn outcome(response: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut lines = vec![];
    if response["allowed"] != true {
        lines.push(format!("denied: {}", text(&response["status"]["message"])));
    }
    let warnings = response["warnings"].as_array().into_iter().flatten();
    lines.extend(warnings.map(|warning| format!("warned: {}", text(warning))));
    let audited = &response["auditAnnotations"]["audited"];
    lines.extend(audited.as_str().map(|audited| format!("audited: {audited}")));
    if lines.is_empty() { ADMITTED.to_owned() } else { lines.join("\n") }
}

/// The outcome without a violation.
pub const ADMITTED: &str = "admitted";

/// The outcome of an image whose one violation denies.
pub fn denied(name: &str, reason: &str) -> String {
    format!("denied: {}", violation(name, reason))
}

/// The outcome of an image whose one violation warns.
pub fn warned(name: &str, reason: &str) -> String {
    format!("warned: {}", violation(name, reason))
}

/// The outcome of an image whose one violation is only audited.
pub fn audited(name: &str, reason: &str) -> String {
    format!("audited: {}", violation(name, reason))
}

/// One violation of a Pod's only image. The reason ends in its rule.
pub fn violation(name: &str, reason: &str) -> String {
    format!("spec.containers[0].image \"{}\": {reason}", image(name))
}

/// The reason by which `open:1` is denied.
pub const MUTABLE: &str = "repository \"open\" lets tag \"1\" be overwritten (MUTABLE); set \
    image tag mutability to IMMUTABLE or pin the image by digest [tag-immutability]";

/// A reason of `scan-findings`: these findings, in these words.
pub fn findings(words: &str) -> String {
    format!(
        "has {words}; rebuild it with fixed packages and push it under a new tag [scan-findings]"
    )
}
