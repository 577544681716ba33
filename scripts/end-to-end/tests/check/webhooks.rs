//! The two webhooks of a running stack, in the order of a kube-apiserver.

use ecr_admission_testing::patch;
use end_to_end::support::{VALIDATE, response};
use local_cloud::stack::Stack;
use serde_json::{Value, json};

use crate::objects::Object;

const MUTATE: &str = "/mutate?timeout=10s";

/// Who creates the Pods, and one of the groups that may break the glass.
pub(crate) const USER: &str = "admin";
pub(crate) const GROUP: &str = "oncall";

/// The `response` of the validating webhook to the Pod, as the mutating webhook leaves it; and whether that changed it.
pub(crate) async fn answer(stack: &Stack, object: &Object) -> (Value, bool) {
    let mut review = json!({
        "kind": "AdmissionReview",
        "apiVersion": "admission.k8s.io/v1",
        "request": {
            "uid": "u",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": object.namespace(),
            "operation": "CREATE",
            "userInfo": {"username": USER, "groups": [GROUP]},
            "object": object.pod,
            "oldObject": null,
        },
    });
    let mutated = response(&stack.review(MUTATE, &review).await.unwrap());
    assert_eq!(mutated["allowed"], true, "{mutated}");
    patch::apply(&mut review["request"]["object"], &mutated);
    let answer = response(&stack.review(VALIDATE, &review).await.unwrap());
    (answer, mutated.get("patch").is_some())
}
