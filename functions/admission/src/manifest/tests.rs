use ecr_admission_policy::facts::manifest::MAX_HOSTS;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const OCI_INDEX: &str = INDEX_TYPES[0];
const DOCKER_LIST: &str = INDEX_TYPES[1];
const OCI_IMAGE: &str = IMAGE_TYPES[0];
const DOCKER_IMAGE: &str = IMAGE_TYPES[1];
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

fn digest(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn descriptor(digit: char, platform: &Value) -> Value {
    json!({"mediaType": OCI_IMAGE, "digest": digest(digit), "size": 1, "platform": platform})
}

fn index_of(descriptors: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors})
}

fn one_entry() -> Value {
    index_of(&[descriptor('a', &json!({"os": "linux", "architecture": "amd64"}))])
}

fn image_with(config: &Value, layers: &Value) -> Value {
    json!({"schemaVersion": 2, "config": config, "layers": layers})
}

fn config() -> Value {
    json!({"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest('c'), "size": 1})
}

fn plain_image() -> Value {
    image_with(&config(), &json!([{"mediaType": LAYER, "digest": digest('d'), "size": 1}]))
}

/// The value with `value` at the JSON pointer, which is added where it is not there.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
    document
}

/// Reads a manifest by ECR's media type; without one, by what it calls itself or looks like.
fn read(media_type: Option<&str>, text: &str) -> Result<Manifest, NotUnderstood> {
    super::read(media_type.unwrap_or_else(|| type_of(text)), text)
}

fn type_of(text: &str) -> &'static str {
    let looks = if text.contains(r#""config":"#) { OCI_IMAGE } else { OCI_INDEX };
    let document: Option<Value> = serde_json::from_str(text).ok();
    let own = document.as_ref().and_then(|it| it["mediaType"].as_str());
    let mut known = INDEX_TYPES.into_iter().chain(IMAGE_TYPES);
    known.find(|it| Some(*it) == own).unwrap_or(looks)
}

fn refusal(media_type: Option<&str>, text: &str) -> NotUnderstood {
    read(media_type, text).expect_err(text)
}

fn entries(media_type: Option<&str>, text: &str) -> Vec<Entry> {
    match read(media_type, text) {
        Ok(Manifest { kind: Kind::Index(entries), .. }) => entries,
        other => panic!("{text}: {other:?}"),
    }
}

fn image_of(media_type: Option<&str>, document: &Value) -> Image {
    match read(media_type, &document.to_string()) {
        Ok(Manifest { kind: Kind::Image(image), .. }) => image,
        other => panic!("{document}: {other:?}"),
    }
}

#[test]
fn an_index_has_an_entry_for_each_descriptor() {
    let document = index_of(&[
        descriptor('a', &json!({"os": "linux", "architecture": "arm", "variant": "v7"})),
        descriptor('b', &json!({"os": "windows", "architecture": "amd64", "os.version": "10.0.1"})),
        descriptor('c', &json!({"os": "unknown", "architecture": "unknown"})),
        descriptor('c', &json!({"os": "linux", "architecture": "unknown"})),
        descriptor('c', &json!({"os": "Unknown", "architecture": "unknown"})),
        descriptor('a', &json!(null)),
        descriptor('d', &json!({"os": null, "os.features": ["win32k", null]})),
        json!({"digest": digest('e'), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}),
    ]);
    for media_type in [Some(OCI_INDEX), None] {
        let read: Vec<(String, String, String, bool)> = entries(media_type, &document.to_string())
            .into_iter()
            .map(|e| {
                let platform = e.platform.to_string();
                (e.digest.to_string(), platform, e.platform.os_version, e.never_chosen)
            })
            .collect();
        let expected = [
            ('a', "linux/arm/v7", "", false),
            ('b', "windows/amd64/10.0.1", "10.0.1", false),
            ('c', "unknown/unknown", "", true),
            ('c', "linux/unknown", "", false),
            ('c', "Unknown/unknown", "", false),
            ('a', "", "", false),
            ('d', "", "", false),
            ('e', "", "", false),
        ]
        .map(|(d, platform, version, never)| {
            (digest(d), platform.to_owned(), version.to_owned(), never)
        });
        assert_eq!(read, expected);
    }
}

#[test]
fn what_is_only_shown_is_cut_and_what_is_compared_is_whole() {
    let long = "unknown".repeat(20);
    let platform =
        json!({"os": "unknown", "architecture": long, "variant": long, "os.version": long});
    let [entry] = &entries(None, &index_of(&[descriptor('a', &platform)]).to_string())[..] else {
        panic!("one entry")
    };
    assert!(!entry.never_chosen);
    for shown in [&entry.platform.architecture, &entry.platform.variant, &entry.platform.os_version]
    {
        assert_eq!(shown.chars().count(), SHOWN);
    }
    let platform = |length: usize| json!({"os": "x".repeat(length)});
    let [entry] = &entries(None, &index_of(&[descriptor('a', &platform(128))]).to_string())[..]
    else {
        panic!("one entry")
    };
    assert_eq!(entry.platform.os.len(), 128);
    let text = index_of(&[descriptor('a', &platform(129))]).to_string();
    let why = NotUnderstood::Malformed("an os is longer than 128 bytes".to_owned());
    assert_eq!(refusal(None, &text), why);
}

#[test]
fn an_image_has_a_config_and_layers() {
    for media_type in [Some(OCI_IMAGE), Some(DOCKER_IMAGE), None] {
        let expected = Image {
            config: digest('c').parse().ok(),
            artifact: false,
            elsewhere: Elsewhere::default(),
            foreign: false,
        };
        assert_eq!(image_of(media_type, &plain_image()), expected);
        for layers in [json!(null), json!([])] {
            assert_eq!(image_of(media_type, &image_with(&config(), &layers)), expected);
        }
        let nothing = with(with(plain_image(), "/manifests", json!([])), "/urls", json!(7));
        assert_eq!(image_of(media_type, &nothing), expected);
        assert_eq!(image_of(media_type, &json!({"config": {}})).config, None);
    }
}

#[test]
fn every_field_that_go_reads_is_there_once_and_in_its_letters() {
    let index = || with(one_entry(), "/annotations", json!({}));
    let platform = json!({"os": "linux", "architecture": "arm", "variant": "v7", "os.version": "1", "os.features": []});
    let index = with(index(), "/manifests/0/platform", platform);
    let index = with(index, "/manifests/0/urls", json!([]));
    let index = with(index, "/manifests/0/annotations", json!({}));
    let image = with(plain_image(), "/mediaType", json!(OCI_IMAGE));
    for (document, parent, fields) in [
        (&index, "", &["schemaVersion", "mediaType", "manifests", "annotations"][..]),
        (&index, "/manifests/0", &["mediaType", "digest", "urls", "annotations", "platform"]),
        (
            &index,
            "/manifests/0/platform",
            &["os", "architecture", "variant", "os.version", "os.features"],
        ),
        (&image, "", &["schemaVersion", "mediaType", "config", "layers"]),
        (&image, "/config", &["mediaType", "digest"]),
        (&image, "/layers/0", &["mediaType", "digest"]),
    ] {
        let whole = document.to_string();
        read(None, &whole).expect(&whole);
        let object = document.pointer(parent).unwrap().to_string();
        for field in fields {
            let value = document.pointer(parent).unwrap()[*field].to_string();
            let (first, rest) = field.split_at(1);
            let others = [
                (*field).to_owned(),
                field.to_uppercase(),
                format!("{}{rest}", first.to_uppercase()),
                format!("\\u00{:02x}{rest}", first.as_bytes()[0]),
                field.replace(['s', 'S'], "ſ").replace('k', "\u{212a}"),
            ];
            for other in &others {
                let in_place_of =
                    object.replacen(&format!("\"{field}\":"), &format!("\"{other}\":"), 1);
                let same = other == field || other.starts_with('\\');
                let members = object.trim_start_matches('{');
                let beside = format!("{{\"{other}\":{value},{members}");
                let null_beside = format!("{{\"{other}\":null,{members}");
                for (changed, ambiguous) in
                    [(in_place_of, !same), (beside, true), (null_beside, true)]
                {
                    let text = whole.replacen(&object, &changed, 1);
                    if ambiguous {
                        assert_eq!(
                            refusal(None, &text),
                            NotUnderstood::Ambiguous { field },
                            "{text}"
                        );
                    } else {
                        read(None, &text).expect(&text);
                    }
                }
            }
        }
    }
}

#[test]
fn what_go_does_not_read_may_be_anything() {
    let index = with(one_entry(), "/annotations", json!({"digest": "a", "Digest": "b"}));
    let text = index.to_string();
    for (pointer, extra) in [
        ("", r#""Digest":1,"digest":2,"OS":{},"urls":7,"Urls":[[]],"x":1e999"#),
        ("/manifests/0", r#""os":1,"OS":2,"manifests":[],"Manifests":{},"size":"x","Size":[]"#),
        ("/manifests/0/platform", r#""digest":1,"Digest":2,"features":0,"os.":[],"os.Version2":1"#),
    ] {
        let object = index.pointer(pointer).unwrap().to_string();
        let beside = object.replacen('{', &format!("{{{extra},"), 1);
        let changed = text.replacen(&object, &beside, 1);
        assert_ne!(changed, text);
        assert_eq!(entries(None, &changed), entries(None, &text), "{changed}");
    }
    let twice = text.replacen("\"Digest\":\"b\"", "\"Digest\":\"b\",\"Digest\":null", 1);
    assert_eq!(entries(None, &twice), entries(None, &text));
}

#[test]
fn what_go_refuses_is_not_understood() {
    for (document, pointer, values) in [
        (one_entry(), "/schemaVersion", &[json!("2"), json!(2.0), json!(1), json!(3)][..]),
        (one_entry(), "/mediaType", &[json!(7), json!([OCI_INDEX])]),
        (
            one_entry(),
            "/manifests",
            &[json!({}), json!("x"), json!([null]), json!([[]]), json!([{}])],
        ),
        (
            one_entry(),
            "/manifests/0/digest",
            &[
                json!(null),
                json!(7),
                json!("sha256:abc"),
                json!(digest('a').to_uppercase()),
                json!(format!("sha512:{}", "a".repeat(128))),
            ],
        ),
        (one_entry(), "/manifests/0/urls", &[json!("x"), json!([7]), json!({})]),
        (one_entry(), "/manifests/0/annotations", &[json!([]), json!({"a": 7}), json!("x")]),
        (one_entry(), "/manifests/0/platform", &[json!("linux"), json!([])]),
        (one_entry(), "/manifests/0/platform/os", &[json!(7), json!(["linux"])]),
        (one_entry(), "/manifests/0/platform/os.features", &[json!("x"), json!([7])]),
        (one_entry(), "/annotations", &[json!([]), json!({"a": {}})]),
        (plain_image(), "/config", &[json!(7), json!([]), json!("x")]),
        (plain_image(), "/config/digest", &[json!("x"), json!("")]),
        (plain_image(), "/config/mediaType", &[json!(7), json!("x".repeat(256))]),
        (plain_image(), "/config/platform", &[json!(7), json!({"os": 7})]),
        (plain_image(), "/layers", &[json!(7), json!({}), json!([null])]),
        (plain_image(), "/layers/0/digest", &[json!(7)]),
        (plain_image(), "/layers/0/mediaType", &[json!(7), json!("x".repeat(256))]),
    ] {
        for value in values {
            let text = with(document.clone(), pointer, value.clone()).to_string();
            let why = refusal(None, &text);
            assert!(matches!(why, NotUnderstood::Malformed(_)), "{text}: {why:?}");
        }
        let null = with(document.clone(), pointer, json!(null)).to_string();
        let needed = matches!(pointer, "/manifests/0/digest" | "/config");
        assert_eq!(read(None, &null).is_err(), needed, "{null}");
    }
    for text in ["", "[]", "7", "null", "{", "{}{}", "\u{feff}{}", "{\"a\":01}", "{'a':1}"] {
        let why = refusal(None, text);
        assert!(matches!(why, NotUnderstood::Malformed(_)), "{text}: {why:?}");
    }
}

#[test]
fn a_malformed_manifest_is_described_without_its_text() {
    let text = with(one_entry(), "/manifests/0/digest", json!({"\u{202e}evil": 1})).to_string();
    let NotUnderstood::Malformed(what) = refusal(None, &text) else { panic!("malformed") };
    assert!(what.starts_with("a value of an unexpected type at line 1 column "), "{what}");
}

#[test]
fn type_own_type_and_shape_agree() {
    for (media_type, document, expected) in [
        (Some(OCI_INDEX), one_entry(), true),
        (Some(DOCKER_LIST), one_entry(), false),
        (Some(OCI_IMAGE), one_entry(), false),
        (Some(OCI_INDEX), with(one_entry(), "/mediaType", json!(OCI_IMAGE)), false),
        (Some(OCI_IMAGE), with(one_entry(), "/mediaType", json!(OCI_IMAGE)), false),
        (Some(OCI_INDEX), with(one_entry(), "/mediaType", json!("")), false),
        (Some(OCI_INDEX), with(one_entry(), "/mediaType", json!(null)), true),
        (Some(DOCKER_LIST), with(one_entry(), "/mediaType", json!(null)), true),
        (None, with(one_entry(), "/mediaType", json!(null)), true),
        (None, with(one_entry(), "/mediaType", json!(OCI_IMAGE)), false),
        (Some(OCI_INDEX), with(one_entry(), "/config", config()), false),
        (Some(OCI_INDEX), with(one_entry(), "/config", json!({})), false),
        (Some(OCI_INDEX), with(one_entry(), "/config", json!(null)), true),
        (Some(OCI_INDEX), with(one_entry(), "/layers", json!([{}])), false),
        (Some(OCI_INDEX), with(one_entry(), "/layers", json!([])), true),
        (Some(OCI_INDEX), with(one_entry(), "/fsLayers", json!([])), false),
        (None, with(one_entry(), "/config", json!({})), false),
        (Some(OCI_INDEX), index_of(&[]), true),
        (Some(OCI_IMAGE), plain_image(), true),
        (Some(DOCKER_IMAGE), plain_image(), true),
        (Some(OCI_INDEX), plain_image(), false),
        (Some(DOCKER_IMAGE), with(plain_image(), "/mediaType", json!(OCI_IMAGE)), false),
        (
            Some(OCI_IMAGE),
            with(plain_image(), "/manifests", json!([{"digest": digest('a')}])),
            false,
        ),
        (Some(OCI_IMAGE), with(plain_image(), "/manifests", json!(null)), true),
        (Some(OCI_IMAGE), with(plain_image(), "/fsLayers", json!([{}])), false),
        (Some(OCI_IMAGE), with(plain_image(), "/fsLayers", json!(null)), true),
        (Some(OCI_IMAGE), with(plain_image(), "/config", json!(null)), false),
        (Some(OCI_IMAGE), json!({}), false),
    ] {
        let text = document.to_string();
        match read(media_type, &text) {
            Ok(_) => assert!(expected, "{media_type:?} {text}"),
            Err(NotUnderstood::Contradictory { .. }) => assert!(!expected, "{media_type:?} {text}"),
            Err(other) => panic!("{media_type:?} {text}: {other:?}"),
        }
    }
}

#[test]
fn a_contradiction_quotes_what_it_shows() {
    let text = with(one_entry(), "/mediaType", json!("\"\u{1b}[31m")).to_string();
    let NotUnderstood::Contradictory { what } = refusal(Some(OCI_INDEX), &text) else {
        panic!("contradictory")
    };
    assert_eq!(
        what,
        r#"Amazon ECR has media type "application/vnd.oci.image.index.v1+json", its mediaType is "\"[31m""#
    );
}

#[test]
fn other_types_of_manifests_are_unknown() {
    for media_type in [
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.oci.image.index.v1+json; charset=utf-8",
        "Application/vnd.oci.image.index.v1+json",
        "",
    ] {
        let expected = NotUnderstood::UnknownType(cut(media_type, SHOWN));
        assert_eq!(refusal(Some(media_type), &one_entry().to_string()), expected);
    }
    let long = "x".repeat(100);
    assert_eq!(refusal(Some(&long), "{}"), NotUnderstood::UnknownType(cut(&long, SHOWN)));
}

#[test]
fn an_artifact_is_an_oci_manifest_that_nothing_runs() {
    let soci =
        json!({"mediaType": "application/vnd.amazon.soci.index.v2+json", "digest": digest('c')});
    let blob = json!([{"mediaType": "application/octet-stream", "digest": digest('d')}]);
    let artifact = image_with(&soci, &blob);
    assert!(image_of(Some(OCI_IMAGE), &artifact).artifact);
    assert!(image_of(Some(OCI_IMAGE), &image_with(&soci, &json!([]))).artifact);
    for (media_type, document) in [
        (Some(DOCKER_IMAGE), artifact.clone()),
        (Some(OCI_IMAGE), with(artifact.clone(), "/config/mediaType", json!(null))),
        (Some(OCI_IMAGE), with(artifact.clone(), "/config/mediaType", json!("text/html"))),
        (Some(OCI_IMAGE), with(artifact.clone(), "/config/mediaType", json!("application/x.wasm"))),
        (Some(OCI_IMAGE), with(artifact.clone(), "/layers/0/mediaType", json!(LAYER))),
        (Some(OCI_IMAGE), with(artifact.clone(), "/layers/0/mediaType", json!(FOREIGN))),
        (Some(OCI_IMAGE), with(plain_image(), "/artifactType", json!("application/spdx+json"))),
    ] {
        assert!(!image_of(media_type, &document).artifact, "{media_type:?} {document}");
    }
}

#[test]
fn the_first_checkpoint_annotation_is_found_wherever_it_is() {
    for key in [
        "org.criu.checkpoint.container.name",
        "Org.CRIU.Checkpoint.",
        "io.kubernetes.cri-o.annotations.checkpoint.name",
        "io.Kubernetes.cri-o.annotationſ.checKpoint.name",
    ] {
        let annotations = json!({"a": "b", key: null});
        for (document, pointer) in [
            (one_entry(), "/annotations"),
            (one_entry(), "/manifests/0/annotations"),
            (plain_image(), "/annotations"),
            (plain_image(), "/config/annotations"),
            (plain_image(), "/layers/0/annotations"),
        ] {
            let document = with(document, pointer, annotations.clone());
            let manifest = read(None, &document.to_string()).unwrap();
            assert_eq!(manifest.checkpoint.as_deref(), Some(key), "{document}");
        }
    }
    for key in ["org.criu.checkpoint", "x.org.criu.checkpoint.x", "org.criu.checkpoints."] {
        let document = with(plain_image(), "/annotations", json!({key: "x"}));
        assert_eq!(read(None, &document.to_string()).unwrap().checkpoint, None, "{key}");
    }
    let long = format!("org.criu.checkpoint.{}", "x".repeat(100));
    let document = with(plain_image(), "/annotations", json!({&long: "x"}));
    let checkpoint = read(None, &document.to_string()).unwrap().checkpoint;
    assert_eq!(checkpoint, Some(cut(&long, SHOWN)));
}

#[test]
fn urls_pass_by_host_only_on_a_foreign_layer() {
    let url = "https://MCR.microsoft.com/x";
    let host = Some("mcr.microsoft.com");
    for (pointer, media_type, urls, hosts, never) in [
        ("/layers/0", FOREIGN, json!([url]), host, None),
        ("/layers/0", FOREIGN, json!([url, url]), host, None),
        ("/layers/0", FOREIGN, json!([url, "http://b/x"]), host, Some("http://b/x")),
        ("/layers/0", FOREIGN, json!([null]), None, Some("")),
        ("/layers/0", FOREIGN, json!([]), None, None),
        ("/layers/0", FOREIGN, json!(null), None, None),
        ("/layers/0", LAYER, json!([url]), None, Some(url)),
        ("/layers/0", LAYER, json!([""]), None, Some("")),
        ("/layers/0", "", json!([url]), None, Some(url)),
        ("/config", FOREIGN, json!([url]), None, Some(url)),
    ] {
        let document = with(plain_image(), &format!("{pointer}/urls"), urls);
        let document = with(document, &format!("{pointer}/mediaType"), json!(media_type));
        let image = image_of(None, &document);
        let elsewhere = Elsewhere {
            hosts: hosts.map(str::to_owned).into_iter().collect(),
            never: never.map(str::to_owned),
        };
        assert_eq!(image.elsewhere, elsewhere, "{document}");
        assert_eq!(image.foreign, pointer == "/layers/0" && media_type == FOREIGN, "{document}");
    }
    let document = with(plain_image(), "/layers/0/urls", json!(["x".repeat(100)]));
    assert_eq!(image_of(None, &document).elsewhere.never, Some(cut(&"x".repeat(100), SHOWN)));
}

#[test]
fn hosts_are_counted_over_all_layers() {
    let layer = |host: usize| json!({"mediaType": FOREIGN, "digest": digest('d'), "urls": [format!("https://h{host}/")]});
    let layers = |hosts: usize| -> Vec<Value> { (0..hosts).chain(0..hosts).map(layer).collect() };
    let elsewhere = image_of(None, &image_with(&config(), &json!(layers(MAX_HOSTS)))).elsewhere;
    assert_eq!((elsewhere.hosts.len(), elsewhere.never), (MAX_HOSTS, None));
    let urls: Vec<String> = (0..=MAX_HOSTS).map(|host| format!("https://h{host}/")).collect();
    let in_one = json!([{"mediaType": FOREIGN, "urls": urls}]);
    for layers in [json!(layers(MAX_HOSTS + 1)), in_one] {
        let elsewhere = image_of(None, &image_with(&config(), &layers)).elsewhere;
        assert_eq!(elsewhere.hosts.len(), MAX_HOSTS);
        assert_eq!(elsewhere.never.as_deref(), Some("more than 16 hosts"));
    }
}

#[test]
fn a_huge_index_is_checked_to_its_end_and_kept_small() {
    let many: Vec<Value> = (0..2000).map(|_| json!({"digest": digest('a')})).collect();
    let mut document = json!({"manifests": many});
    assert_eq!(entries(None, &document.to_string()).len(), MAX_ENTRIES);
    document["manifests"][1999]["annotations"] = json!({"org.criu.checkpoint.x": ""});
    let manifest = read(None, &document.to_string()).unwrap();
    assert_eq!(manifest.checkpoint.as_deref(), Some("org.criu.checkpoint.x"));
    document["manifests"][1999] = json!({"digest": "sha256:b"});
    assert!(matches!(refusal(None, &document.to_string()), NotUnderstood::Malformed(_)));
    document["manifests"][1999] = json!({"digest": digest('a'), "Digest": digest('b')});
    let ambiguous = NotUnderstood::Ambiguous { field: "digest" };
    assert_eq!(refusal(None, &document.to_string()), ambiguous);
}

#[test]
fn a_manifest_has_a_longest_length() {
    let text = plain_image().to_string();
    let longest = format!("{text}{}", " ".repeat(MAX_BYTES - text.len()));
    assert!(read(None, &longest).is_ok());
    let too_long = NotUnderstood::TooLong { limit: MAX_BYTES };
    assert_eq!(refusal(None, &format!("{longest} ")), too_long);
}

#[test]
fn known_attacks_are_not_understood() {
    for (text, field) in [
        (include_str!("../../tests/cases/manifests/index-attestation-in-disguise.json"), "os"),
        (include_str!("../../tests/cases/manifests/index-digest-twice.json"), "digest"),
        (include_str!("../../tests/cases/manifests/index-manifests-twice.json"), "manifests"),
    ] {
        assert_eq!(refusal(Some(OCI_INDEX), text), NotUnderstood::Ambiguous { field });
    }
    let checkpoint = include_str!("../../tests/cases/manifests/checkpoint.json");
    let checkpoint = read(Some(OCI_IMAGE), checkpoint).unwrap().checkpoint;
    assert_eq!(checkpoint.as_deref(), Some("org.criu.checkpoint.container.name"));
    let urls = include_str!("../../tests/cases/manifests/layer-urls.json");
    let urls: Value = serde_json::from_str(urls).unwrap();
    let never = image_of(Some(OCI_IMAGE), &urls).elsewhere.never;
    assert_eq!(never.as_deref(), Some("https://blobs.example.com/layer.tar.gz"));
}

/// A field of a document, by the pointer of its object.
fn any_field() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop_oneof![
        (Just(""), prop_oneof![Just("schemaVersion"), Just("manifests"), Just("annotations")]),
        (Just("/manifests/0"), prop_oneof![Just("digest"), Just("mediaType"), Just("platform")]),
        (Just("/manifests/0/platform"), prop_oneof![Just("os"), Just("architecture")]),
    ]
}

/// A key as one of Go's letters spells it.
fn spelled(name: &str, spelling: &[u8]) -> String {
    let letter = |(c, how): (char, u8)| match (how % 3, c) {
        (0, 's') => 'ſ',
        (0, 'k') => '\u{212a}',
        (1, c) => c.to_ascii_uppercase(),
        (_, c) => c,
    };
    name.chars().zip(spelling.iter().copied().cycle()).map(letter).collect()
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text: String, media_type: Option<String>) {
        _ = read(media_type.as_deref(), &text);
        _ = read(Some(OCI_INDEX), &text);
    }

    #[test]
    fn a_field_in_any_other_letters_is_ambiguous(
        (pointer, field) in any_field(),
        spelling in prop::collection::vec(any::<u8>(), 16),
        in_place: bool,
    ) {
        let spelled = spelled(field, &spelling);
        prop_assume!(spelled != field);
        let mut document = with(one_entry(), "/annotations", json!({}));
        let object = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        let value = if in_place { object.remove(field).unwrap() } else { json!(null) };
        object.insert(spelled, value);
        let why = refusal(Some(OCI_INDEX), &document.to_string());
        prop_assert_eq!(why, NotUnderstood::Ambiguous { field });
    }

    #[test]
    fn other_keys_change_nothing(pointer in any_field(), key in "[a-zA-Zſ.]{0,12}", value: Option<bool>) {
        let document = one_entry();
        let object = document.pointer(pointer.0).unwrap().as_object().unwrap();
        let known = ["schemaVersion", "mediaType", "manifests", "config", "layers", "annotations",
            "fsLayers", "digest", "urls", "platform", "os", "architecture", "variant"];
        let plain = key.replace('ſ', "s").to_lowercase();
        prop_assume!(!known.iter().any(|name| name.to_lowercase() == plain));
        prop_assume!(!object.contains_key(&key));
        let changed = with(document.clone(), &format!("{}/{key}", pointer.0), json!(value));
        prop_assert_eq!(
            read(Some(OCI_INDEX), &changed.to_string()),
            read(Some(OCI_INDEX), &document.to_string())
        );
    }

    #[test]
    fn entries_are_those_of_the_index_in_their_order(digits in "[0-9a-f]{1,8}") {
        let descriptors: Vec<Value> =
            digits.chars().map(|digit| descriptor(digit, &json!({"os": "linux"}))).collect();
        let text = index_of(&descriptors).to_string();
        let read: Vec<String> =
            entries(Some(OCI_INDEX), &text).iter().map(|entry| entry.digest.to_string()).collect();
        prop_assert_eq!(read, digits.chars().map(digest).collect::<Vec<_>>());
    }
}
