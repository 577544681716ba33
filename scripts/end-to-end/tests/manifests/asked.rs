//! Catalogues of these tests, and which rules an answer names.

use serde_json::{Value, json};

use end_to_end::outcome::{outcome, pod};
use end_to_end::policed::{Keep, Policed};
use end_to_end::support::image;

const RULES: [&str; 8] = [
    "ecr-registry",
    "image-available",
    "tag-immutability",
    "pinned",
    "scan-on-push",
    "scan-findings",
    "image-config",
    "signed",
];

/// A catalogue of one repository with these images, one a line; `*clean` and `*critical` are scans that they
/// can name.
pub(crate) fn catalogue(repository: &str, images: &[String]) -> String {
    let images: Vec<String> = images.iter().map(|image| format!("          - {image}\n")).collect();
    format!("{SCANS}{}{}", self::repository(repository), images.concat())
}

/// One repository of a catalogue, to be followed by its images.
pub(crate) fn repository(name: &str) -> String {
    format!(
        "      - name: {name}\n        imageTagMutability: IMMUTABLE\n        \
         scanFrequency: SCAN_ON_PUSH\n        images:\n"
    )
}

/// The beginning of every catalogue.
pub(crate) const SCANS: &str = r#"registries:
  - account: "123456789012"
    region: us-east-1
    scanType: ENHANCED
    repositories:
      - name: scans
        imageTagMutability: IMMUTABLE
        scanFrequency: SCAN_ON_PUSH
        images:
          - tags: ["clean"]
            scan: &clean {status: COMPLETE, completedAt: 1 day ago, findings: []}
          - tags: ["critical"]
            scan: &critical {status: COMPLETE, completedAt: 1 day ago, findings: [{name: CVE-2026-1, severity: CRITICAL, package: zlib, fixedIn: 1.3.2}]}
"#;

/// A stack over a catalogue, without a policy document at first, that keeps no facts.
pub(crate) async fn over(catalogue: &str) -> Policed {
    Policed::over(catalogue, "", Keep::Never, &[]).await
}

/// A review of a Pod that runs `scans:clean` and mounts these images.
pub(crate) fn mounting(names: &[&str]) -> Value {
    let mut review = pod("scans:clean");
    let volumes: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(n, name)| json!({"name": format!("v{n}"), "image": {"reference": image(name)}}))
        .collect();
    review["request"]["object"]["spec"]["volumes"] = volumes.into();
    review
}

/// The rules that a text names, each once.
pub(crate) fn rules(text: &str) -> Vec<&'static str> {
    RULES.into_iter().filter(|rule| text.contains(&format!("[{rule}]"))).collect()
}

/// Asks what is said of each image in a Pod of its own, and compares the rules that deny: none where it is
/// admitted without a word.
pub(crate) async fn expect(policed: &Policed, document: &str, cases: &[(&str, &[&str])]) {
    policed.write(document);
    let mut wrong = vec![];
    for (name, expected) in cases {
        let said = outcome(&policed.answer(&pod(name)).await);
        let admitted = said == "admitted";
        if admitted != expected.is_empty() || rules(&said) != *expected {
            wrong.push(format!("{name}: expected {expected:?}, got {said}"));
        }
    }
    assert!(wrong.is_empty(), "{document}\n{}", wrong.join("\n"));
}

/// How often each operation of ECR was called, as `operation count`.
pub(crate) async fn calls(policed: &Policed) -> Vec<String> {
    let calls = policed.stack.calls().await.unwrap();
    let mut operations: Vec<&str> =
        calls.iter().map(|call| call.split(' ').nth(1).unwrap()).collect();
    operations.retain(|it| !matches!(*it, "GetSecretValue" | "PutMetricData"));
    operations.sort_unstable();
    let each = operations.chunk_by(|a, b| a == b);
    each.map(|same| format!("{} {}", same[0], same.len())).collect()
}
