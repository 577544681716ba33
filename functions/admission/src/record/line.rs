//! The log lines of a review and of a mutation. Every text and every list is bounded, so that the largest
//! line stays below 256 KB.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use ecr_admission_policy::Rule;
use ecr_admission_policy::mutate::Change;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::verdict::{EvaluatedImage, Violation};
use serde::Serialize;

use crate::bounded::{Listed, bounded};
use crate::gateway::Caller;
use crate::outcome::{MutationOutcome, Outcome, ReviewDecision};
use crate::owner::{self, Owner};
use crate::review::Request;

/// The most bytes of a name or another word that the request brings.
const WORD: usize = 512;

/// The most bytes of an image. A reference into ECR has 506 at most.
const IMAGE: usize = 512;

/// The most bytes of the text of a violation, or of another sentence.
pub(super) const TEXT: usize = 1_024;

/// The most bytes of a denial, which has 2,048 characters at most.
const DENIAL: usize = 8_192;

/// What a line is about. Never the object, never the token, never the path.
#[derive(Debug, Serialize)]
struct Subject<'a> {
    uid: Cow<'a, str>,
    cluster: Option<Cow<'a, str>>,
    via: Option<Cow<'a, str>>,
    operation: Option<Cow<'a, str>>,
    kind: Option<String>,
    subresource: Option<Cow<'a, str>>,
    namespace: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    user: Option<Cow<'a, str>>,
    owner: Option<OwnerField>,
}

#[derive(Debug, Serialize)]
struct OwnerField {
    kind: String,
    name: String,
}

impl From<Owner> for OwnerField {
    fn from(Owner { kind, name }: Owner) -> Self {
        Self { kind: word(&kind).into_owned(), name: word(&name).into_owned() }
    }
}

impl<'a> Subject<'a> {
    fn new(uid: &'a str, caller: &'a Caller, request: Option<&'a Request<'a>>) -> Self {
        let owner = request.and_then(|request| owner::controller(request.object?));
        Self {
            uid: word(uid),
            cluster: caller.cluster.as_deref().map(word),
            via: caller.via.as_deref().map(word),
            operation: request.map(|request| word(&request.operation)),
            kind: request.map(|request| word(&request.kind.to_string()).into_owned()),
            subresource: request.and_then(|request| Some(word(request.sub_resource.as_deref()?))),
            namespace: request.and_then(|request| Some(word(request.namespace.as_deref()?))),
            name: request.and_then(|request| Some(word(request.name.as_deref()?))),
            user: request.and_then(|request| Some(word(request.user_info.username.as_deref()?))),
            owner: owner.map(OwnerField::from),
        }
    }
}

/// The log line of a review.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    subject: Subject<'a>,
    decision: ReviewDecision,
    denied_by: Vec<&'static str>,
    warned_of: Vec<&'static str>,
    audited: Vec<&'static str>,
    denial: Option<Cow<'a, str>>,
    violations: Vec<ViolationField<'a>>,
    violations_omitted: usize,
    images: Vec<ImageField<'a>>,
    images_omitted: usize,
    registry_calls: u32,
    throttled: u32,
    cache_hits: usize,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ViolationField<'a> {
    path: &'a str,
    rule: &'static str,
    /// What the violation does, whatever the mode of the rule: one of a controller never denies.
    mode: String,
    text: String,
}

impl<'a> From<&'a Violation> for ViolationField<'a> {
    fn from(violation: &'a Violation) -> Self {
        Self {
            path: violation.path.as_str(),
            rule: violation.rule.id(),
            mode: violation.mode.to_string(),
            text: bounded(&violation.to_string(), TEXT).into_owned(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ImageField<'a> {
    path: &'a str,
    image: Cow<'a, str>,
    digest: Option<&'a str>,
}

impl<'a> From<&'a EvaluatedImage> for ImageField<'a> {
    fn from(evaluated: &'a EvaluatedImage) -> Self {
        Self {
            path: evaluated.path.as_str(),
            image: bounded(&evaluated.image, IMAGE),
            digest: evaluated.digest.as_ref().map(Digest::as_str),
        }
    }
}

impl<'a> Line<'a> {
    /// The line for one review.
    pub(super) fn new(
        uid: &'a str,
        caller: &'a Caller,
        request: Option<&'a Request<'a>>,
        outcome: &'a Outcome,
        denial: Option<&'a str>,
        elapsed: Duration,
    ) -> Self {
        let Outcome { violations, images, .. } = outcome;
        Self {
            subject: Subject::new(uid, caller, request),
            decision: outcome.decision,
            denied_by: ids(&outcome.denied_by),
            warned_of: ids(&outcome.warned_of),
            audited: ids(&outcome.audited),
            denial: denial.map(|denial| bounded(denial, DENIAL)),
            violations: violations.named.iter().map(ViolationField::from).collect(),
            violations_omitted: violations.omitted,
            images: images.named.iter().map(ImageField::from).collect(),
            images_omitted: images.omitted,
            registry_calls: outcome.registry_calls,
            throttled: outcome.throttled,
            cache_hits: outcome.cache_hits,
            elapsed_ms: millis(elapsed),
        }
    }
}

/// The log line of a mutation.
#[derive(Debug, Serialize)]
pub(super) struct MutationLine<'a> {
    #[serde(flatten)]
    subject: Subject<'a>,
    changes: Vec<ChangeField<'a>>,
    changes_omitted: usize,
    not_pinned: usize,
    registry_calls: u32,
    throttled: u32,
    cache_hits: usize,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
struct ChangeField<'a> {
    path: &'a str,
    from: Cow<'a, str>,
    to: Cow<'a, str>,
}

impl<'a> From<&'a Change> for ChangeField<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            path: change.path.as_str(),
            from: bounded(&change.original, IMAGE),
            to: bounded(&change.image, IMAGE),
        }
    }
}

impl<'a> MutationLine<'a> {
    /// The line for one mutation.
    pub(super) fn new(
        uid: &'a str,
        caller: &'a Caller,
        request: Option<&'a Request<'a>>,
        outcome: &'a MutationOutcome,
        elapsed: Duration,
    ) -> Self {
        let changes: Listed<ChangeField<'_>> =
            outcome.changes.iter().map(ChangeField::from).collect();
        Self {
            subject: Subject::new(uid, caller, request),
            changes: changes.named,
            changes_omitted: changes.omitted,
            not_pinned: outcome.not_pinned,
            registry_calls: outcome.registry_calls,
            throttled: outcome.throttled,
            cache_hits: outcome.cache_hits,
            elapsed_ms: millis(elapsed),
        }
    }
}

fn word(text: &str) -> Cow<'_, str> {
    bounded(text, WORD)
}

fn ids(rules: &BTreeSet<Rule>) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id()).collect()
}

fn millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}
