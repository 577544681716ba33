//! Every character that a terminal, a log viewer or a reader's eye would be misled by.

use serde_json::{Value, json};

use crate::function;
use ecr_admission_testing::REGISTRY;
use ecr_admission_testing::check::{Answer, assert_plain};

/// Control characters (C0, DEL, C1), and formatting characters that hide or reorder others.
fn misleading() -> impl Iterator<Item = char> {
    let controls = ('\0'..='\u{9f}').filter(|c| c.is_control());
    let formatting = [
        '\u{ad}'..='\u{ad}',
        '\u{61c}'..='\u{61c}',
        '\u{180e}'..='\u{180e}',
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{feff}'..='\u{feff}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
    ];
    controls.chain(formatting.into_iter().flatten())
}

#[test]
fn none_of_it_comes_back_from_an_image() {
    let function = function();
    for c in misleading() {
        // Where the image stands in a message (a Pod) and in a warning (a Deployment), whole and cut.
        for image in [
            format!("ngi{c}nx"),
            format!("{c}{REGISTRY}/pay:1"),
            format!("{REGISTRY}/pay:1{c}"),
            format!("{REGISTRY}/{c}/pay:1"),
            format!("{}{c}{}", "x".repeat(300), "y".repeat(300)),
        ] {
            let response = reviewed(&function.check(&body("Pod", &image)));
            let message = response["status"]["message"].as_str().unwrap();
            assert_plain(message, 2_048);
            let response = reviewed(&function.check(&body("Deployment", &image)));
            assert_plain(response["warnings"][0].as_str().unwrap(), 256);
            assert!(response["auditAnnotations"].as_object().unwrap().len() <= 2, "{image:?}");
        }
    }
}

fn reviewed(answer: &Answer) -> Value {
    let Answer::Reviewed(response) = answer else { panic!("it is a review") };
    response.clone()
}

fn body(kind: &str, image: &str) -> Vec<u8> {
    let spec = json!({"containers": [{"name": "c", "image": image}]});
    let (group, object) = match kind {
        "Pod" => ("", json!({"spec": spec})),
        _ => ("apps", json!({"spec": {"selector": {}, "template": {"spec": spec}}})),
    };
    let request = json!({
        "uid": "u",
        "kind": {"group": group, "version": "v1", "kind": kind},
        "operation": "CREATE",
        "namespace": "shop",
        "object": object,
    });
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request,
    });
    serde_json::to_vec(&review).unwrap()
}
