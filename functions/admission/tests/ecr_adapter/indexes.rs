//! Image indexes: every child is evaluated, and none is overlooked.

use ecr_admission::ecr::EcrInspector;
use serde_json::{Value, json};

use crate::{FINDINGS, OWN};
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{
    OCI_IMAGE as IMAGE, OCI_INDEX as INDEX, Reply, compliant, error, image_manifest, inspector,
    reply, verdict_on,
};

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
) -> EcrInspector {
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
                        "imageScanFindings": {
                            "imageScanCompletedAt": 1_795_176_000,
                            "findingSeverityCounts": {"CRITICAL": critical},
                        },
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
                            "imageManifestMediaType": INDEX,
                            "imageManifest": index(children),
                        })),
                        None if scanned.iter().any(|(image, _)| *image == digit) => {
                            images.push(json!({
                                "imageId": {"imageDigest": digest(digit).as_str()},
                                "imageManifestMediaType": IMAGE,
                                "imageManifest": image_manifest().to_string(),
                            }));
                        }
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

/// An image manifest for each id.
fn children(body: &Value) -> Reply {
    let manifest = image_manifest().to_string();
    let image = |id: &Value| json!({"imageId": id, "imageManifestMediaType": IMAGE, "imageManifest": manifest});
    let images: Vec<Value> = body["imageIds"].as_array().unwrap().iter().map(image).collect();
    reply(&json!({"images": images}))
}

async fn verdict_and_calls(inspector: &EcrInspector) -> (String, u32) {
    verdict_on(OWN, inspector).await
}

#[tokio::test]
async fn every_child_of_an_index_is_evaluated() {
    let good = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0), ('2', 0)]);
    assert_eq!(verdict_and_calls(&good).await, ("admitted".to_owned(), 4 + 1 + 2));
    let bad = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0), ('2', 4)]);
    let (verdict, _) = verdict_and_calls(&bad).await;
    assert!(
        verdict
            .contains("platform \"linux/arch-2\" (sha256:222222222222…) has 4 CRITICAL findings"),
        "{verdict}"
    );
    let gone = indexed(&[('0', &[('1', IMAGE), ('2', IMAGE)])], &[('1', 0)]);
    let (verdict, _) = verdict_and_calls(&gone).await;
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
    let (verdict, calls) = verdict_and_calls(&nested).await;
    assert!(verdict.contains("platform \"linux/arch-2\""), "{verdict}");
    assert_eq!(calls, 4 + (1 + 1) + (1 + 1), "each level: manifests, and the scans of images");
    let deep = indexed(
        &[('0', &[('5', INDEX)]), ('5', &[('6', INDEX)]), ('6', &[('1', IMAGE)])],
        &[('1', 0)],
    );
    let (verdict, _) = verdict_and_calls(&deep).await;
    assert!(verdict.contains("is an image index nested more than 2 deep"), "{verdict}");
}

#[tokio::test]
async fn an_index_that_holds_itself_ends() {
    let (verdict, _) = verdict_and_calls(&indexed(&[('0', &[('0', INDEX)])], &[])).await;
    assert!(verdict.contains("nested more than 2 deep"), "{verdict}");
}

#[tokio::test]
async fn an_empty_index_is_denied() {
    let (verdict, _) = verdict_and_calls(&indexed(&[('0', &[])], &[])).await;
    assert!(verdict.contains("is an image index without an image to evaluate"), "{verdict}");
}

#[tokio::test]
async fn an_image_that_was_never_scanned_is_reported_so_with_its_digest_known() {
    let inspector = inspector(|operation, _| match operation {
        FINDINGS => error("ScanNotFoundException"),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('a').as_str(), "imageTag": "1"},
            "imageManifestMediaType": IMAGE,
            "imageManifest": image_manifest().to_string(),
        }]})),
        other => compliant(other),
    });
    let (verdict, calls) = verdict_and_calls(&inspector).await;
    assert!(verdict.contains("was never scanned; start a scan or push it again"), "{verdict}");
    assert_eq!(calls, 4);
}

#[tokio::test]
async fn a_failed_look_up_of_one_child_fails_the_image() {
    let inspector = inspector(|operation, body| match operation {
        FINDINGS if body["imageId"]["imageTag"] == "1" => error("ScanNotFoundException"),
        FINDINGS => error("ThrottlingException"),
        "BatchGetImage" if body["imageIds"][0]["imageDigest"].is_string() => children(body),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('0').as_str()},
            "imageManifestMediaType": INDEX,
            "imageManifest": index(&[('1', IMAGE)]),
        }]})),
        other => compliant(other),
    });
    let (verdict, _) = verdict_and_calls(&inspector).await;
    assert!(verdict.contains("ecr:DescribeImageScanFindings was throttled"), "{verdict}");
}

#[tokio::test]
async fn an_index_that_is_called_unsupported_is_opened() {
    let inspector = inspector(|operation, body| match operation {
        FINDINGS if body["imageId"]["imageTag"] == "1" => reply(&json!({
            "imageId": {"imageDigest": digest('0').as_str()},
            "imageScanStatus": {"status": "UNSUPPORTED_IMAGE"},
        })),
        FINDINGS => reply(&json!({
            "imageScanStatus": {"status": "COMPLETE"},
            "imageScanFindings": {"imageScanCompletedAt": 1_795_176_000},
        })),
        "BatchGetImage" if body["imageIds"][0]["imageDigest"].is_string() => children(body),
        "BatchGetImage" => reply(&json!({"images": [{
            "imageId": {"imageDigest": digest('0').as_str()},
            "imageManifestMediaType": INDEX,
            "imageManifest": index(&[('1', IMAGE)]),
        }]})),
        other => compliant(other),
    });
    assert_eq!(verdict_and_calls(&inspector).await, ("admitted".to_owned(), 4 + 1 + 1));
}
