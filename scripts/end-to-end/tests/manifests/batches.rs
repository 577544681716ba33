//! Manifests are asked for in batches; each image has an answer of its own.

use std::fmt::Write as _;

use serde_json::Value;

use crate::asked::{SCANS, calls, catalogue, over, repository, rules};
use end_to_end::outcome::{ADMITTED, outcome};
use end_to_end::policed::{Keep, Policed};
use end_to_end::support::{self, image};

/// A Pod of these images.
fn pod(names: &[String]) -> Value {
    let images: Vec<String> = names.iter().map(|name| image(name)).collect();
    support::pod("u", &images.iter().map(String::as_str).collect::<Vec<_>>())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("field:{name}")).collect()
}

/// An image whose manifest has so many bytes, about.
fn padded(tag: &str, bytes: usize) -> String {
    format!("{{tags: [{tag}], scan: *clean, manifestAnnotations: {{a: {}}}}}", "a".repeat(bytes))
}

/// The violations of a denial by the container's number: one line for each.
fn violations(answer: &Value) -> Vec<(usize, Vec<&'static str>)> {
    let said = outcome(answer);
    let said = said.strip_prefix("denied: ").unwrap_or_default();
    let each = said.split("spec.containers[").skip(1);
    each.map(|it| {
        let (number, rest) = it.split_once(']').unwrap();
        (number.parse().unwrap(), rules(rest))
    })
    .collect()
}

#[tokio::test]
async fn one_odd_image_does_not_spoil_the_others_of_its_batch() {
    let odd = ["{tags: [text], scan: *clean, manifest: 'not JSON'}"];
    let images: Vec<String> = [
        "{tags: [clean], scan: *clean}".to_owned(),
        "{tags: [index], platforms: [{os: linux, architecture: amd64, scan: *clean}]}".to_owned(),
        padded("long", 300 << 10),
    ]
    .into_iter()
    .chain(odd.map(ToOwned::to_owned))
    .collect();
    let policed = over(&catalogue("field", &images)).await;
    let answer =
        policed.answer(&pod(&names(&["clean", "text", "index", "missing", "long", "clean"]))).await;
    let own = vec!["image-available"];
    assert_eq!(violations(&answer), [(1, own.clone()), (3, own.clone()), (4, own)], "{answer}");
    assert!(outcome(&answer).contains("repository \"field\" holds no image with tag \"missing\""));
    policed.stop().await;
}

/// Amazon ECR takes manifests of up to 4 MiB: the body of a batch of them is not read, and each is asked for
/// by itself.
#[tokio::test]
async fn manifests_too_large_for_one_answer_do_not_hide_a_good_one() {
    let images = [
        "{tags: [clean], scan: *clean}".to_owned(),
        padded("a", 3 << 20),
        padded("b", 3 << 20),
        padded("c", 3 << 20),
    ];
    let policed = over(&catalogue("field", &images)).await;
    let answer = policed.answer(&pod(&names(&["a", "clean", "b", "c"]))).await;
    let own = vec!["image-available"];
    assert_eq!(violations(&answer), [(0, own.clone()), (2, own.clone()), (3, own)], "{answer}");
    policed.stop().await;
}

#[tokio::test]
async fn a_batch_has_25_ids_of_one_repository_at_most() {
    let images: Vec<String> = (0..26).map(|n| format!("{{tags: ['{n}'], scan: *clean}}")).collect();
    let policed = over(&catalogue("field", &images)).await;
    for (count, batches) in [(1, 1), (20, 1), (25, 1), (26, 2)] {
        policed.stack.reset().await.unwrap();
        let numbers: Vec<String> = (0..count).map(|n| format!("field:{n}")).collect();
        assert_eq!(outcome(&policed.answer(&pod(&numbers)).await), ADMITTED);
        assert_eq!(
            calls(&policed).await,
            [
                format!("BatchGetImage {batches}"),
                "BatchGetRepositoryScanningConfiguration 1".to_owned(),
                format!("DescribeImageScanFindings {count}"),
                "DescribeRepositories 1".to_owned(),
            ]
        );
    }
    policed.stop().await;
}

#[tokio::test]
async fn the_children_of_all_indexes_of_a_repository_are_asked_for_together() {
    let child =
        |architecture: &str| format!("{{os: linux, architecture: {architecture}, scan: *clean}}");
    let index = |tag: &str| {
        format!("{{tags: [{tag}], platforms: [{}, {}]}}", child("amd64"), child("arm64"))
    };
    let mut text = catalogue("field", &[index("1"), index("2")]);
    text.push_str(&repository("other"));
    writeln!(text, "          - {}", index("1")).unwrap();
    let policed = over(&text).await;
    let images = ["field:1", "field:2", "other:1"].map(ToOwned::to_owned);
    assert_eq!(outcome(&policed.answer(&pod(&images)).await), ADMITTED);
    assert_eq!(
        calls(&policed).await,
        [
            // The indexes of each repository, then their children.
            "BatchGetImage 4",
            "BatchGetRepositoryScanningConfiguration 1",
            "DescribeImageScanFindings 9",
            "DescribeRepositories 1",
        ]
    );
    policed.stop().await;
}

#[tokio::test]
async fn what_one_call_cannot_say_is_not_taken_from_another() {
    // Of two repositories, the manifests of one cannot be read.
    let mut text = format!("{SCANS}{}", repository("good"));
    text.push_str("          - {tags: ['1'], scan: *clean}\n");
    text.push_str(&repository("refused"));
    text.push_str("          - {tags: ['1'], scan: *clean}\n");
    let fault = ["--fault", "BatchGetImage@/refused=access-denied"];
    let policed = Policed::over(&text, "", Keep::Never, &fault).await;
    let images = ["good:1", "refused:1", "refused:missing"].map(ToOwned::to_owned);
    let answer = policed.answer(&pod(&images)).await;
    let own = vec!["image-available"];
    assert_eq!(violations(&answer), [(1, own.clone()), (2, own)], "{answer}");
    let said = outcome(&answer);
    assert!(said.contains("ecr:BatchGetImage was denied access"), "{said}");
    // "Does not exist" from one call goes before "could not be asked" from another.
    assert!(said.contains("repository \"refused\" holds no image with tag \"missing\""), "{said}");
    policed.stop().await;
}
