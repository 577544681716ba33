//! The signing statuses of an image: beside its manifest, and of its digest.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use ecr_admission::inspect::{Budget, InspectImage};
use ecr_admission_policy::SeverityLimit;
use ecr_admission_policy::facts::{Cause, SigningFacts, SigningState, SigningStatus, Unavailable};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::policy::Needs;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{FINDINGS, MANIFEST, image, tagged};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{Reply, compliant, error, inspector, reply};

pub(crate) const SIGNING: &str = "DescribeImageSigningStatus";
const RELEASE: &str = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/release";

pub(crate) const NEEDS: Needs = Needs {
    severity_limit: SeverityLimit::Critical,
    all_findings: false,
    config: false,
    signing: true,
    foreign_layers: false,
};

/// An answer about the image with this digest, if it names one.
pub(crate) fn statuses(of: Option<char>, statuses: &Value) -> Reply {
    let mut image = json!({"imageTag": "1"});
    if let Some(of) = of {
        image["imageDigest"] = digest(of).as_str().into();
    }
    reply(&json!({"imageId": image, "repositoryName": "pay", "signingStatuses": statuses}))
}

fn complete(of: Option<char>) -> Reply {
    statuses(of, &json!([{"signingProfileArn": RELEASE, "status": "COMPLETE"}]))
}

fn signed() -> SigningFacts {
    read(RELEASE, SigningState::Complete)
}

fn read(profile: &str, state: SigningState) -> SigningFacts {
    SigningFacts::Read(vec![SigningStatus { profile: profile.to_owned(), state }])
}

fn unavailable(cause: Cause) -> SigningFacts {
    SigningFacts::Unavailable(Unavailable { operation: "ecr:DescribeImageSigningStatus", cause })
}

/// The signing of an image, and by which ids it was asked for, when the calls are answered like this.
async fn found_by(
    id: ImageId,
    needs: Needs,
    answer: impl Fn(&str, &Value) -> Reply + Send + Sync + 'static,
) -> (SigningFacts, Vec<String>) {
    let asked = Arc::new(Mutex::new(vec![]));
    let noted = Arc::clone(&asked);
    let inspector = inspector(move |operation, body| {
        if operation == SIGNING {
            assert_eq!(body["registryId"], "123456789012");
            assert_eq!(body["repositoryName"], "pay");
            let id = &body["imageId"];
            let by = id["imageTag"].as_str().or(id["imageDigest"].as_str()).unwrap();
            noted.lock().unwrap().push(by.to_owned());
        }
        answer(operation, body)
    });
    let budget = Budget::new(Instant::now() + Duration::from_secs(5));
    let image = image("pay", id);
    let mut found = inspector.images(&[image.clone()].into(), &needs, &budget).await;
    let found = found.remove(&image).unwrap().unwrap();
    assert_eq!(found.digest, digest('a'));
    let asked = asked.lock().unwrap().clone();
    assert_eq!(budget.calls(), 2 + u32::try_from(asked.len()).unwrap());
    (found.signing, asked)
}

/// The same of `pay:1`, when its signing is answered like this, whatever it is asked for by.
async fn found(answer: Reply) -> (SigningFacts, Vec<String>) {
    found_by(tagged("pay").id, NEEDS, move |operation, _| match operation {
        SIGNING => answer.clone(),
        other => compliant(other),
    })
    .await
}

#[tokio::test]
async fn what_is_not_needed_is_not_asked_for() {
    let needs = Needs { signing: false, ..NEEDS };
    let (signing, asked) = found_by(tagged("pay").id, needs, |operation, _| match operation {
        SIGNING => panic!("it is not needed"),
        other => compliant(other),
    })
    .await;
    assert_eq!((signing, asked), (SigningFacts::NotRead, vec![]));
}

#[tokio::test]
async fn an_image_is_asked_for_once_by_the_id_that_the_workload_names() {
    assert_eq!(found(complete(Some('a'))).await, (signed(), vec!["1".to_owned()]));
    let by_digest = ImageId::Digest(digest('a'));
    for of in [Some('a'), None] {
        let found = found_by(by_digest.clone(), NEEDS, move |operation, _| match operation {
            SIGNING => complete(of),
            other => compliant(other),
        });
        assert_eq!(found.await, (signed(), vec![digest('a').to_string()]));
    }
}

/// What ECR says of a tag counts only if it is about the digest of the manifest.
#[tokio::test]
async fn a_tag_that_may_stand_for_another_image_is_asked_for_by_digest() {
    let by_tag = || {
        [complete(Some('b')), complete(None), error("ImageNotFoundException"), reply(&json!({}))]
    };
    let failed = statuses(Some('a'), &json!([{"signingProfileArn": RELEASE, "status": "FAILED"}]));
    let not_signed =
        read(RELEASE, SigningState::Failed { code: String::new(), reason: String::new() });
    for (by_digest, expected) in [
        (complete(Some('a')), signed()),
        (failed, not_signed),
        (error("ImageNotFoundException"), unavailable(Cause::Internal)),
        (complete(Some('b')), unavailable(Cause::Internal)),
        (error("ThrottlingException"), unavailable(Cause::Throttled)),
    ] {
        for first in by_tag() {
            let by_digest = by_digest.clone();
            let found = found_by(tagged("pay").id, NEEDS, move |operation, body| {
                match (operation, body["imageId"]["imageDigest"].as_str()) {
                    (SIGNING, Some(_)) => by_digest.clone(),
                    (SIGNING, None) => first.clone(),
                    (other, _) => compliant(other),
                }
            });
            let asked = vec!["1".to_owned(), digest('a').to_string()];
            assert_eq!(found.await, (expected.clone(), asked));
        }
    }
}

#[tokio::test]
async fn a_failure_is_a_fact_that_is_missing_and_the_image_is_found_all_the_same() {
    for (answer, cause) in [
        (error("ThrottlingException"), Cause::Throttled),
        (error("AccessDeniedException"), Cause::AccessDenied),
        (error("ServerException"), Cause::Internal),
        (error("InvalidParameterException"), Cause::Internal),
        (error("ValidationException"), Cause::Internal),
        ((500, String::new()), Cause::Internal),
        ((200, "{\"signingStatuses\": [".to_owned()), Cause::Internal),
        ((200, "<html>".to_owned()), Cause::Internal),
    ] {
        let said = format!("{answer:?}");
        assert_eq!(found(answer).await, (unavailable(cause), vec!["1".to_owned()]), "{said}");
    }
}

#[tokio::test]
async fn words_are_kept_as_they_came_and_texts_are_bounded() {
    let long = "x".repeat(1_000);
    let failed = |code: &str, reason: &str| SigningState::Failed {
        code: code.to_owned(),
        reason: reason.to_owned(),
    };
    let cut = |kept: usize| format!("{}…", "x".repeat(kept));
    for (status, profile, state) in [
        (
            json!({"signingProfileArn": RELEASE, "status": "COMPLETE"}),
            RELEASE,
            SigningState::Complete,
        ),
        (
            json!({"signingProfileArn": RELEASE, "status": "IN_PROGRESS"}),
            RELEASE,
            SigningState::InProgress,
        ),
        (
            json!({"signingProfileArn": RELEASE, "status": "FAILED", "failureCode": "c", "failureReason": "r"}),
            RELEASE,
            failed("c", "r"),
        ),
        (
            json!({"signingProfileArn": RELEASE, "status": "FAILED", "failureCode": long, "failureReason": long}),
            RELEASE,
            failed(&cut(63), &cut(127)),
        ),
        (
            json!({"signingProfileArn": RELEASE, "status": "complete"}),
            RELEASE,
            SigningState::Unknown("complete".to_owned()),
        ),
        (
            json!({"signingProfileArn": long, "status": long}),
            &cut(199),
            SigningState::Unknown(cut(63)),
        ),
        (json!({}), "", SigningState::Unknown(String::new())),
    ] {
        let answer = statuses(Some('a'), &json!([status]));
        assert_eq!(found(answer).await.0, read(profile, state), "{status}");
    }
}

#[tokio::test]
async fn an_image_without_a_status_is_not_signed_and_an_endless_answer_is_not_read() {
    for none in [json!([]), Value::Null] {
        assert_eq!(found(statuses(Some('a'), &none)).await.0, SigningFacts::Read(vec![]));
    }
    let one = json!({"signingProfileArn": RELEASE, "status": "FAILED", "failureReason": "r".repeat(1_000)});
    for (number, read) in [(50, true), (100, false)] {
        let (found, _) = found(statuses(Some('a'), &vec![one.clone(); number].into())).await;
        let expected = matches!(&found, SigningFacts::Read(all) if all.len() == number);
        assert_eq!(expected, read, "{number}: {found:?}");
        assert!(read || found == unavailable(Cause::Internal), "{found:?}");
    }
}

/// The index is what the workload names, and the children are not asked about.
#[tokio::test]
async fn of_an_index_only_its_own_signing_is_asked_for() {
    let manifests = json!({
        "schemaVersion": 2,
        "manifests": [{
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest('b').as_str(),
            "size": 9,
        }],
    });
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let inspector = inspector(move |operation, body| match operation {
        SIGNING => {
            *counted.lock().unwrap() += 1;
            complete(Some('a'))
        }
        MANIFEST if body["imageIds"][0]["imageTag"] == "1" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('a').as_str(), "imageTag": "1"},
            "imageManifestMediaType": "application/vnd.oci.image.index.v1+json",
            "imageManifest": manifests.to_string(),
        }]})),
        FINDINGS if body["imageId"]["imageTag"] == "1" => error("ScanNotFoundException"),
        other => compliant(other),
    });
    let budget = Budget::new(Instant::now() + Duration::from_secs(5));
    let mut found = inspector.images(&[tagged("pay")].into(), &NEEDS, &budget).await;
    assert_eq!(found.remove(&tagged("pay")).unwrap().unwrap().signing, signed());
    assert_eq!(*asked.lock().unwrap(), 1);
}
