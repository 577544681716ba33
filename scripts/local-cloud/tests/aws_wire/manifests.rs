//! Manifests as an author can push them: raw ones, artifacts, layers from elsewhere, entries that lie.

use aws_sdk_ecr::types::ImageIdentifier;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stand_in::{StandIn, start_with};

const CHILD: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

const CATALOGUE: &str = r#"
registries:
  - account: "123456789012"
    region: us-east-1
    repositories:
      - name: raw
        images:
          - {tags: [text], manifest: "{\"schemaVersion\": 2, \"Digest\": 1,\n \"Digest\": 2}"}
          - {tags: [none], manifest: "not JSON"}
          - {tags: [named], manifest: {mediaType: a/b, schemaVersion: 2, empty: null, list: [1, "2"]}}
          - {tags: [said], manifest: "{}", manifestMediaType: c/d}
          - {tags: [unsaid], manifest: "{}", manifestMediaType: null}
          - {tags: [list], format: DOCKER, manifest: "[]"}
          - tags: [index]
            manifest: '{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
            scan: {status: COMPLETE}
          - {digest: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
      - name: built
        images:
          - tags: [artifact]
            artifactType: application/spdx+json
            configMediaType: application/vnd.oci.empty.v1+json
            configBlob: "{}"
            layers: [{mediaType: application/spdx+json}, {mediaType: null, urls: ["https://a/1"], annotations: {x: y}}, {}]
            manifestAnnotations: {a: b}
          - {tags: [lies], mediaType: a/b, manifestMediaType: c/d}
          - {tags: [silent], mediaType: null, configMediaType: null, layers: []}
          - {tags: [config], configBlob: {os: windows}}
          - tags: [index]
            manifestAnnotations: {org.criu.checkpoint.container.name: web}
            artifactType: e/f
            indexScan: {status: ACTIVE}
            platforms:
              - {os: windows, osVersion: 10.0.1, architecture: amd64}
              - artifactType: application/spdx+json
                os: linux
                architecture: ""
              - os: linux
                descriptors:
                  - {os: linux, architecture: amd64, mediaType: text/plain}
                  - {osVersion: "1", variant: v8, mediaType: null, artifactType: g/h, annotations: {k: v}}
              - {descriptors: []}
              - {manifest: "{}", manifestMediaType: c/d}
"#;

fn tag(tag: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_tag(tag).build()
}

/// Digest, media type as ECR has it, and manifest of an image.
async fn image(
    stand_in: &StandIn,
    repository: &str,
    id: ImageIdentifier,
) -> (String, String, String) {
    let call = stand_in.ecr().batch_get_image().repository_name(repository).image_ids(id);
    let answer = call.accepted_media_types(INDEX).send().await.unwrap();
    let [image] = answer.images() else { panic!("{answer:?}") };
    (
        image.image_id().unwrap().image_digest().unwrap().to_owned(),
        image.image_manifest_media_type().unwrap_or("(none)").to_owned(),
        image.image_manifest().unwrap().to_owned(),
    )
}

/// The same, its manifest read.
async fn built(stand_in: &StandIn, name: &str) -> (String, Value) {
    let (digest, media_type, text) = image(stand_in, "built", tag(name)).await;
    assert_eq!(digest, format!("sha256:{:x}", Sha256::digest(&text)));
    (media_type, serde_json::from_str(&text).unwrap())
}

async fn blob(stand_in: &StandIn, digest: &Value) -> String {
    let call = stand_in.ecr().get_download_url_for_layer().repository_name("built");
    let answer = call.layer_digest(digest.as_str().unwrap()).send().await.unwrap();
    let path = answer.download_url().unwrap().strip_prefix(&stand_in.url()).unwrap();
    let (_, blob) = stand_in.raw(&format!("GET {path} HTTP/1.1"), b"").await;
    String::from_utf8(blob).unwrap()
}

#[tokio::test]
async fn a_manifest_is_served_byte_for_byte() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let list = "application/vnd.docker.distribution.manifest.v2+json";
    for (name, media_type, text) in [
        ("text", MANIFEST, "{\"schemaVersion\": 2, \"Digest\": 1,\n \"Digest\": 2}"),
        ("none", MANIFEST, "not JSON"),
        ("named", "a/b", r#"{"empty":null,"list":[1,"2"],"mediaType":"a/b","schemaVersion":2}"#),
        ("said", "c/d", "{}"),
        ("unsaid", "(none)", "{}"),
        ("list", list, "[]"),
        (
            "index",
            INDEX,
            r#"{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
        ),
    ] {
        let digest = format!("sha256:{:x}", Sha256::digest(text));
        let expected = (digest, media_type.to_owned(), text.to_owned());
        assert_eq!(image(&stand_in, "raw", tag(name)).await, expected, "{name}");
    }
    let id = ImageIdentifier::builder().image_digest(CHILD).build();
    assert_eq!(image(&stand_in, "raw", id).await.0, CHILD);
    let scan = stand_in.ecr().describe_image_scan_findings().repository_name("raw");
    assert!(scan.image_id(tag("index")).send().await.is_ok());
}

#[tokio::test]
async fn an_artifact_has_types_of_its_own() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let (media_type, artifact) = built(&stand_in, "artifact").await;
    assert_eq!(media_type, MANIFEST);
    assert_eq!(artifact["artifactType"], "application/spdx+json");
    assert_eq!(artifact["annotations"], json!({"a": "b"}));
    assert_eq!(artifact["config"]["mediaType"], "application/vnd.oci.empty.v1+json");
    assert_eq!(artifact["config"]["size"], 2);
    assert_eq!(blob(&stand_in, &artifact["config"]["digest"]).await, "{}");
    let layers = artifact["layers"].as_array().unwrap();
    let said: Vec<[Option<&Value>; 3]> = layers
        .iter()
        .map(|layer| ["mediaType", "urls", "annotations"].map(|key| layer.get(key)))
        .collect();
    assert_eq!(
        said,
        [
            [Some(&json!("application/spdx+json")), None, None],
            [None, Some(&json!(["https://a/1"])), Some(&json!({"x": "y"}))],
            [Some(&json!("application/vnd.oci.image.layer.v1.tar+gzip")), None, None],
        ]
    );
    assert_ne!(layers[0]["digest"], layers[1]["digest"]);
    assert!(blob(&stand_in, &layers[2]["digest"]).await.ends_with(" 2"));

    let (media_type, lies) = built(&stand_in, "lies").await;
    assert_eq!((media_type.as_str(), &lies["mediaType"]), ("c/d", &json!("a/b")));
    assert_eq!(lies["config"]["mediaType"], CONFIG);
    let (media_type, silent) = built(&stand_in, "silent").await;
    assert_eq!(media_type, MANIFEST);
    assert_eq!((silent.get("mediaType"), silent["config"].get("mediaType")), (None, None));
    assert_eq!(silent["layers"], json!([]));
    let (_, config) = built(&stand_in, "config").await;
    assert_eq!(blob(&stand_in, &config["config"]["digest"]).await, r#"{"os":"windows"}"#);
}

#[tokio::test]
async fn entries_of_an_index_are_what_the_catalogue_says() {
    let stand_in = start_with(CATALOGUE, &[]).await;
    let (media_type, index) = built(&stand_in, "index").await;
    assert_eq!(media_type, INDEX);
    assert_eq!(index["artifactType"], "e/f");
    assert_eq!(index["annotations"], json!({"org.criu.checkpoint.container.name": "web"}));
    let mut entries = index["manifests"].as_array().unwrap().clone();
    let digests: Vec<Value> = entries.iter().map(|entry| entry["digest"].clone()).collect();
    for entry in &mut entries {
        let entry = entry.as_object_mut().unwrap();
        assert!(entry.remove("digest").is_some() && entry.remove("size").is_some());
    }
    assert_eq!(
        json!(entries),
        json!([
            {"mediaType": MANIFEST, "platform": {"os": "windows", "os.version": "10.0.1", "architecture": "amd64"}},
            {"mediaType": MANIFEST, "artifactType": "application/spdx+json", "platform": {"os": "linux", "architecture": ""}},
            {"mediaType": "text/plain", "platform": {"os": "linux", "architecture": "amd64"}},
            {"artifactType": "g/h", "platform": {"os.version": "1", "variant": "v8"}, "annotations": {"k": "v"}},
            {"mediaType": "c/d"},
        ])
    );
    // One child is named twice, and one not at all.
    assert_eq!(digests[2], digests[3]);

    let scan = stand_in.ecr().describe_image_scan_findings().repository_name("built");
    let scan = scan.image_id(tag("index")).send().await.unwrap();
    assert_eq!(scan.image_scan_status().unwrap().status().unwrap().as_str(), "ACTIVE");
}
