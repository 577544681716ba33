//! How much memory `check` takes for all Pods of a large cluster. A test of its own, since it measures its process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use clap::Parser as _;
use ecr_admission_cli::options::Options;
use ecr_admission_policy::Timestamp;
use serde_json::{Value, json};

const PODS: usize = 5_000;
const IMAGES: usize = 500;

/// The most memory that the process may ever have had, in MB: half as much again as it has today.
const MOST: usize = 100;

fn name(n: usize) -> (String, String) {
    (format!("team/app{}", n % 100), format!("v{n}"))
}

/// What Amazon ECR says of the images: all of them are good.
fn write_facts(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let head = "registries:\n- account: \"123456789012\"\n  region: us-east-1\n  repositories:\n";
    file.write_all(head.as_bytes()).unwrap();
    for repository in 0..100 {
        writeln!(
            file,
            "  - name: team/app{repository}\n    imageTagMutability: IMMUTABLE\n    scanOnPush: true\n    images:"
        )
        .unwrap();
        for n in (repository..IMAGES).step_by(100) {
            writeln!(
                file,
                "    - {{tags: [{}], scan: {{status: COMPLETE, completedAt: 1 day ago, findings: []}}}}",
                name(n).1
            )
            .unwrap();
        }
    }
    file.flush().unwrap();
}

/// A live Pod, with what most of one is: variables, probes, volumes and conditions.
fn pod(n: usize) -> Value {
    let image = |n: usize| {
        let (repository, tag) = name(n % IMAGES);
        format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/{repository}:{tag}")
    };
    let variables: Vec<Value> = (0..6)
        .map(|it| json!({"name": format!("VARIABLE_{it}"), "value": "x".repeat(60)}))
        .collect();
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10});
    let container = |name: &str, image: String| {
        json!({
            "name": name, "image": image, "env": variables, "livenessProbe": probe, "readinessProbe": probe,
            "volumeMounts": [{"mountPath": "/var/run/secrets", "name": "token", "readOnly": true}],
        })
    };
    let conditions: Vec<Value> = (0..5)
        .map(|it| json!({"type": format!("Condition{it}"), "status": "True", "lastTransitionTime": "2026-11-26T08:00:00Z"}))
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("web-{n}"), "namespace": if n.is_multiple_of(3) { "pinned" } else { "shop" },
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("web-{}", n / 5), "controller": true, "uid": "u"}],
        },
        "spec": {
            "containers": [container("web", image(n)), container("sidecar", image(n * 7 + 3))],
            "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}],
        },
        "status": {"phase": "Running", "conditions": conditions},
    })
}

fn write_pods(path: &Path) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(br#"{"apiVersion":"v1","kind":"List","items":["#).unwrap();
    for n in 0..PODS {
        if n > 0 {
            file.write_all(b",\n").unwrap();
        }
        serde_json::to_writer_pretty(&mut file, &pod(n)).unwrap();
    }
    file.write_all(b"]}").unwrap();
    file.flush().unwrap();
}

/// The most memory that this process has had, in MB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kilobytes: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1_000
}

#[test]
fn five_thousand_pods_take_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (facts, pods) = (folder.path().join("facts.yaml"), folder.path().join("pods.json"));
    write_facts(&facts);
    write_pods(&pods);
    let input = std::fs::metadata(&pods).unwrap().len() / 1_000_000;
    assert!((20..40).contains(&input), "{input} MB");
    let before = peak();
    let options = Options::parse_from([
        "ecr-admission",
        "check",
        pods.to_str().unwrap(),
        "--facts",
        facts.to_str().unwrap(),
        "--region",
        "us-east-1",
        "--own-account",
        "123456789012",
        "--pin-namespaces",
        "pinned",
    ]);
    let answer = ecr_admission_cli::run(&options, Timestamp::from_seconds(1_795_000_000));
    let last = answer.out.lines().last().unwrap_or_default();
    assert_eq!(
        last,
        format!("{PODS} objects, {IMAGES} images: 0 denied, {PODS} admitted"),
        "{}",
        answer.err
    );
    let peak = peak();
    assert!(peak > before && peak <= MOST, "{peak} MB of at most {MOST}, {before} MB before");
}
