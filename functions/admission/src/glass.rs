//! How a request asks for break-glass.
//!
//! A Pod keeps its annotations, and everyone who may edit it may write one: an annotation that was there before the
//! request says nothing about who asks now.

use ecr_admission_policy::break_glass::{ANNOTATION, Asked, VARIABLE};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::annotation;
use crate::review::Request;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pod {
    spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    ephemeral_containers: Option<Vec<Container>>,
}

#[derive(Debug, Deserialize)]
struct Container {
    name: String,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    env: Option<Vec<Variable>>,
}

#[derive(Debug, Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    value: Option<String>,
}

/// How the request asks; `None` when it does not.
pub fn asked(request: &Request<'_>) -> Option<Asked> {
    let object = request.object?;
    let value = annotation::of(object, ANNOTATION);
    if request.sub_resource.as_deref() == Some("ephemeralcontainers") {
        let variables = variables(object, request.old_object);
        return variables.map(Asked::Variable).or(value.map(|_| Asked::AnnotationOfPod));
    }
    let value = value?;
    // What it was before and cannot be read may have been the same.
    let is_new = request.operation == "CREATE"
        || request.old_object.is_some_and(|old| annotation::differs(old, ANNOTATION, &value));
    Some(if is_new { Asked::Annotation(value) } else { Asked::OldAnnotation })
}

/// The values of the variable in the ephemeral containers that the request adds, empty where one has none;
/// `None` when no container has it.
fn variables(object: &RawValue, old: Option<&RawValue>) -> Option<Vec<String>> {
    let new = ephemeral_containers(object)?;
    // If the old ones cannot be read, all count as added.
    let old = old.and_then(ephemeral_containers).unwrap_or_default();
    let was_there =
        |new: &Container| old.iter().any(|old| (&old.name, &old.image) == (&new.name, &new.image));
    let added: Vec<Option<String>> =
        new.into_iter().filter(|new| !was_there(new)).map(value).collect();
    let asks = added.iter().any(Option::is_some);
    asks.then(|| added.into_iter().map(Option::unwrap_or_default).collect())
}

fn ephemeral_containers(object: &RawValue) -> Option<Vec<Container>> {
    let pod: Pod = serde_json::from_str(object.get()).ok()?;
    Some(pod.spec.ephemeral_containers.unwrap_or_default())
}

/// Of a variable that is set twice, the last value applies (Kubernetes API, `EnvVar`). One that is taken
/// from elsewhere, or left out, is an empty text here.
fn value(container: Container) -> Option<String> {
    let mut variables = container.env.unwrap_or_default().into_iter();
    variables.rfind(|it| it.name == VARIABLE).map(|it| it.value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked_by(request: &Value) -> Option<Asked> {
        let text = request.to_string();
        asked(&serde_json::from_str(&text).unwrap())
    }

    fn annotated(value: &str) -> Value {
        json!({"metadata": {"annotations": {ANNOTATION: value}}})
    }

    #[test]
    fn of_an_update_only_an_annotation_that_it_changes_counts() {
        let kind = json!({"version": "v1", "kind": "Pod"});
        let reason = || Some(Asked::Annotation("outage 7".to_owned()));
        for (operation, old, expected) in [
            ("CREATE", Value::Null, reason()),
            ("UPDATE", json!({"metadata": {}}), reason()),
            ("UPDATE", json!({}), reason()),
            ("UPDATE", annotated("outage 6"), reason()),
            ("UPDATE", annotated("outage 7 "), reason()),
            ("UPDATE", annotated("outage 7"), Some(Asked::OldAnnotation)),
            // What cannot be read.
            ("UPDATE", Value::Null, Some(Asked::OldAnnotation)),
            ("UPDATE", json!(7), Some(Asked::OldAnnotation)),
            (
                "UPDATE",
                json!({"metadata": {"annotations": {ANNOTATION: 7}}}),
                Some(Asked::OldAnnotation),
            ),
        ] {
            for sub_resource in [Value::Null, json!("resize"), json!("status")] {
                let request = json!({
                    "kind": kind, "operation": operation, "subResource": sub_resource,
                    "object": annotated("outage 7"), "oldObject": old,
                });
                assert_eq!(asked_by(&request), expected, "{request}");
            }
        }
        let request = json!({"kind": kind, "operation": "CREATE", "object": {"metadata": {}}});
        assert_eq!(asked_by(&request), None);
    }

    /// A review of `pods/ephemeralcontainers` on an annotated Pod.
    fn ephemeral(new: &Value, old: &Value) -> Value {
        let pod = |containers: &Value| {
            let mut pod = annotated("outage 7");
            pod["spec"] = json!({"containers": [], "ephemeralContainers": containers});
            pod
        };
        json!({
            "kind": {"version": "v1", "kind": "Pod"}, "operation": "UPDATE",
            "subResource": "ephemeralcontainers", "object": pod(new), "oldObject": pod(old),
        })
    }

    #[test]
    fn of_ephemeral_containers_those_that_are_added_ask_by_their_variable() {
        let with =
            |name: &str, variables: &Value| json!({"name": name, "image": "i", "env": variables});
        let says = |value: &str| json!([{"name": VARIABLE, "value": value}]);
        let without = with("n", &json!([{"name": "A", "value": "b"}]));
        let (a, b) = (with("a", &says("outage 8")), with("b", &says("outage 9")));
        let variable = |values: &[&str]| {
            Some(Asked::Variable(values.iter().map(ToString::to_string).collect()))
        };
        for (new, old, expected) in [
            (json!([a]), json!([]), variable(&["outage 8"])),
            (json!([a]), Value::Null, variable(&["outage 8"])),
            (json!([a, b]), json!([]), variable(&["outage 8", "outage 9"])),
            (json!([a, without]), json!([]), variable(&["outage 8", ""])),
            // Only what is added.
            (json!([a, b]), json!([a]), variable(&["outage 9"])),
            (json!([without, b]), json!([without]), variable(&["outage 9"])),
            (json!([a, without]), json!([a]), Some(Asked::AnnotationOfPod)),
            (json!([a]), json!([{"name": "a", "image": "j"}]), variable(&["outage 8"])),
            (json!([without]), json!([]), Some(Asked::AnnotationOfPod)),
            (json!([{"name": "a", "image": "i"}]), json!([]), Some(Asked::AnnotationOfPod)),
            // The last of two applies; a value that is taken from elsewhere is not a reason.
            (
                json!([with(
                    "a",
                    &json!([{"name": VARIABLE, "value": "x"}, {"name": VARIABLE, "value": ""}])
                )]),
                json!([]),
                variable(&[""]),
            ),
            (
                json!([with(
                    "a",
                    &json!([{"name": VARIABLE, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}])
                )]),
                json!([]),
                variable(&[""]),
            ),
            (
                json!([with("a", &json!([{"name": "ecr_admission_break_glass", "value": "x"}]))]),
                json!([]),
                Some(Asked::AnnotationOfPod),
            ),
            // What cannot be read asks by nothing; where it is the old, all are added.
            (json!(7), json!([]), Some(Asked::AnnotationOfPod)),
            (json!([a, without]), json!(7), variable(&["outage 8", ""])),
        ] {
            assert_eq!(asked_by(&ephemeral(&new, &old)), expected, "{new}\n{old}");
        }
        let mut plain = ephemeral(&json!([without]), &json!([]));
        plain["object"]["metadata"] = json!({});
        assert_eq!(asked_by(&plain), None);
    }

    #[test]
    fn a_variable_asks_nothing_where_an_annotation_can() {
        let mut review = ephemeral(
            &json!([{"name": "a", "env": [{"name": VARIABLE, "value": "x"}]}]),
            &json!([]),
        );
        review["object"]["metadata"] = json!({});
        review["subResource"] = Value::Null;
        assert_eq!(asked_by(&review), None);
    }
}
