//! `BatchGetImage`.

use aws_sdk_ecr::types::{ImageFailureCode, ImageIdentifier};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::stand_in::{StandIn, start_with};

const FIXED: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: a
        images:
          - {tags: ["1", "one"]}
          - tags: ["fixed"]
            digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
      - name: index
        images:
          - tags: ["2"]
            platforms:
              - {os: unknown, architecture: unknown}
              - {os: linux, architecture: arm, variant: v7, config: {user: "7"}}
              - {os: linux, architecture: amd64, annotations: {vnd.docker.reference.type: attestation-manifest}}
              - {}
              - {tags: ["nested"], platforms: [{os: linux, architecture: s390x}]}
          - tags: ["docker"]
            format: DOCKER
            platforms: [{os: linux, architecture: amd64, format: DOCKER}]
          - {tags: ["empty"], platforms: []}
  - account: "210987654321"
    region: us-east-1
    repositories: [{name: theirs, images: [{tags: ["1"]}]}]
"#;

fn tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

fn digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

fn sha256(text: &str) -> String {
    format!("sha256:{:x}", Sha256::digest(text))
}

/// Digest, media type and manifest of one image.
async fn manifest(
    stand_in: &StandIn,
    repository: &str,
    id: ImageIdentifier,
) -> (String, String, Value) {
    let call = stand_in.ecr().batch_get_image().repository_name(repository).image_ids(id);
    let call = call.accepted_media_types(INDEX).accepted_media_types(LIST);
    let answer = call.accepted_media_types(MANIFEST).send().await.unwrap();
    let [image] = answer.images() else { panic!("{answer:?}") };
    let text = image.image_manifest().unwrap();
    let digest = image.image_id().unwrap().image_digest().unwrap().to_owned();
    if digest != FIXED {
        assert_eq!(sha256(text), digest, "the digest is that of the manifest");
    }
    let media_type = image.image_manifest_media_type().unwrap().to_owned();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["mediaType"], media_type.as_str());
    (digest, media_type, value)
}

#[tokio::test]
async fn an_index_names_its_children_with_platforms_and_annotations() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let (_, media_type, index) = manifest(&stand_in, "index", tag("2")).await;
    assert_eq!(media_type, INDEX);
    let entries = index["manifests"].as_array().unwrap();
    let attestation = serde_json::json!({"vnd.docker.reference.type": "attestation-manifest"});
    let shapes: Vec<[&Value; 3]> =
        entries.iter().map(|it| [&it["mediaType"], &it["platform"], &it["annotations"]]).collect();
    let expected = serde_json::json!([
        [MANIFEST, {"os": "unknown", "architecture": "unknown"}, attestation],
        [MANIFEST, {"os": "linux", "architecture": "arm", "variant": "v7"}, null],
        [MANIFEST, {"os": "linux", "architecture": "amd64"}, attestation],
        [MANIFEST, null, null],
        [INDEX, null, null],
    ]);
    assert_eq!(serde_json::json!(shapes), expected);
    for entry in entries {
        let (_, media_type, child) =
            manifest(&stand_in, "index", digest(entry["digest"].as_str().unwrap())).await;
        assert_eq!(entry["mediaType"], media_type.as_str());
        assert_eq!(entry["size"], child.to_string().len());
    }
    let (_, _, nested) = manifest(&stand_in, "index", tag("nested")).await;
    assert_eq!(nested["manifests"][0]["platform"]["architecture"], "s390x");
    let (_, media_type, list) = manifest(&stand_in, "index", tag("docker")).await;
    assert_eq!(media_type, LIST);
    assert_eq!(
        list["manifests"][0]["mediaType"],
        "application/vnd.docker.distribution.manifest.v2+json"
    );
}

#[tokio::test]
async fn an_index_that_is_not_accepted_turns_into_its_first_platform() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = |name: &str| {
        let call = stand_in.ecr().batch_get_image().repository_name("index");
        call.image_ids(tag(name)).accepted_media_types(MANIFEST).send()
    };
    let answer = call("2").await.unwrap();
    let image = &answer.images()[0];
    assert_eq!(image.image_manifest_media_type(), Some(MANIFEST));
    let (_, _, index) = manifest(&stand_in, "index", tag("2")).await;
    // The attestation before it is none.
    assert_eq!(image.image_id().unwrap().image_digest(), index["manifests"][1]["digest"].as_str());
    let none = call("empty").await.unwrap();
    assert_eq!(none.failures()[0].failure_code(), Some(&ImageFailureCode::ImageNotFound));
}

#[tokio::test]
async fn a_missing_image_fails_by_itself() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let both = ImageIdentifier::builder().image_tag("1").image_digest(FIXED).build();
    let call = stand_in.ecr().batch_get_image().repository_name("a").image_ids(tag("1"));
    let call = call.image_ids(tag("no")).image_ids(both).image_ids(digest("sha256:0"));
    let call = call.image_ids(tag("-")).image_ids(ImageIdentifier::builder().build());
    let answer = call.send().await.unwrap();
    assert_eq!(answer.images().len(), 1);
    // In an order of their own.
    let mut codes: Vec<(&str, Option<&str>, Option<&str>)> = answer
        .failures()
        .iter()
        .map(|it| (it.failure_code().unwrap().as_str(), it.image_id().unwrap()))
        .map(|(code, id)| (code, id.image_tag(), id.image_digest()))
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("ImageNotFound", Some("no"), None),
            ("ImageTagDoesNotMatchDigest", Some("1"), Some(FIXED)),
            ("InvalidImageDigest", None, Some("sha256:0")),
            ("InvalidImageTag", Some("-"), None),
            ("MissingDigestAndTag", None, None),
        ]
    );
    let absent =
        answer.failures().iter().find(|it| it.image_id().unwrap().image_tag() == Some("no"));
    assert_eq!(absent.unwrap().failure_reason(), Some("Requested image not found"));
    let keys: Vec<String> = stand_in.calls().into_iter().map(|[_, key, _]| key).collect();
    assert_eq!(keys, [format!("123456789012/us-east-1/a:1,:no,:1@{FIXED},@sha256:0,:-,")]);
}

#[tokio::test]
async fn a_batch_has_an_answer_for_each_of_up_to_100_ids() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let get = |ids: Vec<ImageIdentifier>| {
        let call = stand_in.ecr().batch_get_image().repository_name("a");
        call.set_image_ids(Some(ids)).send()
    };
    let (one, _, _) = manifest(&stand_in, "a", tag("1")).await;
    let answer =
        get(vec![tag("one"), digest(&one), tag("1"), tag("fixed"), tag("1")]).await.unwrap();
    let mut ids: Vec<(Option<&str>, &str)> = answer
        .images()
        .iter()
        .map(|it| it.image_id().unwrap())
        .map(|id| (id.image_tag(), id.image_digest().unwrap()))
        .collect();
    ids.sort_unstable();
    // The tag is there where it was asked for, and an id that came twice has one answer.
    assert_eq!(
        ids,
        [(None, one.as_str()), (Some("1"), &one), (Some("fixed"), FIXED), (Some("one"), &one)]
    );
    assert!(answer.images().iter().all(|it| it.image_manifest_media_type() == Some(MANIFEST)));

    let missing = |count: usize| (0..count).map(|nth| tag(&format!("no{nth}"))).collect();
    assert_eq!(get(missing(100)).await.unwrap().failures().len(), 100);
    for count in [0, 101] {
        let error = get(missing(count)).await.unwrap_err().into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{error:?}");
    }
}

#[tokio::test]
async fn another_account_is_asked_by_its_registry_id() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let call = || stand_in.ecr().batch_get_image().repository_name("theirs").image_ids(tag("1"));
    assert_eq!(call().registry_id("210987654321").send().await.unwrap().images().len(), 1);
    let error = call().send().await.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception());
}
