//! What the ECR adapter makes of each answer that ECR can give, over replayed HTTP.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;

use ecr_admission::inspect::{Budget, InspectImage};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::{EcrImage, Inspection};
use serde_json::{Value, json};
use support::digest;
use support::ecr::{Reply, compliant, error, inspect, inspect_one, inspector, reply};
use tokio::time::Instant;

const FINDINGS: &str = "DescribeImageScanFindings";
const REPOSITORIES: &str = "DescribeRepositories";
const CONFIGURATION: &str = "BatchGetRepositoryScanningConfiguration";
const OWN: &str = "123456789012";

/// The verdict when one operation is answered otherwise than for a compliant image.
async fn verdict(operation: &'static str, answer: Reply) -> String {
    let but = move |asked: &str| if asked == operation { answer.clone() } else { compliant(asked) };
    inspect_one(OWN, but).await.0
}

#[tokio::test]
async fn a_compliant_image_takes_three_calls() {
    assert_eq!(inspect_one(OWN, compliant).await, ("admitted".to_owned(), 3));
}

#[tokio::test]
async fn another_accounts_scanning_configuration_is_never_asked_for() {
    let answer = |operation: &str| match operation {
        CONFIGURATION => panic!("it would answer for our own account"),
        other => compliant(other),
    };
    assert_eq!(inspect_one("210987654321", answer).await, ("admitted".to_owned(), 2));
}

#[tokio::test]
async fn every_failure_of_every_call_has_its_reason() {
    for operation in [REPOSITORIES, CONFIGURATION, FINDINGS] {
        for (answer, told) in [
            (error("ThrottlingException"), "was throttled"),
            (error("LimitExceededException"), "was throttled"),
            (error("AccessDeniedException"), "was answered access denied"),
            (error("ServerException"), "failed"),
            (error("InvalidParameterException"), "failed"),
            ((500, String::new()), "failed"),
            ((200, "{\"repositories\": [".to_owned()), "failed"),
            ((200, "<html>".to_owned()), "failed"),
        ] {
            let verdict = verdict(operation, answer.clone()).await;
            let expected = format!("could not be judged: ecr:{operation} {told}; ");
            assert!(
                verdict.contains(&expected) && verdict.ends_with(" [image-available]"),
                "{answer:?}: {verdict}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_a_failure_not_a_pass() {
    for operation in [REPOSITORIES, CONFIGURATION, FINDINGS] {
        let verdict = verdict(operation, reply(&json!({}))).await;
        assert!(verdict.contains(&format!("ecr:{operation} failed")), "{verdict}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_told_as_such() {
    for (operation, answer, told) in [
        (
            REPOSITORIES,
            error("RepositoryNotFoundException"),
            "repository \"pay\" does not exist in registry 123456789012 in us-east-1",
        ),
        (FINDINGS, error("RepositoryNotFoundException"), "repository \"pay\" does not exist"),
        (
            FINDINGS,
            error("ImageNotFoundException"),
            "repository \"pay\" holds no image with tag \"1\"",
        ),
        (
            CONFIGURATION,
            reply(
                &json!({"failures": [{"repositoryName": "pay", "failureCode": "REPOSITORY_NOT_FOUND"}]}),
            ),
            "does not exist",
        ),
    ] {
        let verdict = verdict(operation, answer).await;
        assert!(verdict.contains(told), "{verdict}");
    }
}

#[tokio::test]
async fn words_that_the_sdk_does_not_know_pass_no_rule() {
    let repository = |field: &str, value: Value| {
        let mut repository = json!({"repositoryName": "pay", "imageTagMutability": "IMMUTABLE"});
        repository[field] = value;
        reply(&json!({"repositories": [repository]}))
    };
    let findings = |status: &str, findings: Value| {
        reply(
            &json!({"imageId": {"imageDigest": digest('a').as_str()}, "imageScanStatus": {"status": status}, "imageScanFindings": findings}),
        )
    };
    for (operation, answer, told) in [
        (
            REPOSITORIES,
            repository("imageTagMutability", json!("SEALED")),
            "(\"SEALED\", which this version",
        ),
        (
            REPOSITORIES,
            repository("imageTagMutability", Value::Null),
            "be overwritten (\"\", which",
        ),
        (
            CONFIGURATION,
            reply(
                &json!({"scanningConfigurations": [{"repositoryName": "pay", "scanFrequency": "HOURLY"}]}),
            ),
            "(\"HOURLY\", which",
        ),
        (FINDINGS, findings("IMAGE_SIZE_EXCEEDED", json!({})), "(scan status IMAGE_SIZE_EXCEEDED)"),
        (
            FINDINGS,
            findings("COMPLETE", json!({"findingSeverityCounts": {"SEVERE": 1}})),
            "has 1 \"SEVERE\" finding",
        ),
        (
            FINDINGS,
            findings("COMPLETE", json!({"findingSeverityCounts": {"CRITICAL": -1}})),
            "DescribeImageScanFindings failed",
        ),
        (
            FINDINGS,
            findings("COMPLETE", json!({"enhancedFindings": [{"status": "ACTIVE"}]})),
            "has 1 \"\" finding",
        ),
    ] {
        let verdict = verdict(operation, answer).await;
        assert!(verdict.contains(told), "{verdict}");
    }
}

#[tokio::test]
async fn counts_are_preferred_to_pages() {
    let answer = reply(&json!({
        "imageId": {"imageDigest": digest('a').as_str()},
        "imageScanStatus": {"status": "ACTIVE"},
        "imageScanFindings": {"imageScanCompletedAt": 1_795_176_000, "findingSeverityCounts": {"LOW": 3}},
        "nextToken": "never asked for",
    }));
    assert_eq!(verdict(FINDINGS, answer).await, "admitted");
}

#[tokio::test]
async fn a_failed_further_page_denies() {
    let (verdict, _) = inspect_one(OWN, |operation| match operation {
        FINDINGS => reply(&json!({
            "imageId": {"imageDigest": digest('a').as_str()},
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"findings": []},
            "nextToken": "2",
        })),
        "DescribeImageScanFindings/2" => error("ThrottlingException"),
        other => compliant(other),
    })
    .await;
    assert!(verdict.contains("ecr:DescribeImageScanFindings was throttled"), "{verdict}");
}

fn image(repository: &str, id: ImageId) -> EcrImage {
    EcrImage {
        account: OWN.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        repository: repository.parse().unwrap(),
        id,
    }
}

fn tagged(repository: &str) -> EcrImage {
    image(repository, ImageId::Tag("1".parse().unwrap()))
}

#[tokio::test]
async fn a_missing_repository_does_not_spoil_the_batch() {
    let inspector = inspector(|operation, body| {
        let names: Vec<&str> = body["repositoryNames"]
            .as_array()
            .map(|names| names.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        match operation {
            REPOSITORIES if names.contains(&"gone") => error("RepositoryNotFoundException"),
            REPOSITORIES => {
                let found = names
                    .iter()
                    .map(|name| json!({"repositoryName": name, "imageTagMutability": "IMMUTABLE"}));
                reply(&json!({"repositories": found.collect::<Vec<_>>()}))
            }
            CONFIGURATION => {
                let (gone, found): (Vec<&str>, Vec<&str>) =
                    names.into_iter().partition(|name| *name == "gone");
                reply(&json!({
                    "scanningConfigurations": found.iter().map(|name| json!({"repositoryName": name, "scanFrequency": "SCAN_ON_PUSH"})).collect::<Vec<_>>(),
                    "failures": gone.iter().map(|name| json!({"repositoryName": name, "failureCode": "REPOSITORY_NOT_FOUND"})).collect::<Vec<_>>(),
                }))
            }
            FINDINGS if body["repositoryName"] == "gone" => error("RepositoryNotFoundException"),
            other => compliant(other),
        }
    });
    let images: BTreeSet<EcrImage> = ["aa", "bb", "gone"].map(tagged).into();
    let (found, calls) = inspect(&inspector, &images).await;
    for (image, inspection) in found {
        let gone = image.repository.as_str() == "gone";
        assert_eq!(inspection == Inspection::RepositoryNotFound, gone, "{image}: {inspection:?}");
        assert_eq!(matches!(inspection, Inspection::Inspected(_)), !gone, "{image}");
    }
    assert_eq!(calls, 1 + 3 + 1 + 3, "the batch, each name, the configurations, each image");
}

#[tokio::test]
async fn names_go_in_batches_as_large_as_the_api_allows() {
    let inspector = inspector(|operation, body| {
        let names = body["repositoryNames"].as_array().cloned().unwrap_or_default();
        let limit = if operation == REPOSITORIES { 100 } else { 25 };
        assert!(names.len() <= limit, "{operation} with {} names", names.len());
        match operation {
            REPOSITORIES => reply(
                &json!({"repositories": names.iter().map(|name| json!({"repositoryName": name, "imageTagMutability": "IMMUTABLE"})).collect::<Vec<_>>()}),
            ),
            CONFIGURATION => reply(
                &json!({"scanningConfigurations": names.iter().map(|name| json!({"repositoryName": name, "scanFrequency": "SCAN_ON_PUSH"})).collect::<Vec<_>>()}),
            ),
            other => compliant(other),
        }
    });
    let images: BTreeSet<EcrImage> = (0..101).map(|n| tagged(&format!("r{n:03}"))).collect();
    let (found, calls) = inspect(&inspector, &images).await;
    assert!(found.values().all(|inspection| matches!(inspection, Inspection::Inspected(_))));
    assert_eq!(calls, 2 + 5 + 101);
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// An index of these children: digit, media type.
fn index(children: &[(char, &str)]) -> String {
    let children: Vec<Value> = children
        .iter()
        .map(|(digit, media_type)| {
            json!({"digest": digest(*digit).as_str(), "mediaType": media_type,
                   "platform": {"os": "linux", "architecture": format!("arch-{digit}")}})
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).to_string()
}

/// An inspector for a repository in which some digests are indexes, some are scanned images with so
/// many critical findings, and the rest are unknown. The tag `1` is the digest `0`.
fn indexed(
    indexes: &'static [(char, &[(char, &str)])],
    scanned: &'static [(char, u64)],
) -> ecr_admission::ecr::EcrInspector {
    inspector(move |operation, body| {
        let digit_of = |id: &Value| match id["imageDigest"].as_str() {
            Some(digest) => digest.chars().last().unwrap(),
            None => '0',
        };
        match operation {
            FINDINGS => {
                let digit = digit_of(&body["imageId"]);
                if indexes.iter().any(|(index, _)| *index == digit) {
                    return error("ScanNotFoundException");
                }
                match scanned.iter().find(|(image, _)| *image == digit) {
                    Some((_, critical)) => reply(&json!({
                        "imageId": {"imageDigest": digest(digit).as_str()},
                        "imageScanStatus": {"status": "COMPLETE"},
                        "imageScanFindings": {"findingSeverityCounts": {"CRITICAL": critical}},
                    })),
                    None => error("ImageNotFoundException"),
                }
            }
            "BatchGetImage" => {
                let accepted = body["acceptedMediaTypes"].to_string();
                assert!(
                    accepted.contains(INDEX) && accepted.contains("manifest.list"),
                    "{accepted}"
                );
                let ids = body["imageIds"].as_array().unwrap();
                let (mut images, mut failures) = (vec![], vec![]);
                for id in ids {
                    let digit = digit_of(id);
                    match indexes.iter().find(|(index, _)| *index == digit) {
                        Some((_, children)) => images.push(json!({
                            "imageId": {"imageDigest": digest(digit).as_str()},
                            "imageManifest": index(children),
                        })),
                        None => {
                            failures.push(json!({"imageId": id, "failureCode": "ImageNotFound"}));
                        }
                    }
                }
                reply(&json!({"images": images, "failures": failures}))
            }
            other => compliant(other),
        }
    })
}

async fn told(inspector: &ecr_admission::ecr::EcrInspector) -> (String, u32) {
    let policy = ecr_admission_policy::Policy {
        registry_ids: [OWN.parse().unwrap()].into(),
        regions: ["us-east-1".parse().unwrap()].into(),
        severity_limit: ecr_admission_policy::SeverityLimit::Critical,
        pinned: false,
    };
    let path = ecr_admission_policy::FieldPath::new("image");
    let images = [(path, format!("{}/pay:1", support::REGISTRY))];
    let plan = ecr_admission_policy::plan(images, ecr_admission_policy::Enforcement::Deny, &policy);
    let (found, calls) = inspect(inspector, &plan.lookups()).await;
    let verdict = ecr_admission_policy::decide(&plan, &found, &policy);
    (verdict.message().unwrap_or_else(|| "admitted".to_owned()), calls)
}

#[tokio::test]
async fn every_child_of_an_index_is_judged() {
    let good = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0), ('2', 0)]);
    assert_eq!(told(&good).await, ("admitted".to_owned(), 3 + 1 + 2));
    let bad = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0), ('2', 4)]);
    let (verdict, _) = told(&bad).await;
    assert!(
        verdict
            .contains("platform \"linux/arch-2\" (sha256:222222222222…) has 4 CRITICAL findings"),
        "{verdict}"
    );
    let gone = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0)]);
    let (verdict, _) = told(&gone).await;
    assert!(
        verdict.contains("is named by the image index but is not in the repository"),
        "{verdict}"
    );
}

#[tokio::test]
async fn nested_indexes_are_opened_and_not_too_deep() {
    let nested = indexed(
        &[('0', &[('1', IMAGE), ('5', INDEX)]), ('5', &[('2', IMAGE)])],
        &[('1', 0), ('2', 1)],
    );
    let (verdict, calls) = told(&nested).await;
    assert!(verdict.contains("platform \"linux/arch-2\""), "{verdict}");
    assert_eq!(calls, 3 + 2 + 2);
    let deep = indexed(
        &[('0', &[('5', INDEX)]), ('5', &[('6', INDEX)]), ('6', &[('1', IMAGE)])],
        &[('1', 0)],
    );
    let (verdict, _) = told(&deep).await;
    assert!(
        verdict.contains("is an image index with more than 2 indexes in one another"),
        "{verdict}"
    );
}

#[tokio::test]
async fn an_index_that_holds_itself_ends() {
    let (verdict, _) = told(&indexed(&[('0', &[('0', INDEX)])], &[])).await;
    assert!(verdict.contains("more than 2 indexes in one another"), "{verdict}");
}

#[tokio::test]
async fn an_empty_index_is_denied() {
    let (verdict, _) = told(&indexed(&[('0', &[])], &[])).await;
    assert!(verdict.contains("is an image index that holds no image to judge"), "{verdict}");
}

#[tokio::test]
async fn an_image_that_was_never_scanned_is_told_so_with_its_digest_known() {
    let inspector = inspector(|operation, _| match operation {
        FINDINGS => error("ScanNotFoundException"),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('a').as_str(), "imageTag": "1"},
            "imageManifest": json!({"schemaVersion": 2, "mediaType": IMAGE, "layers": []}).to_string(),
        }]})),
        other => compliant(other),
    });
    let (verdict, calls) = told(&inspector).await;
    assert!(verdict.contains("was never scanned; start a scan or push it again"), "{verdict}");
    assert_eq!(calls, 4);
}

#[tokio::test]
async fn a_failed_look_up_of_one_child_fails_the_image() {
    let inspector = inspector(|operation, body| match operation {
        FINDINGS if body["imageId"]["imageTag"] == "1" => error("ScanNotFoundException"),
        FINDINGS => error("ThrottlingException"),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('0').as_str()},
            "imageManifest": index(&[('1', IMAGE)]),
        }]})),
        other => compliant(other),
    });
    let (verdict, _) = told(&inspector).await;
    assert!(verdict.contains("ecr:DescribeImageScanFindings was throttled"), "{verdict}");
}

/// A review may have 500 images look up 32 platforms each.
#[test]
fn what_waits_for_its_turn_takes_little_memory() {
    let inspector = inspector(|operation, _| compliant(operation));
    let (image, budget) = (tagged("pay"), Budget::new(Instant::now()));
    let bytes = size_of_val(&inspector.image(&image, &budget));
    assert!(bytes < 4_000, "{bytes} bytes");
}
