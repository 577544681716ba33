//! The validating webhook: whether a request is admitted.

use ecr_admission_policy::break_glass::Ruling;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::{Decision, FieldPath, Mode, Policy, Verdict, decide, plan};
use futures_util::future::join;

use super::Evaluator;
use super::policy::in_force;
use crate::answer::{evaluated, refused, unevaluated};
use crate::arrival::Arrival;
use crate::glass;
use crate::inspect::InspectImage;
use crate::lookups::Known;
use crate::outcome::{Outcome, PolicyAge, ReviewDecision};
use crate::policy_copy::DocumentCopy;
use crate::policy_secret::ReadPolicy;
use crate::refusal::Refusal;
use crate::review::{Answer, Request, Review};
use crate::workload::{self, Workload};

/// What to evaluate.
struct Asked<'a> {
    request: &'a Request<'a>,
    images: Vec<(FieldPath, String)>,
    mode: Mode,
    own_account: &'a AccountId,
}

/// What was found of the images, and the rest that the answer is made from.
struct Found {
    evaluation: Evaluation,
    copy: Option<DocumentCopy>,
    known: Known,
}

/// What was decided of a request, and why.
#[derive(Debug)]
pub struct Validation {
    /// The answer.
    pub answer: Answer,
    /// What there is to log and to count.
    pub outcome: Outcome,
    /// What was found; `None` where no image was evaluated.
    pub evaluation: Option<Evaluation>,
}

/// What was found of the images of a request, all of it: an answer is bounded.
#[derive(Debug)]
pub struct Evaluation {
    /// What is wrong with them.
    pub verdict: Verdict,
    /// By which policy.
    pub policy: Policy,
}

impl Validation {
    /// The group that break-glass was honored for, and the reason that was given.
    pub fn broken_glass(&self) -> Option<(&str, &str)> {
        match &self.evaluation.as_ref()?.verdict.break_glass {
            Some(Ruling::Honored { group, reason }) => Some((group, reason)),
            Some(_) | None => None,
        }
    }
}

/// An answer for which no image was evaluated.
impl From<(Answer, Outcome)> for Validation {
    fn from((answer, outcome): (Answer, Outcome)) -> Self {
        Self { answer, outcome, evaluation: None }
    }
}

impl<I: InspectImage, R: ReadPolicy> Evaluator<I, R> {
    /// Whether a request is admitted.
    pub async fn validate(&self, review: &Review<'_>, arrival: &Arrival) -> Validation {
        let request = match &review.request {
            Ok(request) => request,
            Err(problem) => {
                let refusal = Refusal::UnreadableRequest(problem.clone());
                return refused(&refusal.under(Mode::Deny)).into();
            }
        };
        if self.is_ignored(request) {
            return unevaluated(ReviewDecision::Ignored).into();
        }
        let (mode, images) = match workload::of(request) {
            Ok(Workload::NoImages) => return unevaluated(ReviewDecision::Admitted).into(),
            Ok(Workload::Images { mode, images }) => (mode, images),
            Err(problem) => return refused(&problem).into(),
        };
        let Some(own_account) = &arrival.own_account else {
            return refused(&Refusal::UnknownAccount.under(mode)).into();
        };
        let asked = Asked { request, images, mode, own_account };
        let Found { mut evaluation, copy, known } = match self.evaluate(&asked, arrival).await {
            Ok(found) => found,
            Err(refusal) => return refused(&refusal.under(mode)).into(),
        };
        self.lookups.learn(&known, &evaluation.verdict.violating);
        let cluster = arrival.cluster.as_deref();
        rule_on_break_glass(request, cluster, copy.as_ref(), &mut evaluation.verdict);
        let Evaluation { verdict, policy } = &evaluation;
        let (answer, mut outcome) = evaluated(verdict, policy, &arrival.budget, known.remembered);
        if copy.is_some_and(|copy| copy.outdated) {
            outcome.policy = PolicyAge::Outdated;
        }
        Validation { answer, outcome, evaluation: Some(evaluation) }
    }

    /// Evaluates by the policy in force. A document that may have changed is read again while the images are
    /// looked up; if it did change, the images are evaluated again by the new one.
    async fn evaluate(&self, asked: &Asked<'_>, arrival: &Arrival) -> Result<Found, Refusal> {
        let Arrival { now_ms, budget, .. } = arrival;
        let copy = in_force(self.policies.at_hand(budget.deadline, *now_ms).await)?;
        let renewal = self.policies.renewed(budget.deadline, *now_ms);
        let (first, renewed) = join(self.evaluate_by(copy, asked, arrival), renewal).await;
        let (first, renewed) = (first?, in_force(renewed)?);
        let version = |copy: &Option<DocumentCopy>| copy.as_ref().map(|copy| copy.version.clone());
        if version(&renewed) == version(&first.copy) {
            return Ok(Found { copy: renewed, ..first });
        }
        self.evaluate_by(renewed, asked, arrival).await
    }

    async fn evaluate_by(
        &self,
        copy: Option<DocumentCopy>,
        asked: &Asked<'_>,
        arrival: &Arrival,
    ) -> Result<Found, Refusal> {
        let Asked { request, images, mode, own_account } = asked;
        let now = arrival.timestamp();
        let policy = self.policy(copy.as_ref(), request, *mode, own_account, arrival);
        let plan = plan(images.iter().cloned(), *mode, &policy);
        let (lookups, limit) = (plan.lookups(), self.config.max_images);
        if lookups.len() > limit {
            let (kind, images) = (request.kind.kind.clone(), lookups.len());
            return Err(Refusal::TooManyImages { kind, images, limit });
        }
        let known = self.lookups.inspect(lookups, own_account, &policy.needs(), arrival).await;
        let verdict = decide(&plan, &known.inspections, &policy, now);
        Ok(Found { evaluation: Evaluation { verdict, policy }, copy, known })
    }
}

/// Takes into account that a denied request asks for break-glass.
fn rule_on_break_glass(
    request: &Request<'_>,
    cluster: Option<&str>,
    copy: Option<&DocumentCopy>,
    verdict: &mut Verdict,
) {
    if verdict.decision() == Decision::Admit {
        return;
    }
    let Some(asked) = glass::asked(request) else { return };
    let allowed = copy.and_then(|copy| copy.document.break_glass());
    let groups = request.user_info.groups.as_deref().unwrap_or_default();
    verdict.apply_break_glass(Ruling::of(allowed, cluster, &asked, groups));
}
