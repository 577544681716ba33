//! A manifest that a runtime could read otherwise is not understood, and denied.

use crate::asked::{catalogue, expect, over};

const CLEAN: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CRITICAL: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BLOB: &str = "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

/// An entry of an index for this child and platform.
fn entry(digest: &str, platform: &str) -> String {
    format!(r#"{{"mediaType":"{IMAGE}","digest":"{digest}","size":1,"platform":{platform}}}"#)
}

/// An index with this text between its media type and its end.
fn index(rest: &str) -> String {
    format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}",{rest}}}"#)
}

fn config() -> String {
    format!(
        r#""config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{BLOB}","size":9}}"#
    )
}

fn layers() -> String {
    format!(
        r#""layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{BLOB}","size":9}}]"#
    )
}

/// An image manifest with this text after its layers.
fn image(rest: &str) -> String {
    format!(r#"{{"schemaVersion":2,"mediaType":"{IMAGE}",{},{}{rest}}}"#, config(), layers())
}

/// What ECR serves under a tag with a clean scan, and what it says that it is.
fn raw(tag: &str, manifest: &str, media_type: &str) -> String {
    assert!(!manifest.contains('\''), "{manifest}");
    format!(
        "{{tags: [\"{tag}\"], manifest: '{manifest}', manifestMediaType: {media_type}, scan: *clean}}"
    )
}

/// The children whose digests are known beforehand.
fn children() -> [String; 2] {
    [(CLEAN, "clean"), (CRITICAL, "critical")]
        .map(|(digest, scan)| format!("{{digest: '{digest}', scan: *{scan}}}"))
}

async fn not_understood(cases: &[(&str, String, &str)]) {
    let images = cases.iter().map(|(tag, manifest, kind)| raw(tag, manifest, kind));
    let images: Vec<String> = images.chain(children()).collect();
    let policed = over(&catalogue("raw", &images)).await;
    let names: Vec<String> = cases.iter().map(|(tag, ..)| format!("raw:{tag}")).collect();
    let expected: Vec<(&str, &[&str])> =
        names.iter().map(|name| (name.as_str(), &["image-available"][..])).collect();
    expect(&policed, "", &expected).await;
    policed.stop().await;
}

#[tokio::test]
async fn an_index_that_shows_one_child_and_runs_another_is_denied() {
    let linux = r#"{"os":"linux","architecture":"amd64"}"#;
    let disguise = r#"{"os":"unknown","architecture":"unknown","OS":"linux","Architecture":"amd64"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#;
    let (clean, critical) = (entry(CLEAN, linux), entry(CRITICAL, linux));
    let twice = |second: &str| {
        let second = format!(r#""digest":"{CLEAN}","{second}":"{CRITICAL}""#);
        index(&format!(
            r#""manifests":[{}]"#,
            clean.replace(&format!(r#""digest":"{CLEAN}""#), &second)
        ))
    };
    let manifests =
        |second: &str| index(&format!(r#""manifests":[{clean}],"{second}":[{critical}]"#));
    let platform =
        |fields: &str| index(&format!(r#""manifests":[{clean},{}]"#, entry(CRITICAL, fields)));
    not_understood(&[
        ("digest-twice", twice("Digest"), INDEX),
        ("digest-same", twice("digest"), INDEX),
        ("manifests-twice", manifests("Manifests"), INDEX),
        ("manifests-same", manifests("manifests"), INDEX),
        ("manifests-long-s", manifests("manifeſts"), INDEX),
        ("disguise", platform(disguise), INDEX),
        ("os-letters", platform(r#"{"OS":"unknown","architecture":"unknown"}"#), INDEX),
        ("os-twice", platform(r#"{"os":"unknown","os":"linux","architecture":"unknown"}"#), INDEX),
        (
            "variant-letters",
            platform(r#"{"os":"linux","architecture":"arm64","Variant":"v8"}"#),
            INDEX,
        ),
        (
            "platform-letters",
            index(&format!(
                r#""manifests":[{}]"#,
                entry(CLEAN, r#"{"os":"unknown","architecture":"unknown"}"#)
                    .replace(r#""platform""#, r#""Platform""#)
            )),
            INDEX,
        ),
        ("list", manifests("Manifests").replace(INDEX, LIST), LIST),
    ])
    .await;
}

#[tokio::test]
async fn kind_media_type_and_shape_must_agree() {
    let linux = r#"{"os":"linux","architecture":"amd64"}"#;
    let named = format!(r#""manifests":[{}]"#, entry(CLEAN, linux));
    let untyped = |text: &str| {
        [INDEX, IMAGE].iter().fold(text.to_owned(), |text, kind| {
            text.replacen(&format!(r#""mediaType":"{kind}","#), "", 1)
        })
    };
    not_understood(&[
        ("both", image(&format!(",{named}")), IMAGE),
        ("both-of-index", index(&format!("{named},{},{}", config(), layers())), INDEX),
        (
            "both-untyped",
            format!(r#"{{"schemaVersion":2,{named},{},{}}}"#, config(), layers()),
            IMAGE,
        ),
        ("index-said-to-be-image", index(&named), IMAGE),
        ("image-said-to-be-index", image(""), INDEX),
        ("image-calls-itself-index", image("").replacen(IMAGE, INDEX, 1), IMAGE),
        ("untyped-index-said-to-be-image", untyped(&index(&named)), IMAGE),
        ("untyped-image-said-to-be-index", untyped(&image("")), INDEX),
        ("list-said-to-be-index", index(&named).replacen(INDEX, LIST, 1), INDEX),
        ("schema-1", r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(), SCHEMA_1),
        ("unknown-kind", image(""), "application/vnd.example.manifest.v1+json"),
        ("unsaid", image(""), "null"),
        ("nothing", "{}".to_owned(), IMAGE),
        (
            "no-config",
            format!(r#"{{"schemaVersion":2,"mediaType":"{IMAGE}",{}}}"#, layers()),
            IMAGE,
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_not_a_manifest_is_denied() {
    not_understood(&[
        ("empty", String::new(), IMAGE),
        ("text", "not JSON".to_owned(), IMAGE),
        ("list", "[]".to_owned(), IMAGE),
        ("cut", image("").trim_end_matches('}').to_owned(), IMAGE),
        ("trailing", format!("{} {{}}", image("")), IMAGE),
        ("types", image("").replacen(&layers(), r#""layers":{}"#, 1), IMAGE),
        ("config-type", image("").replacen(&config(), r#""config":[]"#, 1), IMAGE),
        ("layers-twice", image(&format!(",{}", layers().replace("layers", "Layers"))), IMAGE),
        ("config-twice", image(&format!(",{}", config().replace("config", "Config"))), IMAGE),
        ("media-type-twice", image(&format!(r#","mediatype":"{INDEX}""#)), IMAGE),
        ("long", image(&format!(r#","annotations":{{"a":"{}"}}"#, "a".repeat(256 << 10))), IMAGE),
    ])
    .await;
}

#[tokio::test]
async fn what_every_runtime_reads_alike_is_understood() {
    let linux = r#"{"os":"linux","architecture":"amd64"}"#;
    let untyped = image("").replacen(&format!(r#""mediaType":"{IMAGE}","#), "", 1);
    let cases = [
        ("plain", image(""), IMAGE),
        // As ko, jib and buildah write it.
        ("untyped", untyped, IMAGE),
        ("unknown-keys", image(r#","extra":1,"Extra":2,"subject":null"#), IMAGE),
        // Keys of a map are compared exactly.
        (
            "annotations",
            image(r#","annotations":{"a":"1","A":"2","digest":"3","Digest":"4"}"#),
            IMAGE,
        ),
        ("null", image(r#","manifests":null,"annotations":null"#), IMAGE),
        ("empty-list", image(r#","manifests":[]"#), IMAGE),
        ("index", index(&format!(r#""manifests":[{}]"#, entry(CLEAN, linux))), INDEX),
        ("index-no-platform", index(&format!(r#""manifests":[{}]"#, entry(CLEAN, "null"))), INDEX),
        (
            "index-null",
            index(&format!(r#""config":null,"layers":[],"manifests":[{}]"#, entry(CLEAN, linux))),
            INDEX,
        ),
    ];
    let images = cases.iter().map(|(tag, manifest, kind)| raw(tag, manifest, kind));
    let images: Vec<String> = images.chain(children()).collect();
    let policed = over(&catalogue("raw", &images)).await;
    let names: Vec<String> = cases.iter().map(|(tag, ..)| format!("raw:{tag}")).collect();
    let expected: Vec<(&str, &[&str])> =
        names.iter().map(|name| (name.as_str(), &[][..])).collect();
    expect(&policed, "", &expected).await;
    policed.stop().await;
}

#[tokio::test]
async fn a_child_that_is_not_understood_denies_its_index() {
    let child = |keys: &str| format!("{{os: linux, architecture: amd64, scan: *clean, {keys}}}");
    let twice = image(&format!(",{}", layers().replace("layers", "Layers")));
    let images = [
        format!("{{tags: [twice], platforms: [{}]}}", child(&format!("manifest: '{twice}'"))),
        format!(
            "{{tags: [kind], platforms: [{}]}}",
            child(&format!("manifestMediaType: {SCHEMA_1}"))
        ),
        format!("{{tags: [nested], platforms: [{{platforms: [{}]}}]}}", child("manifest: '{}'")),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let expected: [(&str, &[&str]); 3] =
        ["field:twice", "field:kind", "field:nested"].map(|name| (name, &["image-available"][..]));
    expect(&policed, "", &expected).await;
    policed.stop().await;
}
