//! A catalogue of many images, Pods of them, and what must become of each.

use std::fmt::Write as _;

use local_cloud::client::Reply;
use serde_json::Value;

use end_to_end::support::{image, pod};

/// How many images of a sort there are: with all sorts more than a sandbox remembers.
const TAGS: usize = 300;

/// Repositories of images of one sort: name, mutability, what is said of each image, and the rule
/// that denies it.
const SORTS: [(&str, &str, &str, Option<&str>); 5] = [
    ("good", "IMMUTABLE", "scan: {status: COMPLETE, completedAt: 1 day ago, findings: []}", None),
    (
        "index",
        "IMMUTABLE",
        "platforms: [{os: linux, architecture: amd64, scan: {status: COMPLETE, completedAt: 1 day ago, findings: []}}]",
        None,
    ),
    (
        "open",
        "MUTABLE",
        "scan: {status: COMPLETE, completedAt: 1 day ago, findings: []}",
        Some("tag-immutability"),
    ),
    (
        "bad",
        "IMMUTABLE",
        "scan: {status: COMPLETE, findings: [{name: CVE-2026-1, severity: CRITICAL, package: p}]}",
        Some("scan-findings"),
    ),
    ("new", "IMMUTABLE", "scan: {status: PENDING}", Some("scan-findings")),
];

/// The catalogue, as `--registry` takes it.
pub(crate) fn catalogue() -> String {
    let mut yaml = String::from(
        "registries:\n- account: \"123456789012\"\n  region: us-east-1\n  repositories:\n",
    );
    for (name, mutability, said, _) in SORTS {
        let settings = "scanOnPush: true\n    scanFrequency: SCAN_ON_PUSH";
        write!(
            yaml,
            "  - name: {name}\n    imageTagMutability: {mutability}\n    {settings}\n    images:\n"
        )
        .unwrap();
        for tag in 0..TAGS {
            writeln!(yaml, "    - {{tags: [\"{tag}\"], {said}}}").unwrap();
        }
    }
    yaml
}

/// A Pod, and the rule that denies it, if any.
pub(crate) struct Pod {
    uid: String,
    images: Vec<String>,
    denied_by: Option<&'static str>,
}

/// What an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evaluated {
    /// As it must be.
    Right,
    /// Denied since an image could not be looked up, and the denial says so.
    NotLookedUp,
}

impl Pod {
    /// The `n`th: one image of every sort in turn, then one that is not there, one that is not in ECR,
    /// and a bad one beside a good one.
    pub(crate) fn new(n: usize) -> Self {
        let tag = n / (SORTS.len() + 3) % TAGS;
        let (images, denied_by) = match n % (SORTS.len() + 3) {
            5 => (vec![image("good:none")], Some("image-available")),
            6 => (vec!["nginx".to_owned()], Some("ecr-registry")),
            7 => (
                vec![image(&format!("good:{tag}")), image(&format!("bad:{tag}"))],
                Some("scan-findings"),
            ),
            sort => (vec![image(&format!("{}:{tag}", SORTS[sort].0))], SORTS[sort].3),
        };
        Self { uid: format!("uid-{n}"), images, denied_by }
    }

    /// The review.
    pub(crate) fn review(&self) -> Value {
        pod(&self.uid, &self.images.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Holds an answer against what must become of the Pod.
    pub(crate) fn evaluate(&self, reply: &Reply) -> Result<Evaluated, String> {
        let wrong = || format!("{} {:?}: {} {}", self.uid, self.images, reply.status, reply.text());
        let answer = reply.json().map_err(|error| format!("{} ({error})", wrong()))?;
        let response = &answer["response"];
        if reply.status != 200 || response["uid"] != *self.uid {
            return Err(wrong());
        }
        let message = match (&response["allowed"], &response["status"]["message"]) {
            (Value::Bool(true), Value::Null) if self.denied_by.is_none() => {
                return Ok(Evaluated::Right);
            }
            (Value::Bool(false), Value::String(message)) => message,
            _ => return Err(wrong()),
        };
        let rule = self.denied_by.map(|rule| format!("[{rule}]"));
        let unknown = |violation: &&str| violation.contains(" could not be evaluated: ecr:");
        let (unknown, known_of): (Vec<&str>, Vec<&str>) =
            message.split("; spec.").partition(unknown);
        let known = rule.is_some_and(|rule| known_of.len() == 1 && known_of[0].ends_with(&rule));
        match (unknown.is_empty(), known_of.is_empty()) {
            (true, _) if known => Ok(Evaluated::Right),
            (false, empty) if empty || known => Ok(Evaluated::NotLookedUp),
            _ => Err(wrong()),
        }
    }
}
