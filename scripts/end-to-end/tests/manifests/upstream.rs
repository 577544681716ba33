//! Repositories of a pull-through cache, where a look-up by tag may make ECR ask the upstream, which the role
//! of the function may not.

use std::fmt::Write as _;

use crate::asked::{SCANS, calls, expect, over, repository, rules};
use end_to_end::outcome::{ADMITTED, outcome, pod};
use end_to_end::support::image;

const REFUSALS: [(&str, &str); 5] = [
    ("denied", "AccessDeniedException"),
    ("secretless", "UnableToGetUpstreamImageException"),
    ("upstream-denied", "UpstreamAccessDenied"),
    ("throttled", "UpstreamTooManyRequests"),
    ("unavailable", "UpstreamUnavailable"),
];

/// A cache for each way in which ECR says that it could not ask the upstream.
fn catalogue() -> String {
    let mut text = SCANS.to_owned();
    for (name, others) in REFUSALS {
        text.push_str(&repository(&format!("docker-hub/{name}")));
        for image in [
            "{tags: [fresh], scan: *clean}",
            "{tags: [stale], scan: *clean}",
            "{tags: [critical], scan: *critical}",
            "{tags: [checkpoint], scan: *clean, manifestAnnotations: {org.criu.checkpoint.id: x}}",
            "{tags: [index], platforms: [{os: linux, architecture: amd64, scan: *clean}]}",
        ] {
            writeln!(text, "          - {image}").unwrap();
        }
        writeln!(text, "        upstream: {{imported: [fresh], others: {others}}}").unwrap();
    }
    text
}

#[tokio::test]
async fn the_manifest_is_asked_for_by_the_digest_of_the_scan() {
    let policed = over(&catalogue()).await;
    for document in ["", "pullThroughCachePrefixes: [docker-hub]"] {
        for (name, _) in REFUSALS {
            let of = |tag: &str| format!("docker-hub/{name}:{tag}");
            let names = ["fresh", "stale", "critical", "checkpoint", "index", "missing"].map(of);
            let [fresh, stale, critical, checkpoint, index, missing] = &names;
            expect(
                &policed,
                document,
                &[
                    (fresh, &[]),
                    (stale, &[]),
                    (critical, &["scan-findings"]),
                    (checkpoint, &["ecr-registry"]),
                    // ECR scans no index, so that no digest is known.
                    (index, &["image-available"]),
                    (missing, &["image-available"]),
                ],
            )
            .await;
            for name in [index, missing] {
                let said = outcome(&policed.answer(&pod(name)).await);
                // Its scan says that a tag does not exist; only the document says that it may yet.
                let is_gone = name == missing && document.is_empty();
                let words = if is_gone { "holds no image with" } else { ": not imported yet; " };
                assert!(said.contains(words), "{document}\n{name}: {said}");
                assert!(!said.contains("denied access"), "{document}\n{name}: {said}");
            }
        }
    }
    policed.stop().await;
}

#[tokio::test]
async fn it_is_asked_once_more_and_for_a_digest_never() {
    let policed = over(&catalogue()).await;
    for (name, _) in REFUSALS {
        policed.stack.reset().await.unwrap();
        let stale = format!("docker-hub/{name}:stale");
        assert_eq!(outcome(&policed.answer(&pod(&stale)).await), ADMITTED, "{name}");
        let asked = calls(&policed).await;
        assert_eq!(asked[0], "BatchGetImage 2", "{name}: {asked:?}");
        assert_eq!(asked[2], "DescribeImageScanFindings 1", "{name}: {asked:?}");
    }
    // What is refused for one tag takes nothing from another of its batch.
    let mut review = pod("docker-hub/denied:fresh");
    let containers = &mut review["request"]["object"]["spec"]["containers"];
    let mut second = containers[0].clone();
    second["image"] = image("docker-hub/denied:stale").into();
    containers.as_array_mut().unwrap().push(second);
    assert_eq!(outcome(&policed.answer(&review).await), ADMITTED);
    policed.stop().await;
}

#[tokio::test]
async fn a_digest_in_a_cache_that_does_not_exist_yet_is_not_imported() {
    let policed = over(SCANS).await;
    let digest = "9a".repeat(32);
    let name = format!("docker-hub/bitnami/redis:8.0@sha256:{digest}");
    policed.write("pullThroughCachePrefixes: [docker-hub]");
    let said = outcome(&policed.answer(&pod(&name)).await);
    assert_eq!(rules(&said), ["image-available"], "{said}");
    assert!(said.starts_with("denied: ") && said.contains("not imported yet"), "{said}");
    policed.stop().await;
}
