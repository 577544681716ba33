//! Layers that a node would fetch from elsewhere than the repository.

use crate::asked::{catalogue, expect, over};

const RAW: &str = r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "size": 100}, "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "size": 100, "urls": ["https://blobs.example.com/layer.tar.gz"]}]}"#;
const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
const NONDISTRIBUTABLE: &str = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const MICROSOFT: &str = "https://mcr.microsoft.com/v2/windows/nanoserver/blobs/sha256:0";
const WINDOWS: &str = "os: windows, osVersion: 10.0.20348.1, architecture: amd64";

fn image(tag: &str, keys: &str) -> String {
    format!("{{tags: [{tag}], scan: *clean, {keys}}}")
}

/// An index of one child.
fn index(tag: &str, child: &str) -> String {
    format!("{{tags: [{tag}], platforms: [{{scan: *clean, {child}}}]}}")
}

fn layer(media_type: &str, url: &str) -> String {
    format!("layers: [{{mediaType: {media_type}, urls: ['{url}']}}, {{}}]")
}

#[tokio::test]
async fn a_layer_or_a_config_from_elsewhere_is_denied() {
    let images = [
        image("raw", &format!("manifest: '{RAW}'")),
        image("config", &format!("manifest: '{}'", config_from_elsewhere())),
        image("later", "layers: [{}, {urls: ['https://blobs.example.com/1']}]"),
        image("foreign", &format!("layers: [{{mediaType: {FOREIGN}}}]")),
        image("nondistributable", &format!("layers: [{{mediaType: {NONDISTRIBUTABLE}}}]")),
        index("child", &format!("os: linux, architecture: amd64, {}", layer(FOREIGN, MICROSOFT))),
        index("windows", &format!("{WINDOWS}, {}", layer(FOREIGN, MICROSOFT))),
        // None is none, however it is written; and what else a layer is, the scan knows.
        image("empty", "layers: [{urls: []}]"),
        image("zstd", "layers: [{mediaType: application/vnd.oci.image.layer.v1.tar+zstd}]"),
        image(
            "encrypted",
            "layers: [{mediaType: application/vnd.oci.image.layer.v1.tar+gzip+encrypted}]",
        ),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let elsewhere: &[&str] = &["image-available"];
    let cases: [(&str, &[&str]); 10] = [
        ("field:raw", elsewhere),
        ("field:config", elsewhere),
        ("field:later", elsewhere),
        ("field:foreign", elsewhere),
        ("field:nondistributable", elsewhere),
        ("field:child", elsewhere),
        ("field:windows", elsewhere),
        ("field:empty", &[]),
        ("field:zstd", &[]),
        ("field:encrypted", &[]),
    ];
    expect(&policed, "", &cases).await;
    policed.stop().await;
}

/// The raw image with its URLs on the config.
fn config_from_elsewhere() -> String {
    let urls = r#", "urls": ["https://blobs.example.com/layer.tar.gz"]"#;
    RAW.replace(urls, "").replacen(r#""size": 100"#, &format!(r#""size": 100{urls}"#), 1)
}

#[tokio::test]
async fn a_listed_host_may_serve_foreign_layers_of_windows_alone() {
    let linux_config = format!(
        "os: linux, architecture: amd64, descriptors: [{{{WINDOWS}}}], {}",
        layer(FOREIGN, MICROSOFT)
    );
    let linux_descriptor = format!(
        "{WINDOWS}, descriptors: [{{os: linux, architecture: amd64}}], {}",
        layer(FOREIGN, MICROSOFT)
    );
    let two_hosts = format!(
        "layers: [{{mediaType: {FOREIGN}, urls: ['{MICROSOFT}', 'https://other.example.com/1']}}]"
    );
    let windows = |keys: &str| format!("{WINDOWS}, {keys}");
    let images = [
        index("foreign", &windows(&layer(FOREIGN, MICROSOFT))),
        index("nondistributable", &windows(&layer(NONDISTRIBUTABLE, MICROSOFT))),
        index(
            "ordinary",
            &windows(&layer("application/vnd.oci.image.layer.v1.tar+gzip", MICROSOFT)),
        ),
        index("host", &windows(&layer(FOREIGN, "https://other.example.com/1"))),
        index("two-hosts", &windows(&two_hosts)),
        index("look-alike", &windows(&layer(FOREIGN, "https://mcr.microsoft.com.example.com/1"))),
        index("user", &windows(&layer(FOREIGN, "https://mcr.microsoft.com@example.com/1"))),
        index("http", &windows(&layer(FOREIGN, "http://mcr.microsoft.com/1"))),
        index("linux-config", &linux_config),
        index("linux-descriptor", &linux_descriptor),
        // A node of any kind runs an image that is in no index.
        image("alone", &windows(&layer(FOREIGN, MICROSOFT))),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let elsewhere: &[&str] = &["image-available"];
    let cases: [(&str, &[&str]); 11] = [
        ("field:foreign", &[]),
        ("field:nondistributable", &[]),
        ("field:ordinary", elsewhere),
        ("field:host", elsewhere),
        ("field:two-hosts", elsewhere),
        ("field:look-alike", elsewhere),
        ("field:user", elsewhere),
        ("field:http", elsewhere),
        ("field:linux-config", elsewhere),
        ("field:linux-descriptor", elsewhere),
        ("field:alone", elsewhere),
    ];
    expect(&policed, "foreignLayerHosts: [mcr.microsoft.com]", &cases).await;
    let cases = cases.map(|(name, _)| (name, elsewhere));
    expect(&policed, "", &cases).await;
    expect(&policed, "foreignLayerHosts: [microsoft.com]", &cases).await;
    policed.stop().await;
}
