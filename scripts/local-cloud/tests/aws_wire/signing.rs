//! `DescribeImageSigningStatus`.

use aws_sdk_ecr::operation::describe_image_signing_status::builders::DescribeImageSigningStatusFluentBuilder;
use aws_sdk_ecr::types::{ImageIdentifier, ImageSigningStatus, SigningStatus};

use crate::stand_in::{StandIn, start_with};

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: a
        signing: [{profile: release, status: COMPLETE}, {profile: test, status: IN_PROGRESS}]
        images:
          - {tags: ["default"]}
          - {tags: ["failed"], signing: [{profile: release, status: FAILED, failureCode: c, failureReason: r}]}
          - {tags: ["none"], signing: []}
          - {tags: ["bare"], signing: [{}]}
          - tags: ["index"]
            signing: [{profile: index, status: COMPLETE}]
            platforms: [{os: linux, architecture: amd64, signing: [{profile: child, status: COMPLETE}]}]
      - {name: b, images: [{tags: ["1"]}]}
"#;

fn describe(
    stand_in: &StandIn,
    repository: &str,
    tag: &str,
) -> DescribeImageSigningStatusFluentBuilder {
    let id = ImageIdentifier::builder().image_tag(tag).build();
    stand_in.ecr().describe_image_signing_status().repository_name(repository).image_id(id)
}

fn status(profile: &str, status: SigningStatus) -> ImageSigningStatus {
    ImageSigningStatus::builder().signing_profile_arn(profile).status(status).build()
}

#[tokio::test]
async fn every_status_of_an_image_is_sent_with_its_digest() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let failed = ImageSigningStatus::builder()
        .signing_profile_arn("release")
        .status(SigningStatus::Failed)
        .failure_code("c")
        .failure_reason("r");
    let both =
        vec![status("release", SigningStatus::Complete), status("test", SigningStatus::InProgress)];
    for (repository, tag, expected) in [
        ("a", "default", both),
        ("a", "failed", vec![failed.build()]),
        ("a", "none", vec![]),
        ("a", "bare", vec![ImageSigningStatus::builder().build()]),
        ("a", "index", vec![status("index", SigningStatus::Complete)]),
        ("b", "1", vec![]),
    ] {
        let answer = describe(&stand_in, repository, tag).send().await.unwrap();
        assert_eq!(answer.signing_statuses(), expected, "{repository}:{tag}");
        let id = answer.image_id().unwrap();
        assert_eq!(id.image_tag(), Some(tag));
        // The same by the digest.
        let digest = ImageIdentifier::builder().image_digest(id.image_digest().unwrap()).build();
        let again = describe(&stand_in, repository, tag).image_id(digest).send().await.unwrap();
        assert_eq!(again.signing_statuses(), expected, "{repository}:{tag} by digest");
    }
    let calls = stand_in.calls();
    assert_eq!(calls[0], ["DescribeImageSigningStatus", "123456789012/us-east-1/a:default", "200"]);
}

#[tokio::test]
async fn what_does_not_exist_is_an_error_of_its_own() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let error = describe(&stand_in, "a", "gone").send().await.unwrap_err().into_service_error();
    assert!(error.is_image_not_found_exception(), "{error:?}");
    let error = describe(&stand_in, "c", "1").send().await.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception(), "{error:?}");
    let other = describe(&stand_in, "a", "none").registry_id("210987654321").send().await;
    let error = other.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception(), "{error:?}");
}
