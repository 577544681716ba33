//! `GetDownloadUrlForLayer`, and the blobs at its addresses.

use aws_sdk_ecr::types::ImageIdentifier;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stand_in::start_with;

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: a
        images:
          - {tags: ["1"], os: linux, architecture: arm64, config: {user: "1000", exposedPorts: ["8080/tcp", "53/udp"]}}
          - {tags: ["2"]}
      - {name: b}
"#;

#[tokio::test]
async fn the_config_blob_of_a_manifest_can_be_had() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let expected = [
        ("1", json!({"User": "1000", "ExposedPorts": {"8080/tcp": {}, "53/udp": {}}}), "arm64"),
        ("2", json!({}), "amd64"),
    ];
    for (tag, config, architecture) in expected {
        let id = ImageIdentifier::builder().image_tag(tag).build();
        let image = stand_in.ecr().batch_get_image().repository_name("a").image_ids(id);
        let image = image.send().await.unwrap();
        let manifest: Value =
            serde_json::from_str(image.images()[0].image_manifest().unwrap()).unwrap();
        let digest = manifest["config"]["digest"].as_str().unwrap();
        let call = stand_in.ecr().get_download_url_for_layer().repository_name("a");
        let answer = call.layer_digest(digest).send().await.unwrap();
        assert_eq!(answer.layer_digest(), Some(digest));
        let path = answer.download_url().unwrap().strip_prefix(&stand_in.url()).unwrap();

        let (head, blob) = stand_in.raw(&format!("GET {path} HTTP/1.1"), b"").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert_eq!(format!("sha256:{:x}", Sha256::digest(&blob)), digest);
        assert_eq!(manifest["config"]["size"], blob.len());
        let blob: Value = serde_json::from_slice(&blob).unwrap();
        assert_eq!(blob["config"], config);
        assert_eq!((&blob["os"], &blob["architecture"]), (&json!("linux"), &json!(architecture)));
        let calls = stand_in.calls();
        assert_eq!(
            calls[1],
            ["GetDownloadUrlForLayer", &format!("123456789012/us-east-1/a@{digest}"), "200"]
        );
        assert_eq!(calls[2], ["GetLayerBlob", digest, "200"]);
        stand_in.aws.reset();
    }
}

#[tokio::test]
async fn a_blob_belongs_to_its_repository() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let id = ImageIdentifier::builder().image_tag("1").build();
    let image =
        stand_in.ecr().batch_get_image().repository_name("a").image_ids(id).send().await.unwrap();
    let manifest: Value =
        serde_json::from_str(image.images()[0].image_manifest().unwrap()).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    let url = |repository: &str| {
        let call = stand_in.ecr().get_download_url_for_layer().repository_name(repository);
        call.layer_digest(layer).send()
    };
    assert!(url("a").await.is_ok());
    let error = url("b").await.unwrap_err().into_service_error();
    assert!(error.is_layers_not_found_exception(), "{error:?}");
    let error = url("c").await.unwrap_err().into_service_error();
    assert!(error.is_repository_not_found_exception(), "{error:?}");

    let (head, _) = stand_in.raw("GET /blobs/sha256:0 HTTP/1.1", b"").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
}
