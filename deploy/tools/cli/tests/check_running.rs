//! What runs, by what kubelets report.
#![cfg(test)]

use std::path::PathBuf;

use ecr_admission_cli::check::input;
use ecr_admission_cli::check::object::{Content, MadePod, Object};
use ecr_admission_cli::check::running::running;
use serde_json::{Value, json};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn objects(object: &Value) -> Vec<Object> {
    let read = input::read(&[PathBuf::from("-")], &mut object.to_string().as_bytes());
    assert_eq!(read.unreadable, []);
    running(read.objects)
}

/// A live Pod with one container for each imageID; the names are a, b, c.
fn pod(image_ids: &[Value]) -> Value {
    let names = ["a", "b", "c"];
    let containers = image_ids
        .iter()
        .zip(names)
        .map(|(_, name)| json!({"name": name, "image": format!("{name}:1")}));
    // kubelets do not keep the order of the spec.
    let statuses = image_ids
        .iter()
        .zip(names)
        .rev()
        .map(|(id, name)| json!({"name": name, "image": "x", "imageID": id}));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"nodeName": "n", "containers": containers.collect::<Vec<_>>()},
        "status": {"phase": "Running", "containerStatuses": statuses.collect::<Vec<_>>()},
    })
}

fn spec(made: &MadePod) -> Value {
    serde_json::from_str::<Value>(made.pod.get()).unwrap()["spec"].take()
}

/// The specs and the reasons of the objects that one Pod becomes.
fn of(pod: &Value) -> Vec<Result<Value, String>> {
    let content = |object: &Object| match &object.content {
        Content::Pod(made) => Ok(spec(made)),
        Content::NotEvaluated(reason) => Err(reason.clone()),
    };
    objects(pod).iter().map(content).collect()
}

#[test]
fn each_container_has_the_image_that_its_kubelet_reports() {
    let mut pod =
        pod(&[json!(format!("r/a@{DIGEST}")), json!(format!("docker-pullable://r/b@{DIGEST}"))]);
    pod["spec"]["initContainers"] = json!([{"name": "i", "image": "i:1"}]);
    pod["spec"]["ephemeralContainers"] = json!([{"name": "e", "image": "e:1"}]);
    pod["spec"]["volumes"] = json!([{"name": "v"}, {"name": "w", "image": {"reference": "w:1"}}]);
    pod["status"]["initContainerStatuses"] =
        json!([{"name": "i", "imageID": format!("r/i@{DIGEST}")}]);
    pod["status"]["ephemeralContainerStatuses"] =
        json!([{"name": "e", "imageID": format!("r/e@{DIGEST}")}]);
    let expected = json!({
        "containers": [{"name": "a", "image": format!("r/a@{DIGEST}")}, {"name": "b", "image": format!("r/b@{DIGEST}")}],
        "initContainers": [{"name": "i", "image": format!("r/i@{DIGEST}")}],
        "ephemeralContainers": [{"name": "e", "image": format!("r/e@{DIGEST}")}],
        "volumes": [{"name": "v"}, {"name": "w", "image": {"reference": "w:1"}}],
    });
    assert_eq!(of(&pod), [Ok(expected)]);
    let [object] = &objects(&pod)[..] else { panic!() };
    assert_eq!((object.id.name.as_str(), object.id.namespace.as_deref()), ("web-1", Some("shop")));
    let Content::Pod(made) = &object.content else { panic!() };
    let made: Value = serde_json::from_str(made.pod.get()).unwrap();
    assert_eq!(made["metadata"], pod["metadata"]);
    assert_eq!(made["status"], Value::Null);
}

#[test]
fn an_image_without_repository_and_digest_is_not_evaluated() {
    for (id, expected) in [
        (json!(""), r#"container "a" has not started, so it has no imageID"#.to_owned()),
        (json!(null), r#"container "a" has not started, so it has no imageID"#.to_owned()),
        (
            json!(DIGEST),
            format!(r#"container "a" has the imageID "{DIGEST}", which has no repository@digest"#),
        ),
        (
            json!(format!("docker://{DIGEST}")),
            format!(
                r#"container "a" has the imageID "docker://{DIGEST}", which has no repository@digest"#
            ),
        ),
        (
            json!("r/a:1"),
            r#"container "a" has the imageID "r/a:1", which has no repository@digest"#.to_owned(),
        ),
        (
            json!(format!("@{DIGEST}")),
            format!(r#"container "a" has the imageID "@{DIGEST}", which has no repository@digest"#),
        ),
    ] {
        assert_eq!(of(&pod(std::slice::from_ref(&id))), [Err(expected)], "{id}");
    }
    let mut no_status = pod(&[json!("")]);
    no_status["status"] = Value::Null;
    let expected = "it has no status; expected a live Pod, as kubectl get pods -o json writes it";
    assert_eq!(of(&no_status), [Err(expected.to_owned())]);
    let mut unnamed = pod(&[json!("x")]);
    unnamed["status"]["containerStatuses"] = json!([{"name": "b", "imageID": "x"}]);
    assert_eq!(
        of(&unnamed),
        [Err(r#"container "a" has not started, so it has no imageID"#.to_owned())]
    );
}

#[test]
fn a_container_that_is_not_known_does_not_hide_the_others() {
    let image = json!(format!("r/b@{DIGEST}"));
    let known = json!({"containers": [{"name": "b", "image": image}]});
    let unknown = r#"container "a" has not started, so it has no imageID; container "c" has not started, so it has no imageID"#;
    assert_eq!(of(&pod(&[json!(""), image, json!("")])), [Ok(known), Err(unknown.to_owned())]);
}

#[test]
fn a_pod_that_has_ended_is_not_evaluated() {
    for phase in ["Succeeded", "Failed"] {
        let mut pod = pod(&[json!(format!("r/a@{DIGEST}"))]);
        pod["status"]["phase"] = json!(phase);
        assert_eq!(of(&pod), [Err(format!("it has ended: its phase is {phase}"))]);
    }
}

#[test]
fn only_pods_run() {
    let template = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}]}});
    let deployment =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}});
    let expected = "it does not run itself; with --running, its Pods are evaluated";
    assert_eq!(of(&deployment), [Err(expected.to_owned())]);
    let config = json!({"apiVersion": "v1", "kind": "ConfigMap"});
    assert_eq!(of(&config), [Err("no Pod template".to_owned())]);
}

#[test]
fn the_owner_is_the_controller() {
    let reference = |kind: &str, controller: bool| json!({"apiVersion": "v1", "kind": kind, "name": "web-6d4f", "controller": controller});
    for (references, expected) in [
        (
            json!([reference("ConfigMap", false), reference("ReplicaSet", true)]),
            Some("ReplicaSet web-6d4f"),
        ),
        (json!([reference("Node", true)]), Some("Node web-6d4f (static Pod)")),
        (json!([reference("ReplicaSet", false)]), None),
        (json!([]), None),
    ] {
        let mut pod = pod(&[json!(format!("r/a@{DIGEST}"))]);
        pod["metadata"]["ownerReferences"] = references;
        let [object] = &objects(&pod)[..] else { panic!() };
        let Content::Pod(made) = &object.content else { panic!() };
        assert_eq!(made.owner.as_deref(), expected);
    }
}

#[test]
fn places_follow_their_containers() {
    let image = format!("r/b@{DIGEST}");
    let text = format!(
        "apiVersion: v1
kind: Pod
spec:
  containers:
  - {{name: a, image: a:1}}
  - {{name: b, image: b:1}}
  volumes:
  - {{name: v, image: {{reference: v:1}}}}
status:
  containerStatuses:
  - {{name: b, imageID: {image}}}
"
    );
    let read = input::read(&[PathBuf::from("-")], &mut text.as_bytes());
    let objects = running(read.objects);
    let Content::Pod(made) = &objects[0].content else { panic!("{objects:?}") };
    let places: Vec<_> =
        made.images.iter().map(|(path, span)| (path.as_str(), span.line)).collect();
    assert_eq!(places, [("spec.containers[0].image", 6), ("spec.volumes[0].image.reference", 8)]);
}
