//! Reviews in, the exact answer out, where the captured requests do not reach.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod log;

use ecr_admission_testing::{
    NOW_MS, REGISTRY, create, digest, handler, pod_review, post, registries, validate,
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fn image(name: &str) -> String {
    format!("{REGISTRY}/{name}")
}

#[tokio::test]
async fn a_compliant_pod_is_admitted_and_its_digest_is_audited() {
    let response = validate(&handler(registries(), &[]), &create(&[&image("pay:1")])).await;
    assert_eq!(
        response,
        json!({
            "uid": "2f9c5f64-0000-4000-8000-000000000001",
            "allowed": true,
            "auditAnnotations": {
                "decision": "admitted",
                "policy": "registry ids 123456789012; Regions us-east-1; severity limit CRITICAL",
                "spec.containers.0": digest('a').as_str(),
            },
        })
    );
}

#[tokio::test]
async fn a_denial_tells_every_violation_in_field_path_order() {
    let response =
        validate(&handler(registries(), &[]), &create(&[&image("old:1"), &image("web:1")])).await;
    assert_eq!(
        response["status"],
        json!({
            "code": 403,
            "reason": "Forbidden",
            "message": "spec.containers[0].image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/old:1\": has 2 CRITICAL findings (severity limit CRITICAL); rebuild it with fixed packages and push it under a new tag [scan-findings]; \
                        spec.containers[1].image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1\": repository \"web\" lets tag \"1\" be overwritten (MUTABLE); set image tag mutability to IMMUTABLE or pin the image by digest [tag-immutability]",
        })
    );
}

#[tokio::test]
async fn the_severity_limit_is_the_operators() {
    let image = image("pay:2");
    for (limit, severity, allowed) in
        [("CRITICAL", "HIGH", true), ("HIGH", "HIGH", false), ("LOW", "INFORMATIONAL", true)]
    {
        let registries = registries().image(
            "pay:2",
            'd',
            ecr_admission_testing::scan("COMPLETE", &[(severity, 1)]),
        );
        let handler = handler(registries, &[("SEVERITY_LIMIT", limit)]);
        assert_eq!(
            validate(&handler, &create(&[&image])).await["allowed"],
            allowed,
            "{limit} {severity}"
        );
    }
}

#[tokio::test]
async fn unrated_findings_warn() {
    let registries = registries().image(
        "pay:2",
        'd',
        ecr_admission_testing::scan("COMPLETE", &[("UNDEFINED", 1)]),
    );
    let response = validate(&handler(registries, &[]), &create(&[&image("pay:2")])).await;
    assert_eq!(response["allowed"], true);
    assert_eq!(
        response["warnings"],
        json!([
            "spec.containers[0].image \"123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:2\": has 1 UNDEFINED finding without a severity; review the scan findings of the image [scan-findings]"
        ])
    );
}

#[tokio::test]
async fn ignored_namespaces_are_exact_and_asked_of_the_request() {
    let registries = registries();
    let asked = std::sync::Arc::clone(&registries.asked);
    let handler = handler(registries, &[("IGNORED_NAMESPACES", "kube-system,shop-infra")]);
    for (namespace, allowed) in [
        ("kube-system", true),
        ("shop-infra", true),
        ("shop", false),
        ("Kube-System", false),
        ("kube-system ", false),
        ("", false),
    ] {
        let mut review = create(&[&image("web:1")]);
        review["request"]["namespace"] = namespace.into();
        let before = asked.lock().unwrap().len();
        let response = validate(&handler, &review).await;
        assert_eq!(response["allowed"], allowed, "{namespace:?}");
        if allowed {
            assert_eq!(response["auditAnnotations"], json!({"decision": "ignored"}));
            assert_eq!(asked.lock().unwrap().len(), before, "nothing is looked up");
        }
    }
    let mut review = create(&["nginx"]);
    review["request"].as_object_mut().unwrap().remove("namespace");
    assert_eq!(validate(&handler, &review).await["allowed"], false);
}

#[tokio::test]
async fn a_running_pod_whose_image_has_become_bad_can_still_be_changed() {
    let registries = registries();
    let asked = std::sync::Arc::clone(&registries.asked);
    let spec = json!({"containers": [{"name": "a", "image": image("old:1")}]});
    let mut review = pod_review("UPDATE", &spec, Some(&spec));
    review["request"]["object"]["metadata"]["labels"] = json!({"tier": "web"});
    let response = validate(&handler(registries, &[]), &review).await;
    assert_eq!(response["allowed"], true);
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_same_image_twice_is_looked_up_once_and_reported_twice() {
    let registries = registries();
    let asked = std::sync::Arc::clone(&registries.asked);
    let web = image("web:1");
    let response = validate(&handler(registries, &[]), &create(&[&web, &web])).await;
    assert_eq!(
        response["status"]["message"].as_str().unwrap().matches("[tag-immutability]").count(),
        2
    );
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_inspected_is_remembered_unless_the_cache_is_off() {
    for (seconds, calls) in [("60", 2), ("0", 4)] {
        let registries = registries();
        let asked = std::sync::Arc::clone(&registries.asked);
        let handler = handler(registries, &[("CACHE_SECONDS", seconds)]);
        for _ in 0..2 {
            let response = validate(&handler, &create(&[&image("pay:1")])).await;
            assert_eq!(response["auditAnnotations"]["spec.containers.0"], digest('a').as_str());
        }
        assert_eq!(asked.lock().unwrap().len(), calls, "CACHE_SECONDS={seconds}");
    }
}

#[tokio::test]
async fn nothing_a_terminal_would_act_on_comes_back() {
    let image = format!("ngi\u{1b}[2Jnx\0\"]; {}", "x".repeat(5_000));
    let response = validate(&handler(registries(), &[]), &create(&[&image])).await;
    let message = response["status"]["message"].as_str().unwrap();
    assert!(message.chars().all(|c| !c.is_control()) && message.chars().count() <= 2_048);
    assert!(message.starts_with("spec.containers[0].image \"ngi[2Jnx\\\"]; xxx"), "{message}");
    assert!(message.ends_with(" [ecr-registry]"), "{message}");
}

#[tokio::test]
async fn a_body_without_a_uid_is_400_with_one_line_that_says_what_is_expected() {
    let handler = handler(registries(), &[]);
    let v1 = "admission.k8s.io/v1";
    for (body, problem) in [
        (String::new(), "the body is empty; "),
        (" \n".to_owned(), "the body is empty; "),
        ("not JSON".to_owned(), "the body could not be read ("),
        ("{\"apiVersion\":\"v1\"".to_owned(), "the body could not be read ("),
        (json!({"apiVersion": "v1", "kind": "Pod"}).to_string(), "missing field `request`"),
        (json!({"apiVersion": "admission.k8s.io/v2", "kind": "AdmissionReview", "request": {"uid": "u"}}).to_string(), "apiVersion \"admission.k8s.io/v2\""),
        (json!({"apiVersion": v1, "kind": "AdmissionReview", "request": {}}).to_string(), "request.uid could not be read"),
        (json!({"apiVersion": v1, "kind": "AdmissionReview", "request": {"uid": ""}}).to_string(), "request.uid is empty"),
        (json!({"apiVersion": v1, "kind": "AdmissionReview", "request": null}).to_string(), "request.uid could not be read"),
        ("[".repeat(100_000), "the body could not be read ("),
        (format!("{{\"request\":{}", "{\"a\":".repeat(100_000)), "the body could not be read ("),
    ] {
        let (status, text) = post(&handler, "POST /validate", &body).await;
        assert_eq!(status, 400, "{text}");
        assert!(text.contains(problem), "{problem}: {text}");
        assert!(text.contains("expected an AdmissionReview of admission.k8s.io/v1 or v1beta1"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[tokio::test]
async fn whatever_fails_after_the_uid_is_a_denial_with_it() {
    let handler = handler(registries(), &[]);
    let request = |request: Value| json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    let mut not_a_review = create(&["nginx"]);
    not_a_review["kind"] = "Review".into();
    let deep = "[".repeat(500) + &"]".repeat(500);
    let deep = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE","kind":{{"group":"","version":"v1","kind":"Pod"}},"object":{{"spec":{deep}}}}}}}"#
    );
    for (body, problem) in [
        (
            request(json!({"uid": "u"})).to_string(),
            "the request could not be read: missing field `kind`",
        ),
        (
            request(json!({"uid": "u", "kind": 5})).to_string(),
            "the request could not be read: invalid type",
        ),
        (not_a_review.to_string(), "expected kind AdmissionReview, got \"Review\""),
        (deep, "the Pod could not be read: "),
    ] {
        let (status, body) = post(&handler, "POST /validate", &body).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(status, 200);
        assert_eq!(answer["response"]["allowed"], false);
        let message = answer["response"]["status"]["message"].as_str().unwrap();
        assert!(message.starts_with(problem), "{message}");
    }
}

#[tokio::test]
async fn a_base64_body_is_read_and_bad_base64_is_reported() {
    let handler = handler(registries(), &[]);
    let review = create(&[&image("pay:1")]).to_string();
    let mut event =
        ecr_admission_testing::event("POST /validate", &aws_smithy_types::base64::encode(&review));
    event.payload.is_base64_encoded = true;
    assert_eq!(handler.handle(event, NOW_MS).await.unwrap().status_code, 200);
    let mut event = ecr_admission_testing::event("POST /validate", "%%%");
    event.payload.is_base64_encoded = true;
    assert_eq!(handler.handle(event, NOW_MS).await.unwrap().status_code, 400);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_reported_without_its_text() {
    let handler = handler(registries(), &[]);
    for (event, expected) in [
        (
            r#"{"headers": "Bearer s3cret"}"#,
            "a field has an unexpected type or is missing, at line 1 ",
        ),
        (r#"["Bearer s3cret"]"#, "a field has an unexpected type or is missing, at line 1 "),
        (r#""Bearer s3cret""#, "a field has an unexpected type or is missing, at line 1 "),
    ] {
        let event = RawValue::from_string(event.to_owned()).unwrap();
        let error =
            handler.invoke(LambdaEvent::new(event, Context::default()), NOW_MS).await.unwrap_err();
        assert_eq!(error.error_type, "UnreadableEvent");
        let message = error.error_message;
        let start = "the event is neither one of an HTTP API (payload format 2.0) nor one of a \
                     REST API (payload format 1.0): ";
        assert!(message.starts_with(&format!("{start}{expected}")), "{message}");
        assert!(!message.contains("s3cret") && !message.contains("alloc::"), "{message}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_404() {
    let (status, text) = post(&handler(registries(), &[]), "POST /other", "{}").await;
    assert_eq!(
        (status, text.as_str()),
        (404, "no such route; expected POST /validate or POST /mutate\n")
    );
}

/// So many images of one repository.
fn tags(count: usize) -> Vec<String> {
    (0..count).map(|n| image(&format!("pay:{n}"))).collect()
}

#[tokio::test]
async fn more_images_than_the_operator_allows_are_not_looked_up() {
    for (limit, images, allowed) in [
        (None, 100, true),
        (None, 101, false),
        (Some("1"), 1, true),
        (Some("1"), 2, false),
        (Some("500"), 500, true),
        (Some("500"), 501, false),
    ] {
        let registries = registries().with_any();
        let asked = std::sync::Arc::clone(&registries.asked);
        let mut pairs = vec![("PIN_NAMESPACES", "shop")];
        pairs.extend(limit.map(|limit| ("MAX_IMAGES", limit)));
        let handler = handler(registries, &pairs);
        // Each twice: it is the different ones that are looked up.
        let names = [tags(images), tags(images)].concat();
        let review = create(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let (_, mutated) = post(&handler, "POST /mutate", &review.to_string()).await;
        let mutated: Value = serde_json::from_str(&mutated).unwrap();
        assert_eq!(mutated["response"]["allowed"], true);
        assert_eq!(mutated["response"]["patch"].is_string(), allowed, "left alone, not refused");
        assert_eq!(asked.lock().unwrap().len() > images, allowed, "images and their repository");
    }
    for (limit, images) in [("100", 101), ("7", 8)] {
        let handler = handler(registries().with_any(), &[("MAX_IMAGES", limit)]);
        let names = tags(images);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(validate(&handler, &create(&names[1..])).await["allowed"], true);
        let response = validate(&handler, &create(&names)).await;
        assert_eq!(
            response["status"]["message"],
            format!(
                "the Pod has {images} distinct images to look up, more than the {limit} allowed; split it or raise the parameter MaxImages"
            )
        );
    }
}

#[tokio::test]
async fn audit_annotations_name_fifty_images_and_count_the_rest() {
    for (images, omitted) in [(50, None), (51, Some("1")), (100, Some("50"))] {
        let names = tags(images);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let response = validate(&handler(registries().with_any(), &[]), &create(&names)).await;
        let annotations = response["auditAnnotations"].as_object().unwrap();
        let digests = annotations.keys().filter(|name| name.starts_with("spec.containers."));
        assert_eq!(digests.count(), 50);
        assert_eq!(annotations.get("images-omitted").and_then(Value::as_str), omitted);
        assert_eq!(annotations["spec.containers.49"].as_str(), Some(digest('e').as_str()));
    }
}
