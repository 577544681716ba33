//! An image annotated as a checkpoint makes a runtime restore a process of any base image: denied.

use crate::asked::{catalogue, expect, over};

const RAW: &str = r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", "size": 100}, "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd", "size": 100}], "annotations": {"org.criu.checkpoint.container.name": "web"}}"#;

#[tokio::test]
async fn a_checkpoint_is_denied_wherever_and_however_it_is_annotated() {
    let run = "os: linux, architecture: amd64, scan: *clean";
    let on = |key: &str, annotation: &str| format!("{key}: {{{annotation}: web}}");
    let image = |tag: &str, annotation: &str| {
        let annotations = on("manifestAnnotations", annotation);
        format!("{{tags: [{tag}], scan: *clean, {annotations}}}")
    };
    let index = |tag: &str, of_index: &str, of_child: &str| {
        format!("{{tags: [{tag}], {of_index}platforms: [{{{run}, {of_child}}}]}}")
    };
    let podman = "org.criu.checkpoint.container.name";
    let crio = "io.kubernetes.cri-o.annotations.checkpoint.name";
    let images = [
        format!("{{tags: [raw], scan: *clean, manifest: '{RAW}'}}"),
        image("criu", podman),
        image("engine", "org.criu.checkpoint.engine.name"),
        image("crio", crio),
        image("letters", "Org.CRIU.Checkpoint.container.name"),
        image("crio-letters", "IO.kubernetes.CRI-O.annotations.CHECKPOINT.name"),
        index("on-index", &format!("{}, ", on("manifestAnnotations", podman)), "variant: v1"),
        index("on-descriptor", "", &on("annotations", podman)),
        index("on-descriptor-crio", "", &on("annotations", crio)),
        index("on-child", "", &on("manifestAnnotations", podman)),
        format!(
            "{{tags: [on-nested], platforms: [{{{}, platforms: [{{{run}}}]}}]}}",
            on("manifestAnnotations", podman)
        ),
        // Others, and words that only look like it.
        image("other", "com.example.org.criu.checkpoint.container.name"),
        image("short", "org.criu"),
        image("value", "org.opencontainers.image.title"),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let denied: [&str; 11] = [
        "field:raw",
        "field:criu",
        "field:engine",
        "field:crio",
        "field:letters",
        "field:crio-letters",
        "field:on-index",
        "field:on-descriptor",
        "field:on-descriptor-crio",
        "field:on-child",
        "field:on-nested",
    ];
    let mut cases: Vec<(&str, &[&str])> =
        denied.iter().map(|name| (*name, &["ecr-registry"][..])).collect();
    cases.extend(["field:other", "field:short", "field:value"].map(|name| (name, &[][..])));
    expect(&policed, "", &cases).await;
    policed.stop().await;
}
