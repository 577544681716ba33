//! What the log says of a config that cannot be had, and what it must not say: the URL of a blob holds a
//! signature, and so may the answer to it.

use std::process::Command;

use ecr_admission_lambda::Level;
use serde_json::{Value, json};

use crate::configs::{BLOB, MANIFEST, NEEDS, URL, configured, images, sha256, url};
use ecr_admission_testing::ecr::{Reply, inspector_over, look_up, replay};

/// Set in a run of this program whose log is read.
const READ: &str = "ECR_ADAPTER_LOG_IS_READ";

const CONFIG: &str = r#"{"config": {"User": "1000"}}"#;

/// An answer that is not as it should be, for each way that a URL could get into the log by.
fn answers() -> Vec<(&'static str, Reply)> {
    let signed = url(&sha256(CONFIG));
    let refused = format!("<Error><StringToSign>{signed}</StringToSign></Error>");
    vec![
        (URL, (200, format!(r#"{{"downloadUrl": "{signed}", "layerDigest": "#))),
        (URL, (200, json!({"downloadUrl": [signed]}).to_string())),
        (URL, (200, json!({"downloadUrl": signed.replace("https", "http")}).to_string())),
        (URL, (200, json!({"downloadUrl": signed.replace("https://", "https:// ")}).to_string())),
        (BLOB, (403, refused.clone())),
        (BLOB, (503, refused.clone())),
        (BLOB, (302, refused)),
        (BLOB, (200, "{}".to_owned())),
        (BLOB, (200, signed.repeat(1 << 14))),
        (MANIFEST, images(&[('a', r#"{"config": {}}"#.to_owned())])),
    ]
}

/// Does nothing but write the log that another test reads.
#[tokio::test]
async fn a_log_is_written() {
    if std::env::var_os(READ).is_none() {
        return;
    }
    for (operation, answer) in answers() {
        let http = replay(move |asked, body| {
            if asked == operation { answer.clone() } else { configured(CONFIG, asked, body) }
        });
        look_up(&inspector_over(http, Level::Debug), NEEDS).await.0.unwrap();
    }
}

#[test]
fn every_failure_leaves_a_line_without_the_url() {
    // A log line goes to stdout, past what cargo's test harness captures, so that another run of this
    // program is what can be read.
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log::a_log_is_written"])
        .env(READ, "1")
        .output()
        .unwrap();
    let log = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{log}");
    for secret in ["X-Amz-Signature", "f00d", "blobs.example"] {
        assert!(!log.contains(secret), "{log}");
    }
    for code in ["alloc::", "ErrorMetadata", "Unhandled"] {
        assert!(!log.contains(code), "an error is written in words: {log}");
    }
    let lines: Vec<Value> = log
        .lines()
        .filter(|line| line.starts_with("{\"timestamp\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let line: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line["operation"].as_str().unwrap(), line["error"].as_str().unwrap()))
        .collect();
    let expected = [
        ("ecr:GetDownloadUrlForLayer", ""),
        ("ecr:GetDownloadUrlForLayer", ""),
        ("ecr:GetDownloadUrlForLayer", "the answer has no https URL"),
        ("ecr:GetDownloadUrlForLayer", "the answer has no https URL"),
        ("the config blob", "HTTP status 403"),
        ("the config blob", "HTTP status 503"),
        ("the config blob", "HTTP status 302"),
        ("the config blob", "the blob has another digest"),
        ("the config blob", "length limit exceeded"),
        ("ecr:BatchGetImage", "the manifest names no config"),
    ];
    assert_eq!(line.len(), expected.len(), "{line:#?}");
    for (line, expected) in line.iter().zip(expected) {
        assert!(line.0 == expected.0 && line.1.contains(expected.1), "{line:?} {expected:?}");
    }
}
