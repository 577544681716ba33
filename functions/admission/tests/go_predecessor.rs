//! The defects of aws-samples' Go webhook that this one succeeds, each a regression test by its name.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::mutability::{ExclusionFilter, TagMutability};
use ecr_admission_testing::ecr::{compliant, inspect_one, reply};
use ecr_admission_testing::{
    REGISTRY, create, handler, pod_review, post, registries, scan, validate,
};
use serde_json::{Value, json};

fn image(name: &str) -> String {
    format!("{REGISTRY}/{name}")
}

fn message(response: &Value) -> &str {
    assert_eq!(response["allowed"], false, "{response}");
    response["status"]["message"].as_str().unwrap()
}

#[tokio::test]
async fn defect_01_one_ecr_image_does_not_carry_another_registry_along() {
    let handler = handler(registries(), &[]);
    let response = validate(&handler, &create(&[&image("pay:1"), "nginx:1.28"])).await;
    assert!(message(&response).starts_with(
        r#"spec.containers[1].image "nginx:1.28": is not in an Amazon ECR private registry; "#
    ));
    assert_eq!(validate(&handler, &create(&[&image("pay:1")])).await["allowed"], true);
}

#[tokio::test]
async fn defect_02_a_host_that_begins_like_ours_is_not_ours() {
    let response =
        validate(&handler(registries(), &[]), &create(&[&format!("{REGISTRY}.evil.io/pay:1")]))
            .await;
    assert!(message(&response).contains("is not in an Amazon ECR private registry"));
}

#[tokio::test]
async fn defect_03_an_image_is_evaluated_in_the_account_and_region_that_it_names() {
    let registries = registries();
    let asked = std::sync::Arc::clone(&registries.asked);
    let handler = handler(registries, &[("REGISTRY_IDS", "123456789012,210987654321")]);
    let other = "210987654321.dkr.ecr.us-east-1.amazonaws.com/pay:1";
    let response = validate(&handler, &create(&[other])).await;
    assert!(
        message(&response).contains(r#"repository "pay" does not exist in registry 210987654321"#)
    );
    assert_eq!(
        *asked.lock().unwrap(),
        ["210987654321/us-east-1/pay", "210987654321/us-east-1/pay:1"]
    );
    let elsewhere = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay:1";
    let response = validate(&handler, &create(&[elsewhere])).await;
    assert!(message(&response).contains("Region eu-west-1 (expected us-east-1)"));
}

#[tokio::test]
async fn defect_04_no_tag_no_configuration_and_no_findings_are_answered_not_panicked_at() {
    let untagged = registries().image("pay:latest", 'd', scan("COMPLETE", &[]));
    let response = validate(&handler(untagged, &[]), &create(&[&image("pay")])).await;
    assert_eq!(response["allowed"], true);
    // A repository without imageScanningConfiguration, in an account whose own cannot be asked.
    let bare = inspect_one("210987654321", |operation| match operation {
        "DescribeRepositories" => reply(
            &json!({"repositories": [{"repositoryName": "pay", "imageTagMutability": "IMMUTABLE"}]}),
        ),
        "BatchGetImage" => compliant(operation),
        // No findings at all.
        _ => {
            reply(&json!({"imageId": {"imageDigest": ecr_admission_testing::digest('a').as_str()},
                           "imageScanStatus": {"status": "COMPLETE"}}))
        }
    });
    let (verdict, _) = bare.await;
    assert!(verdict.contains("does not scan images on push (scanOnPush is false"), "{verdict}");
}

#[tokio::test]
async fn defect_05_every_page_of_findings_is_read() {
    let pages = inspect_one("123456789012", |operation| match operation {
        "DescribeImageScanFindings" => reply(&json!({
            "imageId": {"imageDigest": ecr_admission_testing::digest('a').as_str()},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findings": [{"name": "CVE-1", "severity": "LOW"}]},
            "nextToken": "2",
        })),
        "DescribeImageScanFindings/2" => reply(&json!({
            "imageId": {"imageDigest": ecr_admission_testing::digest('a').as_str()},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findings": [{"name": "CVE-2", "severity": "CRITICAL"}]},
        })),
        other => compliant(other),
    });
    let (verdict, calls) = pages.await;
    assert!(verdict.contains("has 1 CRITICAL finding"), "{verdict}");
    assert_eq!(calls, 5);
}

#[tokio::test]
async fn defect_06_the_scan_status_counts_and_enhanced_findings_are_read() {
    for status in
        ["PENDING", "IN_PROGRESS", "FAILED", "SCAN_ELIGIBILITY_EXPIRED", "UNSUPPORTED_IMAGE"]
    {
        let registries = registries().image("pay:2", 'd', scan(status, &[]));
        let response = validate(&handler(registries, &[]), &create(&[&image("pay:2")])).await;
        assert!(message(&response).contains(&format!("(scan status {status})")));
    }
    // An answer of an enhanced registry, seconds before its findings (aws/aws-sdk issue 289).
    let early = inspect_one("123456789012", |operation| match operation {
        "DescribeImageScanFindings" => reply(&json!({
            "imageId": {"imageDigest": ecr_admission_testing::digest('a').as_str()},
            "imageScanStatus": {"status": "COMPLETE", "description": "The scan was completed successfully."},
            "imageScanFindings": {"findings": []},
        })),
        other => compliant(other),
    });
    let (verdict, _) = early.await;
    assert!(
        verdict.contains("has no scan result yet (COMPLETE); wait for its first scan"),
        "{verdict}"
    );
    let enhanced = inspect_one("123456789012", |operation| match operation {
        "DescribeImageScanFindings" => reply(&json!({
            "imageId": {"imageDigest": ecr_admission_testing::digest('a').as_str()},
            "imageScanStatus": {"status": "ACTIVE"},
            "imageScanFindings": {"enhancedFindings": [{"severity": "CRITICAL", "status": "ACTIVE"}]},
        })),
        other => compliant(other),
    });
    let (verdict, _) = enhanced.await;
    assert!(verdict.contains("has 1 CRITICAL finding"), "{verdict}");
}

#[tokio::test]
async fn defect_07_exclusion_filters_are_matched_and_a_digest_needs_none() {
    let with = |word: &str| {
        let mut registries = registries().image("pay:dev-7", 'd', scan("COMPLETE", &[]));
        registries = registries.image(
            &format!("web@{}", ecr_admission_testing::digest('b')),
            'b',
            scan("COMPLETE", &[]),
        );
        let filters = vec![ExclusionFilter::new("WILDCARD", "dev-*")];
        let facts = registries.repositories.get_mut("pay").unwrap().as_mut().unwrap();
        facts.mutability = TagMutability::new(word, filters);
        handler(registries, &[])
    };
    for (word, name, allowed) in [
        ("MUTABLE_WITH_EXCLUSION", "pay:1", false),
        ("MUTABLE_WITH_EXCLUSION", "pay:dev-7", true),
        ("IMMUTABLE_WITH_EXCLUSION", "pay:1", true),
        ("IMMUTABLE_WITH_EXCLUSION", "pay:dev-7", false),
    ] {
        let response = validate(&with(word), &create(&[&image(name)])).await;
        assert_eq!(response["allowed"], allowed, "{word} {name}: {response}");
    }
    let pinned = format!("web@{}", ecr_admission_testing::digest('b'));
    assert_eq!(validate(&with("MUTABLE"), &create(&[&image(&pinned)])).await["allowed"], true);
}

#[tokio::test]
async fn defect_08_ephemeral_containers_image_volumes_and_updates_are_evaluated() {
    let handler = handler(registries(), &[]);
    let good = json!({"name": "a", "image": image("pay:1")});
    for (field, value, path) in [
        (
            "ephemeralContainers",
            json!([{"name": "d", "image": "busybox"}]),
            "spec.ephemeralContainers[0].image",
        ),
        (
            "volumes",
            json!([{"name": "v", "image": {"reference": "busybox"}}]),
            "spec.volumes[0].image.reference",
        ),
        (
            "initContainers",
            json!([{"name": "i", "image": "busybox"}]),
            "spec.initContainers[0].image",
        ),
    ] {
        let mut spec = json!({"containers": [good]});
        spec[field] = value;
        let old = json!({"containers": [good]});
        for review in [pod_review("CREATE", &spec, None), pod_review("UPDATE", &spec, Some(&old))] {
            let response = validate(&handler, &review).await;
            assert!(message(&response).starts_with(&format!("{path} \"busybox\": is not in")));
        }
    }
    let (old, new) =
        (json!({"containers": [good]}), json!({"containers": [{"name": "a", "image": "nginx"}]}));
    let response = validate(&handler, &pod_review("UPDATE", &new, Some(&old))).await;
    assert!(message(&response).starts_with("spec.containers[0].image \"nginx\""));
}

#[tokio::test]
async fn defect_09_v1_is_spoken_a_denial_has_its_uid_and_the_namespace_is_the_requests() {
    let handler = handler(registries(), &[]);
    for version in ["v1", "v1beta1"] {
        let mut review = create(&["nginx"]);
        review["apiVersion"] = format!("admission.k8s.io/{version}").into();
        review["request"]["object"]["spec"] = json!(7);
        let (status, body) = post(&handler, "POST /validate", &review.to_string()).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &answer["apiVersion"]), (200, &review["apiVersion"]));
        assert_eq!(answer["response"]["uid"], review["request"]["uid"]);
        assert_eq!(answer["response"]["allowed"], false);
    }
    let mut review = create(&["nginx"]);
    review["request"]["namespace"] = "kube-system".into();
    review["request"]["object"]["metadata"]["namespace"] = "".into();
    assert_eq!(validate(&handler, &review).await["allowed"], true);
    review["request"]["namespace"] = "shop".into();
    review["request"]["object"]["metadata"]["namespace"] = "kube-system".into();
    assert_eq!(validate(&handler, &review).await["allowed"], false);
}

/// That the endpoint is closed is tested through the front door (scripts/end-to-end).
#[tokio::test]
async fn defect_10_a_failed_look_up_is_reported_as_one_and_every_reason_is_given() {
    for (cause, what) in [
        (Cause::Throttled, "was throttled; try again"),
        (Cause::AccessDenied, "was denied access; allow it"),
        (Cause::TimedOut, "timed out; try again"),
        (Cause::Internal, "failed; try again"),
    ] {
        let mut registries = registries();
        let missing =
            ecr_admission::inspect::Missing::unavailable("ecr:DescribeRepositories", cause);
        registries.repositories.insert("pay".to_owned(), Err(missing));
        let response = validate(&handler(registries, &[]), &create(&[&image("pay:1")])).await;
        let expected = format!("could not be evaluated: ecr:DescribeRepositories {what}");
        assert!(message(&response).contains(&expected), "{response}");
    }
    let all = registries().repository("bad", "MUTABLE", "MANUAL").image(
        "bad:1",
        'd',
        scan("COMPLETE", &[("CRITICAL", 1)]),
    );
    let response = validate(&handler(all, &[]), &create(&[&image("bad:1"), "nginx"])).await;
    let message = message(&response);
    for rule in ["tag-immutability", "scan-on-push", "scan-findings", "ecr-registry"] {
        assert!(message.contains(&format!(" [{rule}]")), "{rule}: {message}");
    }
}
