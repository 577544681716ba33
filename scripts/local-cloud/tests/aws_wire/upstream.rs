//! Repositories of a pull-through cache.

use aws_sdk_ecr::types::ImageIdentifier;

use crate::stand_in::{StandIn, code_and_message, start_with};

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: denied
        upstream: {imported: [fresh], others: AccessDeniedException}
        images: [{tags: [fresh]}, {tags: [stale], scan: {status: COMPLETE}}]
      - name: unavailable
        upstream: {imported: [fresh], others: UpstreamUnavailable}
        images: [{tags: [fresh]}, {tags: [stale], scan: {status: COMPLETE}}]
      - name: secretless
        upstream: {others: UnableToGetUpstreamImageException}
"#;

fn tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

/// The digests, or code and message of the error.
async fn get(
    stand_in: &StandIn,
    repository: &str,
    ids: Vec<ImageIdentifier>,
) -> Result<Vec<String>, (String, String)> {
    let call = stand_in.ecr().batch_get_image().repository_name(repository);
    let answer = call.set_image_ids(Some(ids)).send().await;
    let answer = answer.map_err(|error| code_and_message(&error.into_service_error()))?;
    let digest = |image: &aws_sdk_ecr::types::Image| {
        image.image_id().unwrap().image_digest().unwrap().to_owned()
    };
    let failed = |it: &aws_sdk_ecr::types::ImageFailure| {
        let code = it.failure_code().unwrap().as_str();
        format!("{code} {}", it.image_id().unwrap().image_tag().unwrap())
    };
    let images = answer.images().iter().map(digest);
    Ok(images.chain(answer.failures().iter().map(failed)).collect())
}

/// A digest, as the findings have it, which nobody asks the upstream for.
async fn digest(stand_in: &StandIn, repository: &str, name: &str) -> ImageIdentifier {
    let call = stand_in.ecr().describe_image_scan_findings().repository_name(repository);
    let answer = call.image_id(tag(name)).send().await.unwrap();
    let digest = answer.image_id().unwrap().image_digest().unwrap();
    ImageIdentifier::builder().image_digest(digest).build()
}

#[tokio::test]
async fn a_role_that_may_not_import_is_refused_the_whole_call() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let message = "User: arn:aws:sts::123456789012:assumed-role/local-cloud/function is not authorized to \
        perform: ecr:BatchImportUpstreamImage on resource: \
        arn:aws:ecr:us-east-1:123456789012:repository/denied because no identity-based policy allows the \
        ecr:BatchImportUpstreamImage action";
    let refused = Err(("AccessDeniedException".to_owned(), message.to_owned()));
    for ids in [vec![tag("stale")], vec![tag("missing")], vec![tag("fresh"), tag("stale")]] {
        assert_eq!(get(&stand_in, "denied", ids).await, refused);
    }
    assert_eq!(get(&stand_in, "denied", vec![tag("fresh")]).await.unwrap().len(), 1);
    let stale = digest(&stand_in, "denied", "stale").await;
    let found = get(&stand_in, "denied", vec![stale.clone()]).await.unwrap();
    assert_eq!(found, [stale.image_digest().unwrap()]);
    let code = get(&stand_in, "secretless", vec![tag("1")]).await.unwrap_err().0;
    assert_eq!(code, "UnableToGetUpstreamImageException");
}

#[tokio::test]
async fn an_upstream_that_fails_fails_by_image() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let stale = digest(&stand_in, "unavailable", "stale").await;
    let ids = vec![tag("stale"), tag("fresh"), tag("missing"), stale.clone()];
    let mut found = get(&stand_in, "unavailable", ids).await.unwrap();
    found.sort();
    assert_eq!(found[..2], ["UpstreamUnavailable missing", "UpstreamUnavailable stale"]);
    assert_eq!(found.len(), 4);
    assert!(found.iter().any(|it| it == stale.image_digest().unwrap()));
    // Its scan can be had by tag.
    let scan = stand_in.ecr().describe_image_scan_findings().repository_name("unavailable");
    assert!(scan.image_id(tag("stale")).send().await.is_ok());
}
