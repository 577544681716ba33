//! The exact log line of a review and of a mutation.

use std::process::Command;

use ecr_admission::policy_secret::{PolicyVersion, ReadPolicy, Unreadable};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::image;
use ecr_admission_testing::{create, digest, handler_with, post, registries, scan};

/// Set in a run of this program whose log is read.
const READ: &str = "REVIEWS_LOG_IS_READ";

/// CloudWatch Logs takes an event of 256 KB, 26 bytes of its own included.
const EVENT: usize = 256 * 1024 - 26;

/// A secret that holds this policy document.
struct Document(&'static str);

impl ReadPolicy for Document {
    fn secret(&self) -> &'static str {
        "policy"
    }

    async fn read(&self, _: Instant) -> Result<PolicyVersion, Unreadable> {
        Ok(PolicyVersion { id: "v1".to_owned(), text: self.0.to_owned() })
    }
}

const AUDITS: &str = "apiVersion: ecr-admission/v1\nrules:\n  scan-findings: {mode: audit}\n  tag-immutability: {mode: warn}\n";

/// A review of a Pod that a `ReplicaSet` owns.
fn owned(images: &[&str]) -> Value {
    let mut review = create(images);
    review["request"]["object"]["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "other", "uid": "u"},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "pay-5d9", "uid": "u", "controller": true},
    ]);
    review
}

fn deployment(images: &[&str]) -> Value {
    let mut review = create(images);
    let spec = review["request"]["object"]["spec"].take();
    review["request"]["kind"] = json!({"group": "apps", "version": "v1", "kind": "Deployment"});
    review["request"]["object"] =
        json!({"metadata": {}, "spec": {"selector": {}, "template": {"spec": spec}}});
    review
}

fn ignored() -> Value {
    let mut review = owned(&["nginx"]);
    review["request"]["namespace"] = json!("kube-system");
    review
}

fn deleted() -> Value {
    let mut review = create(&["nginx"]);
    review["request"]["operation"] = json!("DELETE");
    review["request"]["object"] = Value::Null;
    review
}

/// More than a line names, and texts that take as much of it as they can.
fn largest() -> Value {
    let wide = "\u{e0001}".repeat(5_000);
    let quotes = "\"\\".repeat(5_000);
    let names: Vec<String> = (0..40)
        .map(|n| format!("{n}{wide}"))
        .chain((0..40).map(|n| format!("{n}{quotes}")))
        .chain((0..40).map(|n| format!("{n}{}", "é".repeat(10_000))))
        .collect();
    let mut review = create(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let request = &mut review["request"];
    for field in ["uid", "subResource", "name", "namespace"] {
        request[field] = json!(wide);
    }
    request["userInfo"]["username"] = json!(wide);
    request["object"]["metadata"]["ownerReferences"] =
        json!([{"kind": quotes, "name": wide, "controller": true}]);
    review
}

/// As many images as are looked up at most, each of which is pinned, with names as long as they may be.
fn longest() -> Value {
    let repository = format!("pay/{}", "x".repeat(252));
    let names: Vec<String> = (0..500).map(|n| image(&format!("{repository}:{n:a>128}"))).collect();
    create(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What is reviewed, in the order of the lines.
fn asked() -> Vec<(&'static str, &'static str, Value)> {
    let (pay, web, old) = (image("pay:1"), image("web:1"), image("old:1"));
    vec![
        ("", "POST /validate", owned(&[&pay])),
        ("", "POST /validate", create(&["nginx", &web])),
        (AUDITS, "POST /validate", owned(&[&pay, &web, &old])),
        ("", "POST /validate", deployment(&[&old])),
        ("", "POST /validate", ignored()),
        ("", "POST /validate", deleted()),
        ("", "POST /mutate", owned(&[&pay])),
        ("", "POST /validate", largest()),
        ("", "POST /validate", longest()),
        ("", "POST /mutate", longest()),
    ]
}

/// Does nothing but write the log that another test reads.
#[tokio::test]
async fn a_log_is_written() {
    if std::env::var_os(READ).is_none() {
        return;
    }
    for (document, route, review) in asked() {
        let document = (!document.is_empty()).then_some(Document(document));
        let pins = if route == "POST /mutate" { "*" } else { "" };
        let pairs = [("LOG_LEVEL", "INFO"), ("MAX_IMAGES", "500"), ("PIN_NAMESPACES", pins)];
        let registries = registries().image("pay:2", 'd', scan("COMPLETE", &[]));
        let registries = if review == longest() { registries.with_any() } else { registries };
        let handler = handler_with(registries, &pairs, document);
        post(&handler, route, &review.to_string()).await;
    }
}

/// The lines of one run. A log line goes to stdout, past what cargo's test harness captures, so that
/// another run of this program is what can be read.
fn lines() -> Vec<String> {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "log::a_log_is_written"])
        .env(READ, "1")
        .output()
        .unwrap();
    let log = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{log}");
    let of_reviews = |line: &&str| {
        line.starts_with("{\"timestamp\"") && !line.contains(r#""event":"policy_read""#)
    };
    let lines: Vec<String> = log.lines().filter(of_reviews).map(str::to_owned).collect();
    assert_eq!(lines.len(), asked().len(), "{log}");
    lines
}

/// A line without the two fields that differ from run to run.
fn timeless(line: &str) -> &str {
    let (_, line) = line.split_once(r#"Z","#).unwrap();
    line.rsplit_once(r#","elapsed_ms":"#).unwrap().0
}

#[test]
fn a_review_leaves_this_line() {
    let lines = lines();
    let subject = r#""uid":"2f9c5f64-0000-4000-8000-000000000001","cluster":"blue","via":"header""#;
    let pod = format!(
        r#"{subject},"operation":"CREATE","kind":"v1 Pod","subresource":null,"namespace":"shop","name":"p","user":"admin""#
    );
    let owner = r#""owner":{"kind":"ReplicaSet","name":"pay-5d9"}"#;
    let registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    let (a, b, c) = (digest('a'), digest('b'), digest('c'));
    let nothing = r#""denied_by":[],"warned_of":[],"audited":[],"denial":null,"violations":[],"violations_omitted":0"#;
    let no_calls =
        r#""images":[],"images_omitted":0,"registry_calls":0,"throttled":0,"cache_hits":0"#;
    let nginx = r#"spec.containers[0].image \"nginx\": is not in an Amazon ECR private registry; push it to <account>.dkr.ecr.<region>.amazonaws.com and use that reference [ecr-registry]"#;
    let web = |n: usize| {
        format!(
            r#"spec.containers[{n}].image \"{registry}/web:1\": repository \"web\" lets tag \"1\" be overwritten (MUTABLE); set image tag mutability to IMMUTABLE or pin the image by digest [tag-immutability]"#
        )
    };
    let old = |path: &str| {
        format!(
            r#"{path} \"{registry}/old:1\": has 2 CRITICAL findings (severity limit CRITICAL); rebuild it with fixed packages and push it under a new tag [scan-findings]"#
        )
    };
    let template = "spec.template.spec.containers[0].image";
    for (line, expected) in lines.iter().zip([
        format!(
            r#""level":"INFO","event":"review","message":"review",{pod},{owner},"decision":"admitted",{nothing},"images":[{{"path":"spec.containers[0].image","image":"{registry}/pay:1","digest":"{a}"}}],"images_omitted":0,"registry_calls":2,"throttled":0,"cache_hits":0"#
        ),
        format!(
            r#""level":"INFO","event":"review","message":"review",{pod},"owner":null,"decision":"denied","denied_by":["ecr-registry","tag-immutability"],"warned_of":[],"audited":[],"denial":"{nginx}; {web}","violations":[{{"path":"spec.containers[0].image","rule":"ecr-registry","mode":"deny","text":"{nginx}"}},{{"path":"spec.containers[1].image","rule":"tag-immutability","mode":"deny","text":"{web}"}}],"violations_omitted":0,"images":[{{"path":"spec.containers[0].image","image":"nginx","digest":null}},{{"path":"spec.containers[1].image","image":"{registry}/web:1","digest":"{b}"}}],"images_omitted":0,"registry_calls":2,"throttled":0,"cache_hits":0"#,
            web = web(1)
        ),
        format!(
            r#""level":"INFO","event":"review","message":"review",{pod},{owner},"decision":"admitted","denied_by":[],"warned_of":["tag-immutability"],"audited":["scan-findings"],"denial":null,"violations":[{{"path":"spec.containers[1].image","rule":"tag-immutability","mode":"warn","text":"{web}"}},{{"path":"spec.containers[2].image","rule":"scan-findings","mode":"audit","text":"{old}"}}],"violations_omitted":0,"images":[{{"path":"spec.containers[0].image","image":"{registry}/pay:1","digest":"{a}"}},{{"path":"spec.containers[1].image","image":"{registry}/web:1","digest":"{b}"}},{{"path":"spec.containers[2].image","image":"{registry}/old:1","digest":"{c}"}}],"images_omitted":0,"registry_calls":4,"throttled":0,"cache_hits":0"#,
            web = web(1),
            old = old("spec.containers[2].image")
        ),
        format!(
            r#""level":"INFO","event":"review","message":"review",{subject},"operation":"CREATE","kind":"apps/v1 Deployment","subresource":null,"namespace":"shop","name":"p","user":"admin","owner":null,"decision":"admitted","denied_by":[],"warned_of":["scan-findings"],"audited":[],"denial":null,"violations":[{{"path":"{template}","rule":"scan-findings","mode":"warn","text":"{old}"}}],"violations_omitted":0,"images":[{{"path":"{template}","image":"{registry}/old:1","digest":"{c}"}}],"images_omitted":0,"registry_calls":2,"throttled":0,"cache_hits":0"#,
            old = old(template)
        ),
        format!(
            r#""level":"INFO","event":"review","message":"review",{pod},{owner},"decision":"ignored",{nothing},{no_calls}"#,
            pod = pod.replace(r#""shop""#, r#""kube-system""#)
        ),
        format!(
            r#""level":"INFO","event":"review","message":"review",{pod},"owner":null,"decision":"admitted",{nothing},{no_calls}"#,
            pod = pod.replace("CREATE", "DELETE")
        ),
        format!(
            r#""level":"INFO","event":"mutation","message":"mutation",{pod},{owner},"changes":[{{"path":"spec.containers[0].image","from":"{registry}/pay:1","to":"{registry}/pay:1@{a}"}}],"changes_omitted":0,"not_pinned":0,"registry_calls":2,"throttled":0,"cache_hits":0"#
        ),
    ]) {
        assert_eq!(timeless(line), expected);
    }
}

#[test]
fn the_largest_line_names_fifty_and_fits_an_event() {
    let lines = lines();
    let [.., hostile, longest, mutation] = lines.as_slice() else { panic!("{lines:?}") };
    for line in [hostile, longest, mutation] {
        assert!(line.len() < EVENT, "{} bytes", line.len());
    }
    let named = |line: &str, list: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line[list].as_array().unwrap().len(), line[format!("{list}_omitted")].as_u64().unwrap())
    };
    assert_eq!(named(hostile, "images"), (50, 70));
    assert_eq!(named(hostile, "violations"), (50, 70));
    assert_eq!(named(longest, "images"), (50, 450));
    assert_eq!(named(longest, "violations"), (0, 0));
    assert_eq!(named(mutation, "changes"), (50, 450));
    // A name as long as ECR lets it be is whole.
    let line: Value = serde_json::from_str(longest).unwrap();
    assert!(!line["images"][0]["image"].as_str().unwrap().contains('…'), "{line}");
}
