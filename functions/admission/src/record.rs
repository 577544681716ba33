//! What became of a review: the one log line it leaves, and what its counts are made from.

use std::collections::BTreeSet;

use ecr_admission_policy::Rule;
use ecr_admission_policy::mutate::Change;
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

/// Whether the policy that judged is the one that the operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyAge {
    /// It is, but for the seconds that a copy may be kept.
    Current,
    /// It may not be: the document could not be read again, and the last good copy judged.
    Outdated,
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
    /// The rules that were violated and only audited.
    pub audited: BTreeSet<Rule>,
    /// Whether it was admitted by break-glass.
    pub broke_glass: bool,
    /// Which policy judged it.
    pub policy: PolicyAge,
    /// The images that were judged.
    pub images: Vec<JudgedImage>,
    /// The calls of the ECR API that it took.
    pub registry_calls: u32,
    /// Those of them that ECR refused for their rate.
    pub throttled: u32,
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
            audited: BTreeSet::new(),
            broke_glass: false,
            policy: PolicyAge::Current,
            images: vec![],
            registry_calls: 0,
            throttled: 0,
            cache_hits: 0,
        }
    }
}

/// What a line is about. Never the object, never the token.
#[derive(Debug, Serialize)]
struct Subject<'a> {
    uid: &'a str,
    cluster: Option<&'a str>,
    operation: Option<&'a str>,
    kind: Option<String>,
    subresource: Option<&'a str>,
    namespace: Option<&'a str>,
    name: Option<&'a str>,
    user: Option<&'a str>,
}

impl<'a> Subject<'a> {
    fn new(uid: &'a str, caller: &'a Caller, request: Option<&'a Request<'a>>) -> Self {
        Self {
            uid,
            cluster: caller.cluster.as_deref(),
            operation: request.map(|request| request.operation.as_str()),
            kind: request.map(|request| request.kind.to_string()),
            subresource: request.and_then(|request| request.sub_resource.as_deref()),
            namespace: request.and_then(|request| request.namespace.as_deref()),
            name: request.and_then(|request| request.name.as_deref()),
            user: request.and_then(|request| request.user_info.username.as_deref()),
        }
    }
}

/// The log line of a review.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    #[serde(flatten)]
    subject: Subject<'a>,
    decision: Decision,
    denied_by: Vec<&'static str>,
    warned_of: Vec<&'static str>,
    audited: Vec<&'static str>,
    denial: Option<&'a str>,
    images: Vec<ImageField<'a>>,
    registry_calls: u32,
    throttled: u32,
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
            subject: Subject::new(uid, caller, request),
            decision: outcome.decision,
            denied_by: ids(&outcome.denied_by),
            warned_of: ids(&outcome.warned_of),
            audited: ids(&outcome.audited),
            denial,
            images: outcome.images.iter().map(image).collect(),
            registry_calls: outcome.registry_calls,
            throttled: outcome.throttled,
            cache_hits: outcome.cache_hits,
            elapsed_ms,
        }
    }
}

/// What there is to count and to log of a mutation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MutationOutcome {
    /// The images that were replaced.
    pub changes: Vec<Change>,
    /// How many were to get a digest and could not.
    pub not_pinned: usize,
    /// The calls of the ECR API that it took.
    pub registry_calls: u32,
    /// Those of them that ECR refused for their rate.
    pub throttled: u32,
    /// The images whose facts were remembered.
    pub cache_hits: usize,
}

/// The log line of a mutation.
#[derive(Debug, Serialize)]
pub struct MutationLine<'a> {
    #[serde(flatten)]
    subject: Subject<'a>,
    changes: Vec<ChangeField<'a>>,
    not_pinned: usize,
    registry_calls: u32,
    throttled: u32,
    cache_hits: usize,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ChangeField<'a> {
    path: &'a str,
    from: String,
    to: String,
}

impl MutationOutcome {
    /// The line for one mutation.
    pub fn line<'a>(
        &'a self,
        uid: &'a str,
        caller: &'a Caller,
        request: Option<&'a Request<'a>>,
        elapsed_ms: u64,
    ) -> MutationLine<'a> {
        let change = |change: &'a Change| ChangeField {
            path: change.path.as_str(),
            from: shorten(&change.original, QUOTED),
            to: shorten(&change.image, QUOTED),
        };
        MutationLine {
            subject: Subject::new(uid, caller, request),
            changes: self.changes.iter().map(change).collect(),
            not_pinned: self.not_pinned,
            registry_calls: self.registry_calls,
            throttled: self.throttled,
            cache_hits: self.cache_hits,
            elapsed_ms,
        }
    }
}

fn ids(rules: &BTreeSet<Rule>) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id()).collect()
}
