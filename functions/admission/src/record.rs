//! What became of a review: the one log line it leaves, and what its counts are made from.

use std::collections::BTreeSet;

use ecr_admission_policy::Rule;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::text::{QUOTED, shorten};
use ecr_admission_policy::verdict::JudgedImage;
use serde::Serialize;

use crate::gateway::Caller;
use crate::review::Request;

/// What became of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Allowed, perhaps with warnings.
    Admitted,
    /// Not allowed.
    Denied,
    /// Allowed without judgement, for its namespace.
    Ignored,
}

impl Decision {
    /// The word for it in logs and audit annotations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Denied => "denied",
            Self::Ignored => "ignored",
        }
    }
}

/// What there is to count and to log of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it.
    pub decision: Decision,
    /// Whether its author was warned.
    pub warned: bool,
    /// Whether something could not be judged: a look-up failed, or the request could not be read.
    pub failed: bool,
    /// The rules that denied it.
    pub denied_by: BTreeSet<Rule>,
    /// The rules that its author was warned of.
    pub warned_of: BTreeSet<Rule>,
    /// The images that were judged.
    pub images: Vec<JudgedImage>,
    /// The calls of the ECR API that it took.
    pub registry_calls: u32,
    /// The images whose facts were remembered.
    pub cache_hits: usize,
}

impl Outcome {
    /// A review that was decided without judging an image.
    pub fn unjudged(decision: Decision) -> Self {
        Self {
            decision,
            warned: false,
            failed: false,
            denied_by: BTreeSet::new(),
            warned_of: BTreeSet::new(),
            images: vec![],
            registry_calls: 0,
            cache_hits: 0,
        }
    }
}

/// The log line of a review. It never holds the object or the token.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    uid: &'a str,
    cluster: Option<&'a str>,
    operation: Option<&'a str>,
    kind: Option<String>,
    subresource: Option<&'a str>,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    user: Option<&'a str>,
    decision: Decision,
    denied_by: Vec<&'static str>,
    warned_of: Vec<&'static str>,
    denial: Option<&'a str>,
    images: Vec<ImageField<'a>>,
    registry_calls: u32,
    cache_hits: usize,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ImageField<'a> {
    path: &'a str,
    image: String,
    digest: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// The line for one review.
    pub fn new(
        uid: &'a str,
        caller: &'a Caller,
        request: Option<&'a Request<'a>>,
        outcome: &'a Outcome,
        denial: Option<&'a str>,
        elapsed_ms: u64,
    ) -> Self {
        let image = |judged: &'a JudgedImage| ImageField {
            path: judged.path.as_str(),
            image: shorten(&judged.image, QUOTED),
            digest: judged.digest.as_ref().map(Digest::as_str),
        };
        Self {
            uid,
            cluster: caller.cluster.as_deref(),
            operation: request.map(|request| request.operation.as_str()),
            kind: request.map(|request| request.kind.to_string()),
            subresource: request.and_then(|request| request.sub_resource.as_deref()),
            namespace: request.and_then(|request| request.namespace.as_deref()),
            name: request.and_then(|request| request.name.as_deref()),
            user: request.and_then(|request| request.user_info.username.as_deref()),
            decision: outcome.decision,
            denied_by: ids(&outcome.denied_by),
            warned_of: ids(&outcome.warned_of),
            denial,
            images: outcome.images.iter().map(image).collect(),
            registry_calls: outcome.registry_calls,
            cache_hits: outcome.cache_hits,
            elapsed_ms,
        }
    }
}

fn ids(rules: &BTreeSet<Rule>) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id()).collect()
}
