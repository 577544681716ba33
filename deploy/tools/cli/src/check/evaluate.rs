//! From objects to the report: every Pod reviewed twice, first to learn what to ask Amazon ECR, then with its answers.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;

use ecr_admission::arrival::Arrival;
use ecr_admission::config::Config;
use ecr_admission::evaluator::Evaluator;
use ecr_admission::inspect::{Budget, InspectImage};
use ecr_admission::policy_secret::{PolicyVersion, ReadPolicy, Unreadable};
use ecr_admission_lambda::{Level, Log};
use ecr_admission_policy::names::AccountId;
use tokio::time::Instant;

use super::facts::Facts;
use super::object::{Content, MadePod, Object};
use super::report::{CheckResult, CheckedObject, FoundViolation, Report};
use super::review::{Circumstances, Reviewed, review};

/// What the function of a stack would be set to, and the circumstances of its reviews.
#[derive(Debug)]
pub struct Setup {
    /// The settings.
    pub config: Config,
    /// The policy document.
    pub document: Option<PolicyVersion>,
    /// The account that the function runs in.
    pub own_account: AccountId,
    /// Who creates the Pods, and how.
    pub circumstances: Circumstances,
    /// The namespace of objects that name none.
    pub namespace: String,
    /// The wall clock, in milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// When all look-ups must be over.
    pub deadline: Instant,
    /// How many of them may be in flight at a time.
    pub room: usize,
}

/// The policy document that is at hand.
#[derive(Debug)]
struct GivenPolicy(PolicyVersion);

impl ReadPolicy for GivenPolicy {
    fn secret(&self) -> &'static str {
        "the given document"
    }

    async fn read(&self, _: Instant) -> Result<PolicyVersion, Unreadable> {
        Ok(self.0.clone())
    }
}

/// Evaluates every object. While Amazon ECR is asked, `watch` is run beside it: it is given what was asked so far and
/// the number of images, and is dropped as soon as all answers are there.
pub async fn evaluate<I: InspectImage, W: Future<Output = ()>>(
    objects: Vec<Object>,
    setup: Setup,
    inspector: I,
    watch: impl FnOnce(Arc<Budget>, usize) -> W,
) -> Report {
    let facts = Facts::new(inspector);
    let Setup { config, document, own_account, circumstances, namespace, now_ms, deadline, room } =
        setup;
    let log = Log::new(Level::Error);
    let evaluator = Evaluator::new(config, &facts, document.map(GivenPolicy), log);
    let reviewed = async |object: &Object, pod: &MadePod| {
        let namespace = object.namespace.as_deref().unwrap_or(&namespace);
        let (account, cluster) = (own_account.clone(), circumstances.cluster.clone());
        let arrival = Arrival::without_event(now_ms, deadline, account, cluster);
        review(&evaluator, pod, namespace, &circumstances, &arrival).await
    };
    for object in &objects {
        if let Content::Pod(pod) = &object.content {
            reviewed(object, pod).await;
        }
    }
    let noted = facts.noted();
    let budget = Arc::new(Budget::with_room_for(room, deadline));
    if noted > 0 {
        let watching = watch(Arc::clone(&budget), noted);
        tokio::select! {
            () = facts.ask(&budget) => {}
            () = async { watching.await; std::future::pending().await } => {}
        }
    }
    let mut findings = Findings::default();
    for object in objects {
        match &object.content {
            Content::NotEvaluated(why) => {
                let result = CheckResult::NotEvaluated(why.clone());
                findings.add(object, &namespace, Reviewed::without_evaluation(result));
            }
            Content::Pod(pod) => {
                let reviewed = reviewed(&object, pod).await;
                findings.add(object, &namespace, reviewed);
            }
        }
    }
    findings.into_report()
}

/// The report in the making.
#[derive(Debug, Default)]
struct Findings {
    objects: Vec<CheckedObject>,
    /// Where the Pods of an owner are in `objects`, by all that they must have in common.
    owners: HashMap<Alike, usize>,
    images: HashSet<String>,
    policy: Option<String>,
}

/// What Pods that are reported together have in common. Of the violations, that is all but their place in the file.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Alike {
    file: String,
    namespace: String,
    owner: String,
    images: Vec<String>,
    result: String,
    violations: Vec<String>,
}

impl Findings {
    fn add(&mut self, object: Object, namespace: &str, reviewed: Reviewed) {
        let Object { file, rendered, span, api_version, kind, name, content, .. } = object;
        let Reviewed { result, refusal, break_glass, violations, images, policy } = reviewed;
        let evaluated = matches!(content, Content::Pod(_));
        let namespace = match object.namespace {
            None if evaluated => Some(namespace.to_owned()),
            namespace => namespace,
        };
        self.images.extend(images.iter().cloned());
        self.policy = self.policy.take().or(policy);
        let owner = match content {
            Content::Pod(MadePod { owner, .. }) => owner,
            Content::NotEvaluated(_) => None,
        };
        if let (Some(owner), Some(namespace)) = (&owner, &namespace) {
            let alike = Alike {
                file: file.clone(),
                namespace: namespace.clone(),
                owner: owner.clone(),
                images,
                result: format!("{result:?} {refusal:?} {break_glass:?}"),
                violations: violations.iter().map(said).collect(),
            };
            if let Some(first) = self.owners.get(&alike).and_then(|n| self.objects.get_mut(*n)) {
                first.pods += 1;
                return;
            }
            self.owners.insert(alike, self.objects.len());
        }
        self.objects.push(CheckedObject {
            file,
            rendered,
            span,
            api_version,
            kind,
            namespace,
            name,
            pods: 1,
            owner,
            result,
            refusal,
            break_glass,
            violations,
        });
    }

    fn into_report(self) -> Report {
        let Self { objects, images, policy, .. } = self;
        let (images, policy) = (images.len(), policy.unwrap_or_default());
        Report { objects, images, policy, ..Report::default() }
    }
}

fn said(violation: &FoundViolation) -> String {
    let FoundViolation { mode, text, .. } = violation;
    format!("{mode} {text}")
}
