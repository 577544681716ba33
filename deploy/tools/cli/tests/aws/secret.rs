//! One policy secret of AWS Secrets Manager, with the rules of its staging labels.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use ecr_admission_cli::Answer;
use ecr_admission_cli::check::aws::Aws;
use ecr_admission_cli::options::{Command, Options};
use ecr_admission_cli::policy;
use ecr_admission_policy::Timestamp;
use ecr_admission_testing::ecr::Reply;
use serde_json::{Value, json};

use crate::replay::{aws, caller, json_error};
use crate::stack::{SECRET, described, outputs};

/// When commands run.
pub(crate) const NOW: &str = "2026-11-26T23:55:00Z";

/// The secret, shared with the clients that call it.
#[derive(Clone, Default)]
pub(crate) struct Secret(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    versions: Vec<Version>,
    calls: Vec<String>,
    /// What somebody else makes current when `AWSCURRENT` is about to move.
    rival: Option<&'static str>,
    /// Whether the answer about that move is lost.
    lost: bool,
}

#[derive(Clone)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) created: i64,
    pub(crate) labels: BTreeSet<String>,
}

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

impl Secret {
    /// A secret whose version `v-1` is in force, put an hour ago as `create-secret` does.
    pub(crate) fn holding(text: &str) -> Self {
        let secret = Self::default();
        secret.hold("v-1", text, now().seconds() - 3_600, &["AWSCURRENT"]);
        secret
    }

    pub(crate) fn hold(&self, id: &str, text: &str, created: i64, labels: &[&str]) {
        let labels = labels.iter().map(|&label| label.to_owned()).collect();
        let (id, text) = (id.to_owned(), text.to_owned());
        self.0.lock().unwrap().versions.push(Version { id, text, created, labels });
    }

    /// Lets somebody else put this document in force at the worst moment.
    pub(crate) fn with_rival(self, text: &'static str) -> Self {
        self.0.lock().unwrap().rival = Some(text);
        self
    }

    /// Loses the answer about the move of `AWSCURRENT`.
    pub(crate) fn with_lost_answer(self) -> Self {
        self.0.lock().unwrap().lost = true;
        self
    }

    /// The version with this label or id.
    pub(crate) fn version(&self, name: &str) -> Option<Version> {
        let held = self.0.lock().unwrap();
        held.versions.iter().find(|it| it.id == name || it.labels.contains(name)).cloned()
    }

    /// The text in force.
    pub(crate) fn text(&self) -> String {
        self.version("AWSCURRENT").unwrap().text
    }

    /// All labels, sorted.
    pub(crate) fn labels(&self) -> Vec<String> {
        let held = self.0.lock().unwrap();
        let mut labels: Vec<String> =
            held.versions.iter().flat_map(|it| it.labels.iter().cloned()).collect();
        labels.sort();
        labels
    }

    /// The operations that changed something, or tried to.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// Runs `ecr-admission policy` with these words, for the stack that has the secret.
    pub(crate) async fn run(&self, words: &[&str]) -> Answer {
        self.run_with(words, &[("CacheSecondsInForce", "30")]).await
    }

    /// The same, with further outputs of the stack, which come first.
    pub(crate) async fn run_with(
        &self,
        words: &[&str],
        more: &[(&'static str, &'static str)],
    ) -> Answer {
        let words = [&["ecr-admission", "policy"], words].concat();
        let options = Options::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
        let Command::Policy(command) = options.command else { panic!("not policy") };
        policy::on(&self.aws(more), &command, now()).await
    }

    fn aws(&self, more: &[(&'static str, &'static str)]) -> Aws {
        let mut outputs = outputs();
        outputs.retain(|(key, _)| more.iter().all(|(other, _)| other != key));
        outputs.extend(more);
        let (stack, secret) = (described(&outputs), self.clone());
        aws(move |operation, body| match operation {
            "DescribeStacks" => stack.clone(),
            "GetCallerIdentity" => caller("123456789012"),
            _ => {
                let body: Value = serde_json::from_str(body).unwrap();
                assert_eq!(body["SecretId"], SECRET);
                secret.answer(operation, &body)
            }
        })
    }

    fn answer(&self, operation: &str, body: &Value) -> Reply {
        let mut held = self.0.lock().unwrap();
        let text = |key: &str| body[key].as_str().unwrap_or_default();
        match operation {
            "ListSecretVersionIds" => {
                assert_eq!(body["IncludeDeprecated"], true);
                // Pages of two.
                let start: usize = text("NextToken").parse().unwrap_or_default();
                let page = held.versions.iter().skip(start).take(2);
                let page: Vec<Value> = page
                    .map(|it| json!({"VersionId": it.id, "VersionStages": it.labels, "CreatedDate": it.created}))
                    .collect();
                let next = (start + 2 < held.versions.len()).then(|| (start + 2).to_string());
                (200, json!({"Versions": page, "NextToken": next}).to_string())
            }
            "GetSecretValue" => {
                let version = held.versions.iter().find(|it| it.id == text("VersionId")).unwrap();
                (200, json!({"VersionId": version.id, "SecretString": version.text}).to_string())
            }
            "PutSecretValue" => {
                held.calls.push("put".to_owned());
                let labels: BTreeSet<String> =
                    serde_json::from_value(body["VersionStages"].clone()).unwrap();
                held.versions.push(Version {
                    id: text("ClientRequestToken").to_owned(),
                    text: text("SecretString").to_owned(),
                    created: now().seconds(),
                    labels,
                });
                (200, "{}".to_owned())
            }
            "UpdateSecretVersionStage" => {
                let (label, from, to) =
                    (text("VersionStage"), text("RemoveFromVersionId"), text("MoveToVersionId"));
                held.calls.push(format!("{label}: {from} -> {to}"));
                if let Some(rival) = held.rival.take_if(|_| label == "AWSCURRENT") {
                    let rival = Version {
                        id: "rival".to_owned(),
                        text: rival.to_owned(),
                        created: now().seconds(),
                        labels: BTreeSet::new(),
                    };
                    held.versions.push(rival);
                    let holder = held.holder(label);
                    held.shift(label, &holder, "rival");
                }
                if held.holder(label) != from {
                    return json_error("InvalidParameterException", "not attached to that version");
                }
                held.shift(label, from, to);
                let labels: usize = held.versions.iter().map(|it| it.labels.len()).sum();
                assert!(labels <= 20, "{labels} labels");
                if held.lost && label == "AWSCURRENT" {
                    return (500, "{}".to_owned());
                }
                (200, "{}".to_owned())
            }
            other => panic!("{other} is not called"),
        }
    }
}

impl Held {
    fn holder(&self, label: &str) -> String {
        let holder = self.versions.iter().find(|version| version.labels.contains(label));
        holder.map(|version| version.id.clone()).unwrap_or_default()
    }

    fn shift(&mut self, label: &str, from: &str, to: &str) {
        let previous = self.holder("AWSPREVIOUS");
        for version in &mut self.versions {
            if version.id == from {
                version.labels.remove(label);
                if label == "AWSCURRENT" {
                    version.labels.insert("AWSPREVIOUS".to_owned());
                }
            } else if version.id == to {
                version.labels.insert(label.to_owned());
            }
            if label == "AWSCURRENT" && version.id == previous && previous != from {
                version.labels.remove("AWSPREVIOUS");
            }
        }
    }
}
