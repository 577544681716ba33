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
use super::object::{Content, MadePod, Object, ObjectId};
use super::prefetch::{Prefetch, Prefetched, Prefetching, Wanted};
use super::progress::{Step, beside};
use super::report::{CheckResult, CheckedObject, FoundViolation, Report};
use super::review::{Circumstances, Reviewed, Validated, review};

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
    /// How images of pull-through caches are pulled first, if they are.
    pub prefetch: Option<Prefetch>,
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

/// Evaluates every object. Beside what takes its time, `watch` is run: it is given the step, and is dropped as soon as
/// that is over.
pub async fn evaluate<I: InspectImage, W: Future<Output = ()>>(
    mut objects: Vec<Object>,
    setup: Setup,
    inspector: I,
    watch: impl Fn(Step) -> W,
) -> Report {
    let facts = Facts::new(inspector);
    let Setup {
        config,
        document,
        own_account,
        circumstances,
        namespace,
        now_ms,
        deadline,
        room,
        prefetch,
    } = setup;
    let log = Log::new(Level::Error);
    let evaluator = Evaluator::new(config, &facts, document.map(GivenPolicy), log);
    let validated = async |id: &ObjectId, pod: &MadePod| {
        let namespace = id.namespace.as_deref().unwrap_or(&namespace);
        let arrival = Arrival::without_event(now_ms, deadline, own_account.clone());
        review(&evaluator, pod, namespace, &circumstances, &arrival).await
    };
    let mut wanted = Wanted::default();
    for object in &mut objects {
        let Content::Pod(pod) = &mut object.content else { continue };
        pod.reduce();
        let Validated { validation, .. } = validated(&object.id, pod).await;
        if let (Some(_), Some(evaluation)) = (&prefetch, &validation.evaluation) {
            let images = evaluation.verdict.images.iter();
            images.for_each(|image| wanted.add(&image.image, &evaluation.policy));
        }
    }
    let budget = Arc::new(Budget::with_room_for(room, deadline));
    let prefetching = prefetch.as_ref().map(Prefetching::begin);
    let mut prefetched = match &prefetching {
        Some(prefetching) => prefetching.pull(wanted, &watch).await,
        None => Prefetched::default(),
    };
    let images = facts.noted();
    if images > 0 {
        let step = Step::Ask { budget: Arc::clone(&budget), images };
        beside(watch(step), facts.ask(&budget)).await;
    }
    if let Some(prefetching) = &prefetching {
        prefetching.wait(&mut prefetched, &facts, &budget, &watch).await;
    }
    let mut findings = Findings::default();
    for object in objects {
        match &object.content {
            Content::NotEvaluated(why) => {
                let result = CheckResult::NotEvaluated(why.clone());
                findings.add(object, &namespace, Reviewed::without_evaluation(result));
            }
            Content::Pod(pod) => {
                let validated = validated(&object.id, pod).await;
                let reviewed = validated.reviewed(pod, &prefetched);
                findings.add(object, &namespace, reviewed);
            }
        }
    }
    Report { notices: prefetched.notices, ..findings.into_report() }
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
        let Object { mut id, content } = object;
        let Reviewed { result, refusal, break_glass, violations, images, policy } = reviewed;
        if matches!(content, Content::Pod(_)) {
            id.namespace.get_or_insert_with(|| namespace.to_owned());
        }
        self.images.extend(images.iter().cloned());
        self.policy = self.policy.take().or(policy);
        let owner = match content {
            Content::Pod(MadePod { owner, .. }) => owner,
            Content::NotEvaluated(_) => None,
        };
        if let (Some(owner), Some(namespace)) = (&owner, &id.namespace) {
            let alike = Alike {
                file: id.file.clone(),
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
            id,
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
