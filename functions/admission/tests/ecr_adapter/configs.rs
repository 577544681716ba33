//! The config of an image: manifest, URL, blob.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ecr_admission::inspect::Missing;
use ecr_admission_policy::SeverityLimit;
use ecr_admission_policy::facts::{
    Cause, ConfigFacts, Content, ImageConfig, ImageScan, Unavailable,
};
use ecr_admission_policy::index::{Child, Index};
use ecr_admission_policy::policy::Needs;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::FINDINGS;
use ecr_admission_testing::digest;
use ecr_admission_testing::ecr::{Reply, compliant, error, inspector, look_up, reply};

pub(crate) const NEEDS: Needs = Needs {
    severity_limit: SeverityLimit::Critical,
    all_findings: false,
    config: true,
    signing: false,
    foreign_layers: false,
};

pub(crate) const MANIFEST: &str = "BatchGetImage";
pub(crate) const URL: &str = "GetDownloadUrlForLayer";
/// What a blob is asked for by.
pub(crate) const BLOB: &str = "GET";

const CONFIG: &str =
    r#"{"config": {"User": "1000", "ExposedPorts": {"8080/tcp": {}, "22/tcp": {}}}}"#;

pub(crate) fn sha256(blob: &str) -> String {
    format!("sha256:{:x}", Sha256::digest(blob))
}

/// Where the blob with this digest is.
pub(crate) fn url(digest: &str) -> String {
    format!("https://blobs.example/{digest}?X-Amz-Signature=f00d%2Fcafe")
}

fn manifest(config: &str) -> String {
    json!({"schemaVersion": 2, "config": {"digest": sha256(config)}, "layers": []}).to_string()
}

pub(crate) fn images(images: &[(char, String)]) -> Reply {
    let image = |(digit, manifest): &(char, String)| {
        json!({
            "imageId": {"imageDigest": digest(*digit).as_str()},
            "imageManifestMediaType": if manifest.contains("\"manifests\"") { INDEX } else { IMAGE },
            "imageManifest": manifest,
        })
    };
    reply(&json!({"images": images.iter().map(image).collect::<Vec<_>>()}))
}

/// The answers for an image with this config blob and the digest `a`, clean and complete.
pub(crate) fn configured(config: &str, operation: &str, body: &Value) -> Reply {
    let digest_of_config = sha256(config);
    match operation {
        FINDINGS => compliant(operation),
        MANIFEST => images(&[('a', manifest(config))]),
        URL => {
            assert_eq!(body["layerDigest"], digest_of_config);
            assert_eq!(
                (&body["registryId"], &body["repositoryName"]),
                (&json!("123456789012"), &json!("pay"))
            );
            reply(&json!({"downloadUrl": url(&digest_of_config), "layerDigest": digest_of_config}))
        }
        BLOB => {
            assert_eq!(body, &url(&digest_of_config));
            (200, config.to_owned())
        }
        other => panic!("{other} has nothing to do with a config"),
    }
}

fn expected() -> ConfigFacts {
    ConfigFacts::Read(ImageConfig {
        user: "1000".to_owned(),
        exposed_ports: vec!["8080/tcp".to_owned(), "22/tcp".to_owned()],
        os: String::new(),
    })
}

fn unavailable(operation: &'static str, cause: Cause) -> ConfigFacts {
    ConfigFacts::Unavailable(Unavailable { operation, cause })
}

/// The scan and the config of the one image, and the number of calls, when `operation` is answered
/// otherwise.
async fn found(
    operation: &'static str,
    answer: impl Fn() -> Reply + Send + Sync + 'static,
) -> (ImageScan, ConfigFacts, u32) {
    let inspector =
        inspector(
            move |asked, body| {
                if asked == operation { answer() } else { configured(CONFIG, asked, body) }
            },
        );
    let (found, calls) = look_up(&inspector, NEEDS).await;
    let (digest_found, Content::Image(facts)) = found.unwrap() else { panic!("an image") };
    assert_eq!(digest_found, digest('a'));
    (facts.scan, facts.config, calls)
}

#[tokio::test]
async fn the_config_of_an_image_is_read() {
    let (scan, config, calls) = found("nothing", || panic!("nothing is asked")).await;
    assert!(matches!(scan, ImageScan::Found(_)));
    assert_eq!((config, calls), (expected(), 4));
}

#[tokio::test]
async fn a_config_that_is_not_needed_is_not_asked_for() {
    let (found, calls) = look_up(
        &inspector(|operation, body| match operation {
            FINDINGS | MANIFEST => configured(CONFIG, operation, body),
            other => panic!("{other} is not needed"),
        }),
        Needs { config: false, ..NEEDS },
    )
    .await;
    let (_, Content::Image(facts)) = found.unwrap() else { panic!("an image") };
    assert_eq!((facts.config, calls), (ConfigFacts::NotRead, 2));
}

#[tokio::test]
async fn the_config_of_an_image_without_a_scan_is_read() {
    let (scan, config, calls) = found(FINDINGS, || error("ScanNotFoundException")).await;
    assert_eq!((scan, config, calls), (ImageScan::NotFound, expected(), 4));
    let unsupported = || {
        reply(&json!({
            "imageId": {"imageDigest": digest('a').as_str()},
            "imageScanStatus": {"status": "UNSUPPORTED_IMAGE"},
        }))
    };
    let (scan, config, calls) = found(FINDINGS, unsupported).await;
    assert!(matches!(scan, ImageScan::Found(scan) if scan.status == "UNSUPPORTED_IMAGE".into()));
    assert_eq!((config, calls), (expected(), 4));
}

#[tokio::test]
async fn a_config_that_cannot_be_had_fails_nothing_else() {
    let url_is = |url: Value| reply(&json!({"downloadUrl": url}));
    let large = CONFIG.to_owned() + &" ".repeat(1 << 20);
    for (asked, answer, operation, cause) in [
        (
            MANIFEST,
            images(&[('a', r#"{"config": {}}"#.to_owned())]),
            "ecr:BatchGetImage",
            Cause::Internal,
        ),
        (URL, error("LayersNotFoundException"), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (URL, error("LayerInaccessibleException"), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (URL, error("RepositoryNotFoundException"), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (URL, error("ThrottlingException"), "ecr:GetDownloadUrlForLayer", Cause::Throttled),
        (URL, error("AccessDeniedException"), "ecr:GetDownloadUrlForLayer", Cause::AccessDenied),
        (URL, url_is(Value::Null), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (
            URL,
            url_is(json!(url("x").replace("https", "http"))),
            "ecr:GetDownloadUrlForLayer",
            Cause::Internal,
        ),
        (URL, url_is(json!("file:///etc/passwd")), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (URL, url_is(json!("/blobs/1")), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (URL, url_is(json!("https://")), "ecr:GetDownloadUrlForLayer", Cause::Internal),
        (BLOB, (403, String::new()), "the config blob", Cause::AccessDenied),
        (BLOB, (404, String::new()), "the config blob", Cause::Internal),
        (BLOB, (429, String::new()), "the config blob", Cause::Throttled),
        // Neither a part of it, nor what came with another status.
        (BLOB, (206, CONFIG.to_owned()), "the config blob", Cause::Internal),
        (BLOB, (500, CONFIG.to_owned()), "the config blob", Cause::Internal),
        (BLOB, (200, CONFIG.replace("1000", "1001")), "the config blob", Cause::Internal),
        (BLOB, (200, String::new()), "the config blob", Cause::Internal),
        (BLOB, (200, large), "the config blob", Cause::Internal),
    ] {
        let context = format!("{asked}: {}", answer.1.chars().take(200).collect::<String>());
        let (scan, config, _) = found(asked, move || answer.clone()).await;
        assert!(matches!(scan, ImageScan::Found(_)), "{context}");
        assert_eq!(config, unavailable(operation, cause), "{context}");
    }
}

#[tokio::test]
async fn a_failed_manifest_fails_the_image() {
    let inspector = inspector(|operation, body| match operation {
        MANIFEST => error("ThrottlingException"),
        other => configured(CONFIG, other, body),
    });
    let (found, _) = look_up(&inspector, NEEDS).await;
    let expected = Missing::unavailable("ecr:BatchGetImage", Cause::Throttled);
    assert_eq!(found, Err(expected));
}

#[tokio::test]
async fn a_blob_of_a_megabyte_is_read_and_no_larger_one() {
    for (length, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let blob = CONFIG.to_owned() + &" ".repeat(length - CONFIG.len());
        let inspector = inspector(move |operation, body| configured(&blob, operation, body));
        let (found, _) = look_up(&inspector, NEEDS).await;
        let (_, Content::Image(facts)) = found.unwrap() else { panic!("an image") };
        let too_large = unavailable("the config blob", Cause::Internal);
        assert_eq!(facts.config, if fits { expected() } else { too_large });
    }
}

#[tokio::test]
async fn a_blob_that_is_not_a_config_is_not_taken_for_one() {
    for blob in ["", "[]", r#"{"config": {"User": "1000", "user": "0"}}"#] {
        let inspector = inspector(move |operation, body| configured(blob, operation, body));
        let (found, _) = look_up(&inspector, NEEDS).await;
        let (_, Content::Image(facts)) = found.unwrap() else { panic!("an image") };
        assert_eq!(facts.config, unavailable("the config blob", Cause::Internal), "{blob}");
    }
}

#[tokio::test]
async fn a_blob_is_fetched_once_more_after_a_passing_failure_only() {
    for (status, tries, read) in [(503, 2, true), (500, 2, true), (404, 1, false), (403, 1, false)]
    {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let (_, config, calls) = found(BLOB, move || {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            (if first { status } else { 200 }, CONFIG.to_owned())
        })
        .await;
        assert_eq!(asked.load(Ordering::Relaxed), tries, "{status}");
        assert_eq!((config == expected(), calls), (read, 4), "{status}");
    }
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let (_, config, _) = found(BLOB, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        (503, String::new())
    })
    .await;
    assert_eq!(config, unavailable("the config blob", Cause::Internal));
    assert_eq!(asked.load(Ordering::Relaxed), 2, "not a third time");
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

fn index(children: &[(char, &str)]) -> String {
    let child = |(digit, media_type): &(char, &str)| json!({"digest": digest(*digit).as_str(), "mediaType": media_type});
    json!({"manifests": children.iter().map(child).collect::<Vec<_>>()}).to_string()
}

fn user(digit: char) -> String {
    format!(r#"{{"config": {{"User": "user-{digit}"}}}}"#)
}

/// The answers for an index of the children `1` and `2`, and of another index with the child `3`. The
/// repository does not hold `2`.
pub(crate) fn nested(operation: &str, body: &Value) -> Reply {
    let digit_of =
        |id: &Value| id["imageDigest"].as_str().map_or('0', |d| d.chars().last().unwrap());
    match operation {
        FINDINGS => match digit_of(&body["imageId"]) {
            '0' | '5' => error("ScanNotFoundException"),
            '2' => error("ImageNotFoundException"),
            _ => reply(
                &json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"imageScanCompletedAt": 1_795_176_000, "findingSeverityCounts": {}}}),
            ),
        },
        MANIFEST => {
            let manifest = |digit| match digit {
                '0' => Some(index(&[('1', IMAGE), ('2', IMAGE), ('5', INDEX)])),
                '5' => Some(index(&[('3', IMAGE)])),
                '2' => None,
                digit => Some(manifest(&user(digit))),
            };
            let ids = body["imageIds"].as_array().unwrap().iter().map(digit_of);
            images(&ids.filter_map(|digit| Some((digit, manifest(digit)?))).collect::<Vec<_>>())
        }
        URL => reply(&json!({"downloadUrl": url(body["layerDigest"].as_str().unwrap())})),
        BLOB => {
            let of = |digit: &char| body == &url(&sha256(&user(*digit)));
            (200, user(['1', '3'].into_iter().find(of).unwrap()))
        }
        other => panic!("{other} has nothing to do with an index"),
    }
}

fn configs(content: Content) -> Vec<(char, Option<ConfigFacts>)> {
    let Content::Index(Index::Children(children)) = content else { panic!("an index") };
    let config = |child: Child| {
        (child.digest.as_str().chars().last().unwrap(), child.facts.ok().map(|facts| facts.config))
    };
    children.into_iter().map(config).collect()
}

fn of_user(digit: char) -> ConfigFacts {
    let user = format!("user-{digit}");
    ConfigFacts::Read(ImageConfig { user, ..ImageConfig::default() })
}

#[tokio::test]
async fn the_config_of_every_platform_of_an_index_is_read() {
    let (found, calls) = look_up(&inspector(nested), NEEDS).await;
    let (digest_found, content) = found.unwrap();
    assert_eq!(digest_found, digest('0'));
    assert_eq!(
        configs(content),
        [('1', Some(of_user('1'))), ('2', None), ('3', Some(of_user('3')))]
    );
    assert_eq!(calls, 3 + (1 + 2 + 1) + 2 + 2, "manifests; scans of three levels; URLs; blobs");
}

#[tokio::test]
async fn a_config_that_cannot_be_had_fails_that_of_no_other_platform() {
    let inspector = inspector(|operation, body| match operation {
        BLOB if body == &url(&sha256(&user('1'))) => (403, String::new()),
        other => nested(other, body),
    });
    let (found, _) = look_up(&inspector, NEEDS).await;
    let denied = Some(unavailable("the config blob", Cause::AccessDenied));
    assert_eq!(configs(found.unwrap().1), [('1', denied), ('2', None), ('3', Some(of_user('3')))]);
}

#[tokio::test]
async fn the_children_of_an_index_are_asked_for_no_config_that_is_not_needed() {
    let (found, calls) = look_up(&inspector(nested), Needs { config: false, ..NEEDS }).await;
    let not_read = Some(ConfigFacts::NotRead);
    let expected = [('1', not_read.clone()), ('2', None), ('3', not_read)];
    assert_eq!((configs(found.unwrap().1).as_slice(), calls), (&expected[..], 3 + 1 + 2 + 1));
}
