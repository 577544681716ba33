//! Artifacts inside an index are not images: SOCI, SBOMs, attestations. All else is evaluated.

use serde_json::json;

use crate::asked::{calls, catalogue, expect, mounting, over, rules};
use end_to_end::outcome::{ADMITTED, outcome, pod};
use end_to_end::policed::{Keep, Policed};
use end_to_end::support::image;

const SOCI: &str = "application/vnd.amazon.soci.index.v2+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const RUN: &str = "{os: linux, architecture: amd64, scan: *clean}";

/// An index of an image and of this child.
fn beside(tag: &str, child: &str) -> String {
    index(tag, &[RUN, child])
}

fn index(tag: &str, children: &[&str]) -> String {
    format!("{{tags: [\"{tag}\"], platforms: [{}]}}", children.join(", "))
}

/// A SOCI index as `soci convert` writes it, with the scan that basic scanning gives it.
fn soci() -> String {
    format!(
        "{{os: linux, architecture: amd64, artifactType: {SOCI}, configMediaType: {SOCI}, configBlob: '{{}}', \
         layers: [{{mediaType: application/octet-stream}}], annotations: {{com.amazon.soci.image-manifest-digest: x}}, \
         scan: {{status: UNSUPPORTED_IMAGE, description: 'UnsupportedImageError: The operating system and/or \
         package manager are not supported.', findings: []}}}}"
    )
}

/// An SBOM beside an image, which nothing scans.
fn sbom(number: usize) -> String {
    format!(
        "{{os: linux, architecture: '', artifactType: application/spdx+json, configMediaType: {EMPTY}, \
         configBlob: '{{}}', layers: [{{mediaType: application/spdx+json}}], manifestAnnotations: {{n: '{number}'}}}}"
    )
}

const ATTESTATION: &str = "{os: unknown, architecture: unknown}";

#[tokio::test]
async fn an_image_with_soci_sboms_or_attestations_is_admitted() {
    let arm = "{os: linux, architecture: arm64, scan: *clean}";
    let digest = "sha256:00000000000000000000000000000000000000000000000000000000000000a1";
    let failing = sbom(9).replacen('{', &format!("{{digest: '{digest}', "), 1);
    let many: Vec<String> = (0..33).map(sbom).collect();
    let many: Vec<&str> = [RUN, arm].into_iter().chain(many.iter().map(String::as_str)).collect();
    let catalogue = catalogue(
        "field",
        &[
            index("soci", &[RUN, &soci()]),
            index("sbom", &[RUN, arm, ATTESTATION, &sbom(1), &sbom(2)]),
            index("unannotated", &[RUN, "{os: unknown, architecture: unknown, annotations: {}}"]),
            index("many", &many),
            index("failing", &[RUN, &failing]),
            // The image itself is still evaluated.
            index("critical", &["{os: linux, architecture: amd64, scan: *critical}", &soci()]),
        ],
    );
    // A scan that cannot be read of what turns out to be an artifact denies nothing.
    let fault = format!("DescribeImageScanFindings@{digest}=access-denied");
    let policed = Policed::over(&catalogue, "", Keep::Never, &["--fault", &fault]).await;
    expect(
        &policed,
        "",
        &[
            ("field:soci", &[]),
            ("field:sbom", &[]),
            ("field:unannotated", &[]),
            ("field:many", &[]),
            ("field:failing", &[]),
            ("field:critical", &["scan-findings"]),
        ],
    )
    .await;
    policed.stop().await;
}

#[tokio::test]
async fn nothing_is_fetched_of_what_no_platform_is_for() {
    let attestation = "{os: unknown, architecture: unknown, annotations: {}}";
    let policed = over(&catalogue("field", &[beside("1", attestation)])).await;
    assert_eq!(outcome(&policed.answer(&pod("field:1")).await), ADMITTED);
    assert_eq!(
        calls(&policed).await,
        [
            "BatchGetImage 2",
            "BatchGetRepositoryScanningConfiguration 1",
            "DescribeImageScanFindings 2",
            "DescribeRepositories 1",
        ]
    );
    policed.stop().await;
}

#[tokio::test]
async fn what_a_runtime_could_run_is_evaluated_whatever_it_calls_itself() {
    let spdx = "layers: [{mediaType: application/spdx+json}]";
    let artifact = format!("configMediaType: {EMPTY}, {spdx}");
    let cases = [
        ("artifact-type", "os: linux, architecture: amd64, artifactType: application/spdx+json".to_owned()),
        ("docker", format!("os: linux, architecture: amd64, format: DOCKER, {artifact}")),
        ("no-platform", String::new()),
        ("half", "os: unknown, architecture: amd64".to_owned()),
        ("letters", "os: Unknown, architecture: unknown".to_owned()),
        ("two-entries", "os: linux, descriptors: [{os: unknown, architecture: unknown}, {os: linux, architecture: arm64}]".to_owned()),
        ("no-type", format!("os: linux, architecture: amd64, configMediaType: null, {spdx}")),
        ("empty-type", format!("os: linux, architecture: amd64, configMediaType: '', {spdx}")),
        ("docker-config", format!("os: linux, architecture: amd64, configMediaType: application/vnd.docker.container.image.v1+json, {spdx}")),
        ("octets", format!("os: linux, architecture: amd64, configMediaType: application/octet-stream, {spdx}")),
        ("json", format!("os: linux, architecture: amd64, configMediaType: application/json, {spdx}")),
        ("html", format!("os: linux, architecture: amd64, configMediaType: text/html, {spdx}")),
        ("wasm", format!("os: wasi, architecture: wasm, configMediaType: application/vnd.wasm.config.v0+json, {spdx}")),
        ("oci-layer", format!("os: linux, architecture: amd64, configMediaType: {EMPTY}, layers: [{{mediaType: application/spdx+json}}, {{}}]")),
        ("docker-layer", format!("os: linux, architecture: amd64, configMediaType: {EMPTY}, layers: [{{mediaType: application/vnd.docker.image.rootfs.diff.tar.gzip}}]")),
        ("wasm-layer", format!("os: linux, architecture: amd64, configMediaType: {EMPTY}, layers: [{{mediaType: application/vnd.w3c.wasm.component.v1+wasm}}]")),
        ("unknown-descriptor-type", "os: linux, descriptors: [{os: linux, architecture: amd64, mediaType: application/spdx+json}]".to_owned()),
    ];
    let images: Vec<String> =
        cases.iter().map(|(tag, child)| beside(tag, &format!("{{{child}}}"))).collect();
    let policed = over(&catalogue("field", &images)).await;
    let names: Vec<String> = cases.iter().map(|(tag, _)| format!("field:{tag}")).collect();
    let expected: Vec<(&str, &[&str])> =
        names.iter().map(|name| (name.as_str(), &["scan-findings"][..])).collect();
    expect(&policed, "", &expected).await;
    policed.stop().await;
}

#[tokio::test]
async fn the_same_image_as_a_container_and_as_a_volume_from_one_cache() {
    let images = [index("1", &[RUN, &sbom(1)])];
    let policed = Policed::over(&catalogue("field", &images), "", Keep::Seconds(300), &[]).await;
    // A container runtime unpacks no artifact; a volume mounts whatever is there.
    assert_eq!(outcome(&policed.answer(&pod("field:1")).await), ADMITTED);
    let mut clean = pod("scans:clean");
    assert_eq!(outcome(&policed.answer(&clean).await), ADMITTED);
    policed.stack.reset().await.unwrap();
    let said = outcome(&policed.answer(&mounting(&["field:1"])).await);
    let start =
        format!("denied: spec.volumes[0].image.reference \"{}\": platform ", image("field:1"));
    assert!(said.starts_with(&start), "{said}");
    assert_eq!(rules(&said), ["scan-findings"], "{said}");
    assert_eq!(calls(&policed).await, [] as [&str; 0], "all was remembered");

    // Both in one Pod: the volume alone is in the way. And back.
    let both = &mut clean["request"]["object"]["spec"];
    both["containers"][0]["image"] = json!(image("field:1"));
    both["volumes"] = json!([{"name": "v", "image": {"reference": image("field:1")}}]);
    let said = outcome(&policed.answer(&clean).await);
    assert!(said.starts_with(&start) && !said.contains("spec.containers"), "{said}");
    assert_eq!(outcome(&policed.answer(&pod("field:1")).await), ADMITTED);
    policed.stop().await;
}

#[tokio::test]
async fn an_index_of_artifacts_alone_is_denied() {
    let images = [
        index("artifacts", &[&soci(), &sbom(1)]),
        index("attestations", &[ATTESTATION]),
        index("empty", &[]),
    ];
    let policed = over(&catalogue("field", &images)).await;
    for name in ["field:artifacts", "field:attestations", "field:empty"] {
        let said = outcome(&policed.answer(&pod(name)).await);
        assert!(said.starts_with("denied: "), "{name}: {said}");
        assert!(said.contains("is an image index without an image"), "{name}: {said}");
    }
    policed.stop().await;
}
