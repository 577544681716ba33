//! What `deploy/render-config` writes is what Kubernetes reads: each webhook configuration goes through
//! the types of `k8s-openapi` and comes back whole. A misspelt field would be dropped on the way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Renders with `arguments` and reads one of the files.
fn rendered(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    // Read only for the key, with --eks.
    let token = folder.path().join("token");
    std::fs::write(&token, "0123456789abcdef".repeat(4)).unwrap();
    let output = Command::new(project().join("deploy/render-config"))
        .args(["--url", "https://127.0.0.1:8443", "--token-file"])
        .arg(token)
        .args(arguments)
        .arg("--out")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// `text` as it is, and after a journey through `T`.
fn journey<T: Serialize + DeserializeOwned>(text: &str) -> (Value, Value) {
    let plain: Value = yaml_serde::from_str(text).unwrap();
    let typed: T = serde_json::from_value(plain.clone()).unwrap();
    (plain, serde_json::to_value(typed).unwrap())
}

#[test]
fn the_webhook_configurations_come_back_whole() {
    let authority = project().join("deploy/amazon-trust-services.pem");
    let authority = authority.to_str().unwrap();
    for arguments in [
        &[][..],
        &["--eks"],
        &["--ignored-namespaces", ""],
        &["--ignored-namespaces", "kube-system,ci", "--ca-file", authority],
    ] {
        let text = rendered("validating-webhook.yaml", arguments);
        let (plain, back) = journey::<ValidatingWebhookConfiguration>(&text);
        assert_eq!(plain, back);
        let text = rendered("mutating-webhook.yaml", arguments);
        let (plain, back) = journey::<MutatingWebhookConfiguration>(&text);
        assert_eq!(plain, back);
    }
}

#[test]
fn a_misspelt_field_would_be_found() {
    let text = rendered("validating-webhook.yaml", &[]).replace("matchPolicy", "matchPolicies");
    let (plain, back) = journey::<ValidatingWebhookConfiguration>(&text);
    assert_ne!(plain, back);
}
