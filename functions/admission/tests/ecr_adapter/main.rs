//! What the ECR adapter makes of each answer that ECR can give, over replayed HTTP.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod configs;
mod findings;
mod indexes;
mod log;
mod manifests;
mod repositories;
mod round_trips;
mod signing;

use std::collections::BTreeSet;
use std::time::Duration;

use ecr_admission::inspect::{Budget, InspectImage, gather};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection, SeverityLimit};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{Reply, compliant, error, inspect, inspect_one, inspector, reply};
use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::task::unconstrained;
use tokio::time::Instant;

const FINDINGS: &str = "DescribeImageScanFindings";
const REPOSITORIES: &str = "DescribeRepositories";
const CONFIGURATION: &str = "BatchGetRepositoryScanningConfiguration";
const MANIFEST: &str = "BatchGetImage";
const OWN: &str = "123456789012";

/// The verdict when one operation is answered otherwise than for a compliant image.
async fn verdict(operation: &'static str, answer: Reply) -> String {
    let but = move |asked: &str| if asked == operation { answer.clone() } else { compliant(asked) };
    inspect_one(OWN, but).await.0
}

#[tokio::test]
async fn a_compliant_image_takes_four_calls() {
    assert_eq!(inspect_one(OWN, compliant).await, ("admitted".to_owned(), 4));
}

#[tokio::test]
async fn another_accounts_scanning_configuration_is_never_asked_for() {
    let answer = |operation: &str| match operation {
        CONFIGURATION => panic!("it would answer for our own account"),
        other => compliant(other),
    };
    assert_eq!(inspect_one("210987654321", answer).await, ("admitted".to_owned(), 3));
}

#[tokio::test]
async fn an_enhanced_scan_of_another_account_is_not_said_to_be_missing() {
    let answer = |operation: &str| match operation {
        FINDINGS => error("ScanNotFoundException"),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('a').as_str(), "imageTag": "1"},
            "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json",
            "imageManifest": json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": digest('c').as_str(),
                    "size": 2,
                },
                "layers": [{
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": digest('e').as_str(),
                    "size": 9,
                }],
            }).to_string(),
        }]})),
        other => compliant(other),
    };
    let (verdict, _) = inspect_one("210987654321", answer).await;
    let (_, after) = verdict.split_once("never scanned").unwrap();
    assert!(after.contains("account 210987654321") && after.contains("[scan-findings]"), "{after}");
    assert!(!verdict.contains("start a scan"), "{verdict}");
}

#[tokio::test]
async fn the_permission_that_is_missing_is_named_and_nothing_else_of_the_text() {
    let denied = |action: &str| {
        let message = format!(
            "User: arn:aws:sts::123456789012:assumed-role/admission/admission is not authorized to \
             perform: {action} on resource: arn:aws:inspector2:us-east-1:123456789012:/findings/list"
        );
        (400, json!({"__type": "AccessDeniedException", "message": message}).to_string())
    };
    for (action, expected) in [
        (
            "inspector2:ListFindings",
            "ecr:DescribeImageScanFindings was denied access to inspector2:ListFindings; \
             allow inspector2:ListFindings on all resources for the admission function's role [image-available]",
        ),
        (
            "ecr:DescribeImageScanFindings",
            "ecr:DescribeImageScanFindings was denied access; allow it for the admission",
        ),
        (
            "iam:MadeUp",
            "ecr:DescribeImageScanFindings was denied access; allow it for the admission",
        ),
    ] {
        let verdict = verdict(FINDINGS, denied(action)).await;
        assert!(verdict.contains(expected), "{verdict}");
        for text in ["arn:", "assumed-role", "iam:", "authorized"] {
            assert!(!verdict.contains(text), "{verdict}");
        }
    }
}

/// Anyone who reads the denial learns that the stack is in the wrong account, and which one is right.
#[tokio::test]
async fn a_denial_of_access_says_that_the_registry_is_not_the_stacks() {
    const OTHER: &str = "210987654321";
    let stack = "the stack is not in account 210987654321, which owns the registry";
    for (action, expected) in [
        (
            "inspector2:ListFindings",
            format!(
                "ecr:DescribeImageScanFindings was denied access to inspector2:ListFindings; {stack}, and no \
                 repository policy can allow inspector2:ListFindings; deploy the stack in account 210987654321 \
                 [image-available]"
            ),
        ),
        (
            "ecr:DescribeImageScanFindings",
            format!(
                "ecr:DescribeImageScanFindings was denied access; {stack}; deploy the stack in account \
                 210987654321, or allow the call for the admission function's role in the repository policy \
                 [image-available]"
            ),
        ),
    ] {
        let message = format!(
            "User: arn:aws:sts::{OWN}:assumed-role/a/a is not authorized to perform: {action}"
        );
        let denied = json!({"__type": "AccessDeniedException", "message": message}).to_string();
        let answer = move |asked: &str| match asked {
            FINDINGS => (400, denied.clone()),
            other => compliant(other),
        };
        let (verdict, _) = inspect_one(OTHER, answer).await;
        assert!(verdict.contains(&expected), "{verdict}");
        assert!(
            !verdict.contains(OWN),
            "the account of the stack is not for the author: {verdict}"
        );
    }
}

#[tokio::test]
async fn every_failure_of_every_call_has_its_reason() {
    for operation in [REPOSITORIES, CONFIGURATION, FINDINGS, MANIFEST] {
        for (answer, expected_text) in [
            (error("ThrottlingException"), "was throttled"),
            (error("LimitExceededException"), "was throttled"),
            (error("AccessDeniedException"), "was denied access"),
            (error("ServerException"), "failed"),
            (error("InvalidParameterException"), "failed"),
            ((500, String::new()), "failed"),
            ((200, "{\"repositories\": [".to_owned()), "failed"),
            ((200, "<html>".to_owned()), "failed"),
        ] {
            let verdict = verdict(operation, answer.clone()).await;
            let expected = format!("could not be evaluated: ecr:{operation} {expected_text}; ");
            assert!(
                verdict.contains(&expected) && verdict.ends_with(" [image-available]"),
                "{answer:?}: {verdict}"
            );
        }
    }
}

#[tokio::test]
async fn a_call_that_is_refused_for_its_rate_is_counted_once() {
    for (answer, expected) in [
        (error("ThrottlingException"), 1),
        (error("LimitExceededException"), 1),
        ((429, String::new()), 1),
        (error("AccessDeniedException"), 0),
        (error("ServerException"), 0),
        (error("RepositoryNotFoundException"), 0),
        (compliant(FINDINGS), 0),
    ] {
        let said = format!("{answer:?}");
        let inspector = inspector(move |operation, _| match operation {
            FINDINGS => answer.clone(),
            other => compliant(other),
        });
        let budget = Budget::new(Instant::now() + Duration::from_secs(5));
        let own = OWN.parse().unwrap();
        let severity_limit = SeverityLimit::Critical;
        let needs = Needs {
            severity_limit,
            all_findings: false,
            config: false,
            signing: false,
            foreign_layers: false,
        };
        gather(&inspector, &own, &[tagged("pay")].into(), &needs, &budget).await;
        assert_eq!((budget.throttled(), budget.calls()), (expected, 4), "{said}");
    }
}

#[tokio::test]
async fn an_answer_that_says_nothing_is_a_failure_not_a_pass() {
    for operation in [REPOSITORIES, CONFIGURATION, FINDINGS, MANIFEST] {
        let verdict = verdict(operation, reply(&json!({}))).await;
        assert!(verdict.contains(&format!("ecr:{operation} failed")), "{verdict}");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_reported_as_such() {
    for (operation, answer, expected_text) in [
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
        (MANIFEST, error("RepositoryNotFoundException"), "repository \"pay\" does not exist"),
        (
            MANIFEST,
            reply(
                &json!({"failures": [{"imageId": {"imageTag": "1"}, "failureCode": "ImageNotFound"}]}),
            ),
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
        assert!(verdict.contains(expected_text), "{verdict}");
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
    for (operation, answer, expected_text) in [
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
            findings("COMPLETE", json!({"findingSeverityCounts": {}})),
            "has no scan result yet (COMPLETE); wait for its first scan",
        ),
        (
            FINDINGS,
            findings(
                "COMPLETE",
                json!({"findingSeverityCounts": {}, "findings": [{"severity": "CRITICAL"}]}),
            ),
            "has 1 CRITICAL finding (severity limit CRITICAL)",
        ),
        (
            FINDINGS,
            findings(
                "ACTIVE",
                json!({"findingSeverityCounts": {}, "enhancedFindings": [
                    {"severity": "CRITICAL", "status": "SUPPRESSED"},
                    {"severity": "CRITICAL", "status": "CLOSED"},
                ]}),
            ),
            "has no scan result yet (ACTIVE)",
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
        assert!(verdict.contains(expected_text), "{verdict}");
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
    let (found, calls) = inspect(&inspector, images).await;
    assert!(found.values().all(|inspection| matches!(inspection, Inspection::Inspected(_))));
    assert_eq!(calls, 2 + 5 + 2 * 101);
}

/// The most permits of a budget that are out at a time, when a review looks so many images up.
fn most_calls(budget: &Budget, images: usize) -> usize {
    budget.prepare_for(images);
    // A second look-up of the same review, by a policy that was just renewed, changes nothing.
    budget.prepare_for(images);
    let mut permits = vec![];
    while let Some(permit) = unconstrained(budget.turn()).now_or_never() {
        permits.push(permit.unwrap());
    }
    permits.len()
}

#[test]
fn a_review_of_many_images_leaves_room_for_others() {
    let deadline = Instant::now() + Duration::from_secs(5);
    for (images, calls) in [(0, 128), (1, 128), (50, 128), (51, 32), (500, 32)] {
        assert_eq!(most_calls(&Budget::new(deadline), images), calls, "{images} images");
    }
}

#[test]
fn room_that_a_caller_chose_stays_as_it_is() {
    let deadline = Instant::now() + Duration::from_secs(5);
    for (room, images) in [(16, 1), (16, 5_000), (200, 5_000)] {
        let budget = Budget::with_room_for(room, deadline);
        assert_eq!(most_calls(&budget, images), room, "{images} images");
    }
}

/// A review may have 500 images look up 32 platforms each.
#[test]
fn what_waits_for_its_turn_takes_little_memory() {
    let inspector = inspector(|operation, _| compliant(operation));
    let (images, budget) = ([tagged("pay")].into(), Budget::new(Instant::now()));
    for config in [false, true] {
        let severity_limit = SeverityLimit::Critical;
        let needs = Needs {
            severity_limit,
            all_findings: config,
            config,
            signing: config,
            foreign_layers: config,
        };
        let bytes = size_of_val(&inspector.images(&images, &needs, &budget));
        assert!(bytes < 4_000, "{bytes} bytes");
    }
}
