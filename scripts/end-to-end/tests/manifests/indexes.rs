//! Which children of an index are evaluated, and how many there may be.

use crate::asked::{catalogue, expect, over};
use end_to_end::outcome::{outcome, pod};

const CLEAN: &str = "{os: linux, architecture: amd64, scan: *clean}";
const CRITICAL: &str = "{os: linux, architecture: arm64, scan: *critical}";

fn index(tag: &str, keys: &str, children: &[&str]) -> String {
    format!("{{tags: [{tag}], {keys}platforms: [{}]}}", children.join(", "))
}

fn nested(children: &[&str]) -> String {
    format!("{{platforms: [{}]}}", children.join(", "))
}

#[tokio::test]
async fn the_children_of_an_index_are_evaluated_whatever_else_it_says() {
    let lying = |says: &str, keys: &str| {
        format!("{{{keys}, descriptors: [{{os: linux, architecture: arm64, mediaType: {says}}}]}}")
    };
    let image = "application/vnd.oci.image.manifest.v1+json";
    let kind = "application/vnd.oci.image.index.v1+json";
    let images = [
        index("clean", "", &[CLEAN]),
        index("critical", "", &[CLEAN, CRITICAL]),
        index("nested-clean", "", &[CLEAN, &nested(&[CLEAN])]),
        index("nested-critical", "", &[CLEAN, &nested(&[CLEAN, CRITICAL])]),
        // Should ECR answer a scan for an index, that of no child is left out for it.
        index("scanned", "indexScan: *clean, ", &[CLEAN, CRITICAL]),
        index(
            "scanned-nested",
            "",
            &[CLEAN, &format!("{{indexScan: *clean, platforms: [{CRITICAL}]}}")],
        ),
        index("image-lies", "", &[CLEAN, &lying("text/plain", "scan: *critical")]),
        index("image-silent", "", &[CLEAN, &lying("null", "scan: *critical")]),
        index("image-as-index", "", &[CLEAN, &lying(kind, "scan: *critical")]),
        index("index-as-image", "", &[CLEAN, &lying(image, &format!("platforms: [{CRITICAL}]"))]),
        index(
            "index-as-text",
            "",
            &[CLEAN, &lying("text/plain", &format!("platforms: [{CRITICAL}]"))],
        ),
        index(
            "docker",
            "format: DOCKER, ",
            &["{format: DOCKER, os: linux, architecture: amd64, scan: *critical}"],
        ),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let found: &[&str] = &["scan-findings"];
    expect(
        &policed,
        "",
        &[
            ("field:clean", &[]),
            ("field:critical", found),
            ("field:nested-clean", &[]),
            ("field:nested-critical", found),
            ("field:scanned", found),
            ("field:scanned-nested", found),
            ("field:image-lies", found),
            ("field:image-silent", found),
            ("field:image-as-index", found),
            ("field:index-as-image", found),
            ("field:index-as-text", found),
            ("field:docker", found),
        ],
    )
    .await;
    policed.stop().await;
}

#[tokio::test]
async fn an_index_has_at_most_100_descriptors_over_all_its_levels() {
    let attestations = |count: usize| vec!["{os: unknown, architecture: unknown}"; count];
    let with = |count: usize| [vec![CLEAN], attestations(count - 1)].concat();
    // One child named by many entries.
    let entries = ["{os: linux, architecture: amd64}"; 101].join(", ");
    let repeated = format!("{{scan: *clean, descriptors: [{entries}]}}");
    let images = [
        index("hundred", "", &with(100)),
        index("more", "", &with(101)),
        index("nested-hundred", "", &[with(50), vec![&nested(&with(49))]].concat()),
        index("nested-more", "", &[with(60), vec![&nested(&with(60))]].concat()),
        index("repeated", "", &[&repeated]),
    ];
    let policed = over(&catalogue("field", &images)).await;
    expect(&policed, "", &[("field:hundred", &[]), ("field:nested-hundred", &[])]).await;
    for name in ["field:more", "field:nested-more", "field:repeated"] {
        let said = outcome(&policed.answer(&pod(name)).await);
        assert!(
            said.starts_with("denied: ") && said.contains("is an image index with more than"),
            "{name}: {said}"
        );
    }
    policed.stop().await;
}

#[tokio::test]
async fn a_child_that_the_repository_does_not_hold_denies() {
    let digest = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":1,"platform":{{"os":"linux","architecture":"s390x"}}}}]}}"#
    );
    let policed =
        over(&catalogue("field", &[format!("{{tags: [gone], manifest: '{manifest}'}}")])).await;
    let said = outcome(&policed.answer(&pod("field:gone")).await);
    let words = "platform \"linux/s390x\" (sha256:ffffffffffff…) is named by the image index but is not in the \
        repository";
    assert!(said.starts_with("denied: ") && said.contains(words), "{said}");
    policed.stop().await;
}
