//! The outcome of a review: the decision and the rules behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Reply;

/// What the webhook decides.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Decision {
    Admit,
    Deny,
    /// Admitted, with warnings.
    Warn,
    /// Admitted without evaluation, for its namespace.
    Ignored,
    /// Changed: its images got their digests.
    Pin,
}

/// A decision, and the ids of the rules that were violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) decision: Decision,
    pub(super) rules: BTreeSet<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.decision {
            Decision::Admit => "admit",
            Decision::Deny => "deny",
            Decision::Warn => "warn",
            Decision::Ignored => "ignored",
            Decision::Pin => "pin",
        })?;
        self.rules.iter().try_for_each(|rule| write!(f, " {rule}"))
    }
}

#[derive(Deserialize)]
struct Review {
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    uid: String,
    allowed: bool,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    audit_annotations: BTreeMap<String, String>,
    #[serde(default)]
    patch: Option<String>,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
}

/// The outcome that an answer gives, and its message. No outcome when it is not an answer to this review:
/// a kube-apiserver would call that a failed call.
pub(super) fn read(uid: &str, reply: &Reply) -> (Option<Outcome>, String) {
    let review = serde_json::from_slice(&reply.body).ok();
    let Some(Review { response }) = review.filter(|review: &Review| review.response.uid == uid)
    else {
        return (None, format!("HTTP {}: {}", reply.status, reply.text()));
    };
    if let Some(patch) = &response.patch {
        let outcome = Outcome { decision: Decision::Pin, rules: BTreeSet::new() };
        return (Some(outcome), replaced(patch));
    }
    let ignored =
        response.audit_annotations.get("decision").is_some_and(|decision| decision == "ignored");
    let (decision, message) = match (response.allowed, response.warnings.is_empty()) {
        (false, _) => (Decision::Deny, response.status.message),
        (true, false) => (Decision::Warn, response.warnings.join("; ")),
        (true, true) if ignored => (Decision::Ignored, String::new()),
        (true, true) => (Decision::Admit, String::new()),
    };
    (Some(Outcome { decision, rules: rules(&message) }), message)
}

/// What a patch replaces, by its JSON pointer.
fn replaced(patch: &str) -> String {
    let patch = STANDARD.decode(patch).unwrap_or_default();
    let operations: Vec<Value> = serde_json::from_slice(&patch).unwrap_or_default();
    let replace = operations.iter().filter(|operation| operation["op"] == "replace");
    let texts = replace.map(|operation| {
        let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
        format!("{} becomes \"{}\"", text("path"), text("value"))
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// The rule ids of a message, each in square brackets at the end of its violation.
fn rules(message: &str) -> BTreeSet<String> {
    let ends =
        message.split("; ").filter_map(|violation| violation.strip_suffix(']')?.rsplit_once(" ["));
    let ids = ends
        .map(|(_, id)| id)
        .filter(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    ids.map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_ids_are_found_where_violations_end() {
        let message = r#"spec.containers[0].image "a [x]": not from ECR; use ECR [ecr-registry]; spec.containers[1].image "b": tag "1" can be overwritten; pin it [tag-immutability]"#;
        assert_eq!(
            rules(message),
            BTreeSet::from(["ecr-registry".to_owned(), "tag-immutability".to_owned()])
        );
        assert!(rules("admitted").is_empty());
    }
}
