//! Every request that a real kube-apiserver 1.36 sent goes in, and the whole answer is held.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::Path;
use std::sync::Arc;

use ecr_admission_testing::{handler, post, registries};
use kube_core::DynamicObject;
use kube_core::admission::AdmissionReview;
use serde_json::Value;

fn bodies() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/admission-reviews");
    let mut bodies: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    bodies.sort();
    bodies
}

#[tokio::test]
async fn every_captured_review_gets_exactly_this_answer() {
    let registries = registries();
    let asked = Arc::clone(&registries.asked);
    let handler = handler(registries, &[]);
    let bodies = bodies();
    assert_eq!(bodies.len(), 37);
    for (name, body) in bodies {
        let (status, answer) = post(&handler, "POST /validate", &body).await;
        assert_eq!(status, 200, "{name}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        insta::with_settings!({snapshot_suffix => name, prepend_module_to_snapshot => false}, {
            insta::assert_json_snapshot!("answer", answer);
        });
    }
    let asked = asked.lock().unwrap();
    assert!(asked.is_empty(), "no image of theirs is in an allowed registry: {asked:?}");
}

#[tokio::test]
async fn every_answer_is_one_that_kubernetes_types_accept() {
    let handler = handler(registries(), &[]);
    for (name, body) in bodies() {
        let (_, answer) = post(&handler, "POST /validate", &body).await;
        let asked: Value = serde_json::from_str(&body).unwrap();
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        // Optional in the API; kube-core's type wants it.
        if answer["response"]["allowed"] == true {
            answer["response"]["status"] = serde_json::json!({});
        }
        let review: AdmissionReview<DynamicObject> = serde_json::from_value(answer).unwrap();
        assert_eq!(review.types.kind, "AdmissionReview", "{name}");
        assert_eq!(review.types.api_version, asked["apiVersion"], "{name}");
        let response = review.response.unwrap();
        assert_eq!(response.uid, asked["request"]["uid"].as_str().unwrap(), "{name}");
        assert!(response.patch.is_none(), "{name}: a validating answer has no patch");
    }
}

#[tokio::test]
async fn where_nothing_is_to_be_changed_mutate_allows_without_a_patch() {
    let handler = handler(registries(), &[]);
    for (name, body) in bodies() {
        let (status, answer) = post(&handler, "POST /mutate", &body).await;
        let asked: Value = serde_json::from_str(&body).unwrap();
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let expected = serde_json::json!({
            "apiVersion": asked["apiVersion"],
            "kind": "AdmissionReview",
            "response": {"uid": asked["request"]["uid"], "allowed": true},
        });
        assert_eq!((status, answer), (200, expected), "{name}");
    }
}
