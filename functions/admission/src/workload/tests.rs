use super::*;

use serde_json::{Value, json};

/// A review request of `kind` that holds `object`.
fn request(operation: &str, api_version: &str, kind: &str, object: &Value, old: &Value) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    json!({
        "uid": "u",
        "kind": {"group": group, "version": version, "kind": kind},
        "operation": operation,
        "object": object,
        "oldObject": old,
    })
    .to_string()
}

fn of_json(json: &str) -> Result<Workload, Refused> {
    let request: Request<'_> = serde_json::from_str(json).unwrap();
    of(&request)
}

fn images(operation: &str, object: &Value, old: &Value) -> Vec<String> {
    match of_json(&request(operation, "v1", "Pod", object, old)).unwrap() {
        Workload::Images { images, .. } => {
            images.into_iter().map(|(path, image)| format!("{path}={image}")).collect()
        }
        Workload::NoImages => panic!("a Pod has images"),
    }
}

fn pod_spec() -> Value {
    json!({
        "containers": [{"name": "a", "image": "a:1"}, {"name": "b"}],
        "initContainers": [{"name": "i", "image": "i:1"}],
        "ephemeralContainers": [{"name": "e", "image": "e:1"}],
        "volumes": [{"name": "v"}, {"name": "w", "image": {"reference": "w:1"}}, {"name": "x", "image": {}}],
    })
}

const ALL: [(&str, &str); 6] = [
    ("containers[0].image", "a:1"),
    ("containers[1].image", ""),
    ("ephemeralContainers[0].image", "e:1"),
    ("initContainers[0].image", "i:1"),
    ("volumes[1].image.reference", "w:1"),
    ("volumes[2].image.reference", ""),
];

#[test]
fn every_image_field_of_every_kind_is_found() {
    let template = json!({"spec": pod_spec()});
    for (api_version, kind, object, path, mode) in [
        ("v1", "Pod", json!({"spec": pod_spec()}), "spec", Mode::Deny),
        ("v1", "PodTemplate", json!({"template": template}), "template.spec", Mode::Warn),
        (
            "v1",
            "ReplicationController",
            json!({"spec": {"template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "apps/v1",
            "Deployment",
            json!({"spec": {"selector": {}, "template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "apps/v1",
            "ReplicaSet",
            json!({"spec": {"selector": {}, "template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "apps/v1",
            "StatefulSet",
            json!({"spec": {"selector": {}, "template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "apps/v1",
            "DaemonSet",
            json!({"spec": {"selector": {}, "template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "batch/v1",
            "Job",
            json!({"spec": {"template": template}}),
            "spec.template.spec",
            Mode::Warn,
        ),
        (
            "batch/v1",
            "CronJob",
            json!({"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}}),
            "spec.jobTemplate.spec.template.spec",
            Mode::Warn,
        ),
    ] {
        let expected = ALL
            .iter()
            .map(|(field, image)| (FieldPath::new(format!("{path}.{field}")), (*image).to_owned()));
        let expected = Workload::Images { mode, images: expected.collect() };
        for operation in ["CREATE", "UPDATE"] {
            let request = request(operation, api_version, kind, &object, &Value::Null);
            assert_eq!(of_json(&request), Ok(expected.clone()), "{operation} {kind}");
        }
    }
}

#[test]
fn an_update_is_evaluated_for_what_it_changes() {
    let old = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}});
    let new = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:2"}]}});
    assert_eq!(images("UPDATE", &new, &old), ["spec.containers[1].image=b:2"]);
    assert_eq!(images("UPDATE", &old, &old), [] as [&str; 0]);
    for unreadable in [Value::Null, json!(7), json!({"spec": {"containers": 7}}), json!({})] {
        assert_eq!(images("UPDATE", &new, &unreadable).len(), 2, "{unreadable}");
    }
    // The same image at another place counts as changed.
    let moved = json!({"spec": {"containers": [{"name": "b", "image": "b:1"}, {"name": "a", "image": "a:1"}]}});
    assert_eq!(images("UPDATE", &moved, &old).len(), 2);
    // A create is evaluated whole, whatever its old object is.
    assert_eq!(images("CREATE", &old, &old).len(), 2);
}

#[test]
fn what_starts_nothing_is_not_evaluated() {
    let object = json!({"spec": 7});
    for (operation, api_version, kind) in [
        ("DELETE", "v1", "Pod"),
        ("CONNECT", "v1", "PodExecOptions"),
        ("CREATE", "v1", "Binding"),
        ("CREATE", "policy/v1", "Eviction"),
        ("UPDATE", "autoscaling/v1", "Scale"),
        ("DELETE", "example.com/v1", "Anything"),
    ] {
        let request = request(operation, api_version, kind, &object, &Value::Null);
        assert_eq!(of_json(&request), Ok(Workload::NoImages), "{operation} {kind}");
    }
}

#[test]
fn what_is_not_known_or_cannot_be_read_is_refused_with_its_name() {
    let pod = json!({"spec": pod_spec()});
    for (operation, api_version, kind, object, expected) in [
        (
            "PATCH",
            "v1",
            "Pod",
            &pod,
            r#"expected operation CREATE, UPDATE, DELETE or CONNECT, got "PATCH""#,
        ),
        (
            "CREATE",
            "v2",
            "Pod",
            &pod,
            r#"kind "v2 Pod" is not supported; remove it from the rules"#,
        ),
        ("CREATE", "example.com/v1", "Pod", &pod, r#"kind "example.com/v1 Pod" is not supported"#),
        (
            "CREATE",
            "example.com/v1",
            "Scale",
            &pod,
            r#"kind "example.com/v1 Scale" is not supported"#,
        ),
        ("CREATE", "autoscaling/v2", "HorizontalPodAutoscaler", &pod, "HorizontalPodAutoscaler"),
        (
            "CREATE",
            "v1",
            "Pod",
            &Value::Null,
            "the Pod could not be read: the request has no object",
        ),
        ("CREATE", "v1", "Pod", &json!({"spec": 7}), "the Pod could not be read: invalid type"),
        ("CREATE", "v1", "Pod", &json!({}), "the Pod could not be read: it has no image"),
    ] {
        let request = request(operation, api_version, kind, object, &Value::Null);
        let Refused { refusal, mode } = of_json(&request).unwrap_err();
        assert!(refusal.to_string().contains(expected), "{refusal}");
        assert_eq!(mode, Mode::Deny, "{refusal}");
    }
}

#[test]
fn an_unreadable_controller_only_warns_since_its_pods_are_evaluated() {
    let request = request("CREATE", "apps/v1", "Deployment", &json!({"spec": 7}), &Value::Null);
    assert_eq!(of_json(&request).unwrap_err().mode, Mode::Warn);
}
