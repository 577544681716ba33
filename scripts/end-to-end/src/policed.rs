//! A stack of the functions that ship, under a policy document that a test writes and rewrites.

use std::path::PathBuf;

use jiff::{Span, Timestamp, ToSpan};
use local_cloud::stack::{Stack, Stopped};
use serde_json::Value;
use tempfile::TempDir;

use crate::outcome::{outcome, pod};
use crate::processes;
use crate::support::{self, VALIDATE};
use crate::token_secret::secrets;

const MUTATE: &str = "/mutate?timeout=10s";
/// What every document begins with.
const VERSION: &str = "apiVersion: ecr-admission/v1\n";

/// Has the function count each cluster too.
pub const CLUSTER_METRICS: [&str; 2] = ["--admission-env", "CLUSTER_METRICS=true"];

/// A running stack, and the file that is its policy document.
#[derive(Debug)]
pub struct Policed {
    /// The stack.
    pub stack: Stack,
    file: PathBuf,
    _directory: TempDir,
}

/// How often the document is read.
#[derive(Clone, Copy, Debug)]
pub enum Keep {
    /// For every review, so that one stack can try many documents.
    Never,
    /// When it is older.
    Seconds(u32),
}

impl Policed {
    /// A stack of one sandbox over `registry.yaml`, under this document, with further arguments.
    pub async fn start(document: &str, keep: Keep, args: &[&str]) -> Self {
        let catalogue = include_str!("registry.yaml").replace("@NEW@", &observed());
        Self::over(&catalogue, document, keep, args).await
    }

    /// The same, over another catalogue.
    pub async fn over(catalogue: &str, document: &str, keep: Keep, args: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let registry = directory.path().join("registry.yaml");
        std::fs::write(&registry, catalogue).unwrap();
        let file = directory.path().join("policy.yaml");
        std::fs::write(&file, format!("{VERSION}{document}")).unwrap();
        let seconds = match keep {
            Keep::Never => 0,
            Keep::Seconds(seconds) => seconds,
        };
        let cache = format!("CACHE_SECONDS={seconds}");
        let (registry, policy) = (registry.to_str().unwrap(), file.to_str().unwrap());
        let own = ["--sandboxes", "1", "--registry", registry, "--policy", policy];
        let own = [&own[..], &["--admission-env", &cache]].concat();
        let stack = support::stack(&[&own, args].concat()).await;
        Self { stack, file, _directory: directory }
    }

    /// A stack for many documents, of which the first says nothing.
    pub async fn open() -> Self {
        Self::start("", Keep::Never, &[]).await
    }

    /// Edits the document.
    pub fn write(&self, document: &str) {
        std::fs::write(&self.file, format!("{VERSION}{document}")).unwrap();
    }

    /// Puts a text in its place that need not be a document.
    pub fn hold(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }

    /// The document in force, of a stack whose admission function has run. A call may have changed it, so that it
    /// differs from the file.
    pub async fn document(&self) -> String {
        let function = processes::of(&self.stack, "admission")[0];
        let request = secrets(&self.stack, function).get_secret_value();
        let answer = request.secret_id("ecr-admission/policy").send().await.unwrap();
        answer.secret_string.unwrap()
    }

    /// Takes the document away.
    pub fn remove(&self) {
        std::fs::remove_file(&self.file).unwrap();
    }

    /// The answer to a review.
    pub async fn answer(&self, review: &Value) -> Value {
        support::response(&self.stack.review(VALIDATE, review).await.unwrap())
    }

    /// The outcome of a review under another document.
    pub async fn under(&self, document: &str, review: &Value) -> String {
        self.write(document);
        outcome(&self.answer(review).await)
    }

    /// Compares the outcome of each image, alone in a Pod, under each document.
    pub async fn expect(&self, cases: &[(&str, &str, String)]) {
        for (document, name, expected) in cases {
            assert_eq!(self.under(document, &pod(name)).await, *expected, "{document}\n{name}");
        }
    }

    /// How often the policy's secret was read so far.
    pub async fn reads(&self) -> usize {
        let calls = self.stack.calls().await.unwrap();
        calls.iter().filter(|call| is_read(call)).count()
    }

    /// Lines of the admission function that say this, as the objects they are.
    pub fn logged(&self, event: &str) -> Vec<Value> {
        lines(&self.stack.log(), event)
    }

    /// Waits until a line with this message has such an error: a line may come after the answer.
    pub async fn until_logged(&self, event: &str, is_it: impl Fn(&str) -> bool) {
        for _ in 0..100 {
            if self.logged(event).iter().any(|line| is_it(line["error"].as_str().unwrap())) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no such line: {:?}", self.logged(event));
    }

    /// Ends it in order.
    pub async fn stop(self) -> Stopped {
        self.stack.stop().await.unwrap()
    }
}

/// The image that `/mutate` gives the first container; `None` when it leaves it alone.
pub async fn mutated(policed: &Policed, review: &Value) -> Option<String> {
    let response = support::response(&policed.stack.review(MUTATE, review).await.unwrap());
    assert_eq!(response["allowed"], true, "{response}");
    let patch = aws_smithy_types::base64::decode(response.get("patch")?.as_str()?).unwrap();
    let patch: Value = serde_json::from_slice(&patch).unwrap();
    let replaced = patch.as_array()?.iter().find(|operation| operation["op"] == "replace")?;
    replaced["value"].as_str().map(ToOwned::to_owned)
}

/// Whether a call of AWS reads the policy's secret.
pub fn is_read(call: &str) -> bool {
    call.contains(" GetSecretValue ") && call.contains(":secret:ecr-admission/policy-")
}

/// The lines of a log with this event code, as the objects they are.
pub fn lines(log: &str, event: &str) -> Vec<Value> {
    let objects =
        log.lines().filter_map(|line| serde_json::from_str(line.get(line.find('{')?..)?).ok());
    objects.filter(|line: &Value| line["event"] == event).collect()
}

/// When CVE-2026-4001 was first observed: three days ago, to the second.
pub fn observed() -> String {
    static NEW: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NEW.get_or_init(|| from_now((-72).hours())).clone()
}

/// An instant so long from now.
pub fn from_now(span: Span) -> String {
    let at = Timestamp::now().checked_add(span).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
