//! The mutating webhook: what is patched, and that nothing else ever is.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::Path;

use ecr_admission::handler::Handler;
use ecr_admission_testing::{
    REGISTRY, Registries, create, digest, handler, pod_review, post, registries, validate,
};
use json_patch::Patch;
use proptest::prelude::*;
use serde_json::{Value, json};

const ANNOTATION: &str = "ecr-admission/original-images";

/// A handler that pins everywhere, and maps Docker Hub to a repository of ours.
fn mutating(registries: Registries) -> Handler<Registries> {
    let rewrites = format!("docker.io/={REGISTRY}/docker-hub/, docker.io/library/redis=");
    let environment =
        [("PIN_NAMESPACES", "*"), ("REWRITES", &*rewrites), ("REGISTRY_IDS", "123456789012")];
    handler(registries, &environment)
}

/// The `response` of `/mutate`.
async fn mutate(handler: &Handler<Registries>, review: &Value) -> Value {
    let (status, body) = post(handler, "POST /mutate", &review.to_string()).await;
    assert_eq!(status, 200, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["response"]["allowed"], true, "a mutation never refuses");
    answer["response"].clone()
}

/// The operations of a response.
fn patch(response: &Value) -> Value {
    let Some(patch) = response["patch"].as_str() else { return json!([]) };
    assert_eq!(response["patchType"], "JSONPatch");
    serde_json::from_slice(&aws_smithy_types::base64::decode(patch).unwrap()).unwrap()
}

/// The object with the patch of a response applied, by a crate that is not ours.
fn apply(response: &Value, object: &Value) -> Value {
    let patch: Patch = serde_json::from_value(patch(response)).unwrap();
    let mut object = object.clone();
    json_patch::patch(&mut object, &patch).unwrap();
    object
}

#[tokio::test]
async fn an_image_by_tag_gets_the_digest_that_is_evaluated() {
    let handler = mutating(registries());
    let image = format!("{REGISTRY}/pay:1");
    let pinned = format!("{image}@{}", digest('a'));
    let mut review = create(&[&image]);
    let response = mutate(&handler, &review).await;
    assert_eq!(
        patch(&response),
        json!([
            {"op": "test", "path": "/spec/containers/0/image", "value": image},
            {"op": "replace", "path": "/spec/containers/0/image", "value": pinned},
            {"op": "add", "path": "/metadata/annotations", "value": {
                ANNOTATION: format!(r#"{{"spec.containers[0].image":"{image}"}}"#),
            }},
        ])
    );
    review["request"]["object"] = apply(&response, &review["request"]["object"]);
    let response = validate(&handler, &review).await;
    assert_eq!(response["allowed"], true, "{response}");
    assert_eq!(response["auditAnnotations"]["spec.containers.0"], digest('a').as_str());
    assert_eq!(response.get("patch"), None);
}

#[tokio::test]
async fn where_pinning_is_on_what_is_not_pinned_is_denied() {
    let image = format!("{REGISTRY}/pay:1");
    let handler = handler(registries(), &[("PIN_NAMESPACES", "shop,other")]);
    let message = "is not pinned by digest, which this namespace requires; apply the mutating webhook configuration, which pins it, or name the digest [pinned]";
    let mut review = create(&[&image]);
    let response = validate(&handler, &review).await;
    assert!(response["status"]["message"].as_str().unwrap().ends_with(message), "{response}");
    review["request"]["namespace"] = "elsewhere".into();
    assert_eq!(validate(&handler, &review).await["allowed"], true);
    assert_eq!(patch(&mutate(&handler, &review).await), json!([]));
}

#[tokio::test]
async fn a_controller_is_not_asked_to_be_pinned() {
    let image = format!("{REGISTRY}/pay:1");
    let template = json!({"spec": {"containers": [{"name": "a", "image": image}]}});
    let mut review = create(&[]);
    review["request"]["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    review["request"]["object"] =
        json!({"metadata": {"name": "d"}, "spec": {"selector": {}, "template": template}});
    let handler = mutating(registries());
    assert_eq!(validate(&handler, &review).await.get("warnings"), None);
    // Where the mutating configuration names controllers, their templates are pinned.
    let response = mutate(&handler, &review).await;
    assert_eq!(patch(&response)[1]["path"], "/spec/template/spec/containers/0/image");
}

/// A review of a controller, owned by others as the JSON says, with these containers, name and image;
/// and with those that it had before, where it is updated.
fn controller(
    kind: &str,
    owners: &Value,
    containers: &[(&str, &str)],
    old: Option<&[(&str, &str)]>,
) -> Value {
    let object = |containers: &[(&str, &str)]| {
        let containers: Vec<Value> =
            containers.iter().map(|(name, image)| json!({"name": name, "image": image})).collect();
        let template =
            json!({"metadata": {"labels": {"app": "x"}}, "spec": {"containers": containers}});
        json!({
            "metadata": {"name": "x", "ownerReferences": owners},
            "spec": {"selector": {}, "template": template},
        })
    };
    let mut review = create(&[]);
    let request = &mut review["request"];
    let group = if kind == "Job" { "batch" } else { "apps" };
    request["kind"] = json!({"group": group, "version": "v1", "kind": kind});
    request["object"] = object(containers);
    if let Some(old) = old {
        request["operation"] = "UPDATE".into();
        request["oldObject"] = object(old);
    }
    review
}

/// The paths that a review's patch replaces.
async fn replaced(review: &Value) -> Vec<String> {
    let patch = patch(&mutate(&mutating(registries().with_any()), review).await);
    let operations = patch.as_array().unwrap().iter();
    let replacing = operations.filter(|operation| operation["op"] == "replace");
    replacing.map(|operation| operation["path"].as_str().unwrap().to_owned()).collect()
}

/// The controller that owns it would see another template than its own, and make one after the other.
#[tokio::test]
async fn what_a_controller_owns_is_never_changed_but_a_pod() {
    let image = format!("{REGISTRY}/pay:1");
    let main = &[("main", image.as_str())][..];
    let owner = |api: &str, kind: &str, controller: Value| {
        json!([
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "1"},
            {"apiVersion": api, "kind": kind, "name": "x", "uid": "2", "controller": controller},
        ])
    };
    let path = vec!["/spec/template/spec/containers/0/image".to_owned()];
    for (kind, owners, expected) in [
        ("ReplicaSet", owner("apps/v1", "Deployment", json!(true)), vec![]),
        ("ReplicaSet", owner("argoproj.io/v1alpha1", "Rollout", json!(true)), vec![]),
        ("Job", owner("batch/v1", "CronJob", json!(true)), vec![]),
        ("Deployment", owner("example.com/v1", "App", json!(true)), vec![]),
        ("StatefulSet", owner("example.com/v1", "Database", json!(true)), vec![]),
        // An owner that only has it garbage-collected makes none.
        ("ReplicaSet", owner("example.com/v1", "App", json!(false)), path.clone()),
        ("Deployment", owner("example.com/v1", "App", Value::Null), path.clone()),
        ("Deployment", json!([]), path.clone()),
        ("Deployment", Value::Null, path.clone()),
        // What cannot be read may say anything.
        ("Deployment", json!([{"controller": "true"}]), vec![]),
    ] {
        let created = controller(kind, &owners, main, None);
        assert_eq!(replaced(&created).await, expected, "{kind} {owners}");
        let other = &[("main", "quay.io/team/app:1")][..];
        let updated = controller(kind, &owners, main, Some(other));
        assert_eq!(replaced(&updated).await, expected, "{kind} {owners}");
    }
    let mut pod = create(&[&image]);
    pod["request"]["object"]["metadata"]["ownerReferences"] =
        owner("apps/v1", "ReplicaSet", json!(true));
    assert_eq!(replaced(&pod).await, ["/spec/containers/0/image"]);
}

#[tokio::test]
async fn of_a_controller_only_what_the_request_changes_is_changed() {
    let [pay, web] = ["pay", "web"].map(|name| format!("{REGISTRY}/{name}:1"));
    let (pay, web) = (pay.as_str(), web.as_str());
    let path = |n: usize| format!("/spec/template/spec/containers/{n}/image");
    for (new, old, expected) in [
        // Restarted, scaled or labelled.
        (&[("a", pay), ("b", web)][..], &[("a", pay), ("b", web)][..], vec![]),
        // Another image of one container.
        (&[("a", pay), ("b", web)], &[("a", pay), ("b", "nginx")], vec![path(1)]),
        // A container in front of, behind and between the others.
        (&[("s", web), ("a", pay), ("b", web)], &[("a", pay), ("b", web)], vec![path(0)]),
        (&[("a", pay), ("s", web)], &[("a", pay)], vec![path(1)]),
        (&[("a", pay), ("s", pay), ("b", web)], &[("a", pay), ("b", web)], vec![path(1)]),
        // The others in another order, and with one another's images.
        (&[("b", web), ("a", pay)], &[("a", pay), ("b", web)], vec![]),
        (&[("a", web), ("b", pay)], &[("a", pay), ("b", web)], vec![path(0), path(1)]),
    ] {
        let review = controller("Deployment", &json!([]), new, Some(old));
        assert_eq!(replaced(&review).await, expected, "{new:?}\n{old:?}");
        // Whether it was changed cannot be known.
        let mut without = review.clone();
        without["request"]["oldObject"] = Value::Null;
        assert_eq!(replaced(&without).await, [] as [&str; 0]);
    }
}

/// What runs is the file on the node: a mirror Pod that is changed shows an image that does not run.
#[tokio::test]
async fn a_mirror_pod_is_left_alone() {
    for (annotations, expected) in [
        (json!({"kubernetes.io/config.mirror": "0f1e", "kubernetes.io/config.source": "file"}), 0),
        (json!({"kubernetes.io/config.mirror": ""}), 0),
        (json!({"kubernetes.io/config.source": "file"}), 2),
    ] {
        let mut review = create(&[&format!("{REGISTRY}/pay:1"), "nginx"]);
        review["request"]["object"]["metadata"]["annotations"] = annotations;
        assert_eq!(replaced(&review).await.len(), expected, "{review}");
    }
}

/// Mapped to a registry, it would no longer be what the injector looks for.
#[tokio::test]
async fn an_injectors_placeholder_is_left_alone_and_its_neighbors_are_not() {
    let review = create(&["auto", "nginx", "auto"]);
    assert_eq!(replaced(&review).await, ["/spec/containers/1/image"]);
    assert_eq!(replaced(&create(&["auto"])).await, [] as [&str; 0]);
    // Once it is replaced, we are asked again.
    let injected = create(&["docker.io/istio/proxyv2:1.28"]);
    assert_eq!(replaced(&injected).await, ["/spec/containers/0/image"]);
}

#[tokio::test]
async fn an_image_of_another_registry_is_mapped_and_pinned_in_one_answer() {
    let registries = registries().with_any();
    let handler = mutating(registries);
    let response = mutate(&handler, &create(&["nginx", "redis", "quay.io/team/app:1"])).await;
    let patch = patch(&response);
    let mapped = format!("{REGISTRY}/docker-hub/library/nginx:latest@{}", digest('e'));
    assert_eq!(
        patch[1],
        json!({"op": "replace", "path": "/spec/containers/0/image", "value": mapped})
    );
    assert_eq!(
        patch.as_array().unwrap().len(),
        3,
        "redis is excluded, quay.io is not mapped: {patch}"
    );
}

#[tokio::test]
async fn what_cannot_be_resolved_is_left_alone_with_a_warning() {
    let image = format!("{REGISTRY}/gone:1");
    let response = mutate(&mutating(registries()), &create(&[&image])).await;
    assert_eq!(patch(&response), json!([]));
    let warning = format!(
        "spec.containers[0].image \"{image}\": not pinned: repository \"gone\" does not exist in registry 123456789012 in us-east-1; create it or correct the image"
    );
    assert_eq!(response["warnings"], json!([warning]));
}

#[tokio::test]
async fn nothing_is_patched_where_there_is_nothing_to_evaluate() {
    let image = format!("{REGISTRY}/pay:1");
    let registries = registries();
    let asked = std::sync::Arc::clone(&registries.asked);
    let handler = mutating(registries);
    let spec = json!({"containers": [{"name": "a", "image": image}]});
    let mut ignored = create(&[&image]);
    ignored["request"]["namespace"] = "kube-system".into();
    let mut deleted = pod_review("DELETE", &spec, Some(&spec));
    deleted["request"]["object"] = Value::Null;
    let mut unknown = create(&[&image]);
    unknown["request"]["kind"]["kind"] = "Thing".into();
    let mut unreadable = create(&[&image]);
    unreadable["request"]["object"]["spec"] = json!(7);
    for review in [
        ignored,
        deleted,
        pod_review("CONNECT", &spec, None),
        pod_review("UPDATE", &spec, Some(&spec)),
        unknown,
        unreadable,
    ] {
        assert_eq!(patch(&mutate(&handler, &review).await), json!([]), "{review}");
    }
    assert_eq!(*asked.lock().unwrap(), [] as [&str; 0]);
}

#[tokio::test]
async fn an_ephemeral_container_is_pinned_without_the_annotation_that_would_be_dropped() {
    let good = json!({"name": "a", "image": format!("{REGISTRY}/pay:1")});
    let new = json!({"containers": [good], "ephemeralContainers": [{"name": "d", "image": format!("{REGISTRY}/web:1")}]});
    let mut review = pod_review("UPDATE", &new, Some(&json!({"containers": [good]})));
    review["request"]["subResource"] = "ephemeralcontainers".into();
    let patch = patch(&mutate(&mutating(registries()), &review).await);
    let paths: Vec<&str> =
        patch.as_array().unwrap().iter().filter_map(|o| o["path"].as_str()).collect();
    assert_eq!(paths, ["/spec/ephemeralContainers/0/image"; 2]);
}

#[tokio::test]
async fn the_annotation_keeps_what_it_says_and_trusts_none_of_it() {
    let image = format!("{REGISTRY}/pay:1");
    let handler = mutating(registries());
    for (before, expected) in [
        (
            r#"{"spec.initContainers[0].image":"x"}"#,
            json!({"spec.initContainers[0].image": "x", "spec.containers[0].image": image}),
        ),
        ("not JSON", json!({"spec.containers[0].image": image})),
    ] {
        let mut review = create(&[&image]);
        review["request"]["object"]["metadata"]["annotations"] =
            json!({ANNOTATION: before, "other": "kept"});
        let object = apply(&mutate(&handler, &review).await, &review["request"]["object"]);
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(annotations["other"], "kept");
        let originals: Value =
            serde_json::from_str(annotations[ANNOTATION].as_str().unwrap()).unwrap();
        assert_eq!(originals, expected);
    }
}

#[tokio::test]
async fn an_object_without_metadata_is_still_patched() {
    let mut review = create(&[&format!("{REGISTRY}/pay:1")]);
    review["request"]["object"].as_object_mut().unwrap().remove("metadata");
    let response = mutate(&mutating(registries()), &review).await;
    apply(&response, &review["request"]["object"]);
}

#[tokio::test]
async fn every_captured_review_gets_exactly_this_patch() {
    let handler = mutating(registries().with_any());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/admission-reviews");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for file in files {
        let review: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let response = mutate(&handler, &review).await;
        let object = &review["request"]["object"];
        if !object.is_null() {
            apply(&response, object);
        }
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        insta::with_settings!({snapshot_suffix => name, prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!("patch", patch(&response));
        });
    }
}

/// Images as authors write them.
fn image() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("nginx".to_owned()),
        Just("redis:8".to_owned()),
        Just("quay.io/team/app:1".to_owned()),
        Just("ngi nx".to_owned()),
        "[a-z]{2,5}(:[a-z0-9]{1,4})?".prop_map(|name| format!("{REGISTRY}/{name}")),
        "[a-z]{2,5}".prop_map(|name| format!("{REGISTRY}/{name}@{}", digest('e'))),
    ]
}

fn containers(images: Vec<String>) -> Value {
    images
        .into_iter()
        .enumerate()
        .map(|(n, image)| json!({"name": format!("c{n}"), "image": image}))
        .collect()
}

/// The object with every image, and the annotation, taken out.
fn without_images(mut object: Value) -> Value {
    for list in ["containers", "initContainers", "ephemeralContainers", "volumes"] {
        for item in object["spec"][list].as_array_mut().into_iter().flatten() {
            item["image"] = Value::Null;
        }
    }
    let metadata = object["metadata"].as_object_mut().unwrap();
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(ANNOTATION);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    object
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn only_images_and_our_annotation_change_and_only_once(
        main in proptest::collection::vec(image(), 1..4),
        init in proptest::collection::vec(image(), 0..3),
        ephemeral in proptest::collection::vec(image(), 0..2),
        volumes in proptest::collection::vec(image(), 0..2),
        annotated in any::<bool>(),
    ) {
        let volumes: Value = volumes.into_iter().map(|image| json!({"name": "v", "image": {"reference": image}})).collect();
        let mut review = pod_review("CREATE", &json!({
            "containers": containers(main),
            "initContainers": containers(init),
            "ephemeralContainers": containers(ephemeral),
            "volumes": volumes,
        }), None);
        if annotated {
            review["request"]["object"]["metadata"]["annotations"] = json!({"a/b": "c"});
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handler = mutating(registries().with_any());
        let before = review["request"]["object"].clone();
        let after = apply(&runtime.block_on(mutate(&handler, &review)), &before);
        prop_assert_eq!(without_images(before), without_images(after.clone()));
        review["request"]["object"] = after;
        prop_assert_eq!(patch(&runtime.block_on(mutate(&handler, &review))), json!([]));
    }
}
