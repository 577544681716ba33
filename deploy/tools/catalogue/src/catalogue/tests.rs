//! A catalogue is read as it is written, and refused with its file and line when it is not one.

use std::fmt::Write as _;
use std::path::Path;

use super::{Catalogue, CatalogueError, ScanType};

fn parse(text: &str) -> Result<Catalogue, CatalogueError> {
    Catalogue::parse(Path::new("registry.yaml"), text)
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn every_key_of_the_contract_is_read() {
    let catalogue = parse(&format!(
        r#"
registries:
  - account: "012345678901"
    region: us-east-1
    scanType: ENHANCED
    repositories:
      - name: payments/api
        imageTagMutability: IMMUTABLE_WITH_EXCLUSION
        imageTagMutabilityExclusionFilters: ["dev-*", {{filter: "x.*", filterType: REGEX}}]
        scanOnPush: true
        scanFrequency: SOME_NEW_WORD
        images:
          - tags: ["1.4"]
            digest: {DIGEST}
            scan:
              status: COMPLETE
              completedAt: 2026-11-20T08:00:00Z
              findings: [{{name: CVE-2026-1234, severity: CRITICAL, package: openssl, fixedIn: 3.3.2}}]
            config: {{user: "1000", exposedPorts: ["8080/tcp"]}}
          - tags: ["2.0"]
            platforms:
              - {{os: linux, architecture: amd64, scan: {{status: COMPLETE, findings: []}}}}
              - {{os: unknown, architecture: unknown}}
              - {{}}
              - {{platforms: []}}
"#
    ))
    .unwrap();

    let registry = &catalogue.registries[0];
    assert_eq!(registry.account.as_str(), "012345678901");
    assert_eq!(registry.scan_type, ScanType::Enhanced);
    let repository = &registry.repositories[0];
    let filters = &repository.image_tag_mutability_exclusion_filters;
    assert_eq!(filters[0].filter_type, "WILDCARD");
    assert_eq!(filters[1].filter_type, "REGEX");
    let image = &repository.images[0];
    let scan = image.scan.as_ref().unwrap();
    assert_eq!(scan.completed_at.unwrap().as_second(), 1_795_161_600);
    let finding = &scan.findings.as_ref().unwrap()[0];
    assert_eq!(finding.fixed_in.as_deref(), Some("3.3.2"));
    let platforms = repository.images[1].platforms.as_ref().unwrap();
    let attestations: Vec<bool> =
        platforms.iter().map(super::image::Image::is_attestation).collect();
    assert_eq!(attestations, [false, true, false, false]);
}

#[test]
fn words_that_yaml_might_take_for_something_else_are_words() {
    let catalogue = parse(
        "
registries:
  - account: 123456789012
    region: us-east-1
    repositories:
      - name: 2048
        images:
          - tags: [1.10, 3, true, null-1]
            config: {user: 1000}
            scan: {findings: [{fixAvailable: NO, fixedIn: 1.0, version: 2}, {fixAvailable: YES}, {fixAvailable: null, fixedIn: 1.0}]}
",
    )
    .unwrap();
    let repository = &catalogue.registries[0].repositories[0];
    assert_eq!(repository.name, "2048");
    let image = &repository.images[0];
    assert_eq!(image.tags, ["1.10", "3", "true", "null-1"]);
    assert_eq!(image.config.as_ref().unwrap().user.as_deref(), Some("1000"));
    let findings = image.scan.as_ref().unwrap().findings.as_ref().unwrap();
    assert_eq!(findings[0].fix_available(), Some("NO"));
    assert_eq!(findings[0].fixed_in.as_deref(), Some("1.0"));
    assert_eq!(findings[1].fix_available(), Some("YES"));
    assert_eq!(findings[2].fix_available(), None);
}

#[test]
fn an_attestation_has_both_the_annotation_and_no_platform() {
    let text = "
registries:
  - account: 123456789012
    region: us-east-1
    repositories:
      - name: a
        images:
          - platforms:
              - {os: unknown, architecture: unknown}
              - {os: unknown, architecture: unknown, annotations: {}}
              - {os: linux, architecture: amd64, annotations: {vnd.docker.reference.type: attestation-manifest}}
              - {os: unknown, architecture: unknown, annotations: {vnd.docker.reference.type: other}}
";
    let catalogue = parse(text).unwrap();
    let platforms = catalogue.registries[0].repositories[0].images[0].platforms.as_ref().unwrap();
    let shapes: Vec<(usize, bool)> = platforms
        .iter()
        .map(|it| (it.descriptors()[0].entry_annotations().len(), it.is_attestation()))
        .collect();
    assert_eq!(shapes, [(1, true), (0, false), (1, false), (1, false)]);
}

#[test]
fn a_key_that_is_not_known_is_refused_with_its_line() {
    let message = refusal(
        "registries:\n  - account: \"123456789012\"\n    region: us-east-1\n    repos: []\n",
    );
    assert_eq!(
        message,
        "catalogue registry.yaml: registries[0]: unknown field `repos`, expected one of `account`, \
         `region`, `scanType`, `pullThroughCacheRules`, `notFound`, `repositories` at line 4 column 5"
    );
}

#[test]
fn a_value_of_the_wrong_form_is_refused_with_what_is_expected() {
    let account = refusal("registries:\n  - account: \"12345678901\"\n    region: us-east-1\n");
    assert!(
        account.contains(
            r#"expected account of 12 digits, such as "123456789012", got "12345678901""#
        ),
        "{account}"
    );
    assert!(account.contains("line 2"), "{account}");

    let image = |image: &str| {
        format!(
            "registries:\n  - account: \"123456789012\"\n    region: us-east-1\n    repositories:\n      - name: a\n        images:\n          - {image}\n"
        )
    };
    let digest = refusal(&image("{digest: sha256:abc}"));
    assert!(digest.contains(r#"digits, or no digest, got "sha256:abc""#), "{digest}");
    assert!(digest.contains("line 7"), "{digest}");
    let time = refusal(&image("{scan: {completedAt: yesterday}}"));
    assert!(time.contains("line 7"), "{time}");
    let format = refusal(&image("{format: TAR}"));
    assert!(format.contains("expected `OCI` or `DOCKER`"), "{format}");
    let scan_type =
        refusal("registries:\n  - account: \"123456789012\"\n    region: r\n    scanType: DEEP\n");
    assert!(scan_type.contains("expected `BASIC` or `ENHANCED`"), "{scan_type}");
}

#[test]
fn what_is_there_twice_is_refused() {
    let registry = "  - {account: \"123456789012\", region: us-east-1}\n";
    let twice = refusal(&format!("registries:\n{registry}{registry}"));
    assert_eq!(
        twice,
        "catalogue registry.yaml: registry 123456789012 us-east-1 appears twice; use one for \
         each account and Region"
    );

    let repositories = |repositories: &str| {
        refusal(&format!(
            "registries:\n  - account: \"123456789012\"\n    region: us-east-1\n    repositories: {repositories}\n"
        ))
    };
    let start = "catalogue registry.yaml: registry 123456789012 us-east-1: repository \"a\"";
    assert_eq!(
        repositories("[{name: a}, {name: a}]"),
        format!("{start} appears twice; use one of each name")
    );
    assert_eq!(
        repositories("[{name: a, images: [{tags: [x]}, {platforms: [{tags: [x]}]}]}]"),
        format!("{start}: tag \"x\" appears twice; use each tag for one image")
    );
    assert_eq!(
        repositories(&format!(
            "[{{name: a, images: [{{digest: {DIGEST}}}, {{digest: {DIGEST}}}]}}]"
        )),
        format!("{start}: digest {DIGEST} appears twice; use each digest for one image")
    );
    assert_eq!(
        repositories("[{name: a, images: [{tags: [x], scan: {}, platforms: []}]}]"),
        format!(
            "{start}: an image (tags [\"x\"]) has the key scan, but ECR scans no index: give the scan to \
             its platforms, or call it indexScan"
        )
    );
}

#[test]
fn a_key_that_would_say_nothing_is_refused() {
    let image = |keys: &str| {
        refusal(&format!(
            "registries: [{{account: \"123456789012\", region: us-east-1, repositories: [{{name: a, images: [{{tags: [x], {keys}}}]}}]}}]"
        ))
    };
    let start = "catalogue registry.yaml: registry 123456789012 us-east-1: repository \"a\": an image \
                 (tags [\"x\"]) has the key";
    for (keys, key, why) in [
        ("manifest: '', layers: []", "layers", "its manifest is given whole: write it there"),
        ("manifest: {}, platforms: []", "platforms", "its manifest is given whole: write it there"),
        (
            "manifest: [], mediaType: null",
            "mediaType",
            "its manifest is given whole: write it there",
        ),
        ("platforms: [], config: {}", "config", "an image index has none"),
        ("platforms: [], configMediaType: a/b", "configMediaType", "an image index has none"),
        (
            "manifest: '{\"layers\":[]}', configBlob: ''",
            "configBlob",
            "its manifest names no config",
        ),
        ("indexScan: {}", "indexScan", "it is not an image index: call it scan"),
        ("config: {}, configBlob: ''", "config", "its configBlob is given whole: write it there"),
    ] {
        assert_eq!(image(keys), format!("{start} {key}, but {why}"));
    }
    for (keys, why) in [
        ("manifest: 7", "a string, or a mapping or a list that is sent as JSON"),
        ("scan: {severityCounts: 7}", "true, false, or counts such as {CRITICAL: 1}"),
        ("scan: {severityCounts: {CRITICAL: -1}}", "line 1"),
        (
            "layers: [{digest: 7}]",
            "unknown field `digest`, expected one of `mediaType`, `urls`, `annotations`",
        ),
        ("platforms: [{descriptors: [{digest: 7}]}]", "unknown field `digest`"),
    ] {
        let message = image(keys);
        assert!(message.contains(why), "{keys}: {message}");
    }
    let upstream = refusal(
        "registries: [{account: \"123456789012\", region: us-east-1, repositories: [{name: a, upstream: {}}]}]",
    );
    assert!(upstream.contains("missing field `others`"), "{upstream}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Catalogue::read(Path::new("no/such/registry.yaml")).unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with("catalogue no/such/registry.yaml: "), "{message}");
    assert!(message.ends_with("name a readable YAML file"), "{message}");
}

#[test]
fn a_catalogue_may_be_large_and_use_anchors() {
    let mut text = "registries:\n  - account: \"123456789012\"\n    region: us-east-1\n    repositories:\n      - name: a\n        images:\n".to_owned();
    text.push_str("          - {tags: [first], scan: &clean {status: COMPLETE, findings: []}}\n");
    for number in 0..20_000 {
        writeln!(text, "          - {{tags: [\"{number}\"], scan: *clean}}").unwrap();
    }
    let catalogue = parse(&text).unwrap();
    let images = &catalogue.registries[0].repositories[0].images;
    assert_eq!(images.len(), 20_001);
    assert!(images.iter().all(|image| image.scan.as_ref().unwrap().findings.is_some()));
}

#[test]
fn a_recording_says_when_where_and_by_whom_it_was_made() {
    let keys = "recordedAt: 2026-11-26T08:00:00Z\naccount: \"123456789012\"\nregion: eu-west-1\n";
    let catalogue = parse(&format!("{keys}registries: []\n")).unwrap();
    let recorded = catalogue.recorded().unwrap();
    assert_eq!((recorded.account, recorded.region), ("123456789012", "eu-west-1"));
    assert_eq!(recorded.at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_795_680_000);
    assert_eq!(parse("registries: []\n").unwrap().recorded(), None);
    assert_eq!(
        refusal("region: eu-west-1\nregistries: []\n"),
        "catalogue registry.yaml: a recording has the keys recordedAt, account and region; give all three, or none"
    );
}

#[test]
fn an_error_that_no_operation_has_is_refused() {
    let error = |error: &str| {
        refusal(&format!(
            "registries: [{{account: \"123456789012\", region: us-east-1, repositories: [{{name: a, errors: [{error}]}}]}}]"
        ))
    };
    let start =
        "catalogue registry.yaml: registry 123456789012 us-east-1: repository \"a\": an error of";
    for (given, why) in [
        (
            "{operation: DescribeRepositories, of: x, code: NotRecorded}",
            "DescribeRepositories is about the repository; remove the key of",
        ),
        (
            "{operation: BatchGetImage, code: ImageNotFound}",
            "BatchGetImage needs the key of: a tag, or the digest of an image or a layer",
        ),
        (
            "{operation: DescribeImageScanFindings, of: x, code: ImageNotFound}",
            "DescribeImageScanFindings has the code \"ImageNotFound\", but only a code that ends in Exception, \
             or NotRecorded, can be its answer",
        ),
    ] {
        assert_eq!(error(given), format!("{start} {why}"));
    }
    let unknown = error("{operation: BatchGetImage, of: x, code: ThrottlingException}");
    assert!(unknown.contains(r"expected one of AccessDeniedException, "), "{unknown}");
    let operation = error("{operation: PutImage, of: x, code: NotRecorded}");
    assert!(operation.contains("unknown variant `PutImage`"), "{operation}");
}

#[test]
fn what_is_held_is_not_missing_too() {
    let registry = |keys: &str| {
        refusal(&format!("registries: [{{account: \"123456789012\", region: us-east-1, {keys}}}]"))
    };
    let start = "catalogue registry.yaml: registry 123456789012 us-east-1";
    assert_eq!(
        registry("notFound: [a], repositories: [{name: a}]"),
        format!(
            "{start}: repository \"a\" is listed, but also notFound; remove it from one of them"
        )
    );
    assert_eq!(
        registry("repositories: [{name: a, notFound: [x], images: [{tags: [x]}]}]"),
        format!(
            "{start}: repository \"a\": x is held by an image, but also notFound; remove it from one of them"
        )
    );
}
