//! `POST /validate`: whether a request is admitted.

use ecr_admission_policy::break_glass::Ruling;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::{Decision, FieldPath, Mode, Policy, Verdict, decide, plan};
use futures_util::future::join;

use super::Handler;
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

/// The result.
struct Evaluation {
    verdict: Verdict,
    policy: Policy,
    copy: Option<DocumentCopy>,
    known: Known,
}

impl<I: InspectImage, R: ReadPolicy> Handler<I, R> {
    pub(super) async fn validate(
        &self,
        review: &Review<'_>,
        arrival: &Arrival,
    ) -> (Answer, Outcome) {
        let request = match &review.request {
            Ok(request) => request,
            Err(problem) => {
                let refusal = Refusal::UnreadableRequest(problem.clone());
                return refused(&refusal.under(Mode::Deny));
            }
        };
        if self.is_ignored(request) {
            return unevaluated(ReviewDecision::Ignored);
        }
        let (mode, images) = match workload::of(request) {
            Ok(Workload::NoImages) => return unevaluated(ReviewDecision::Admitted),
            Ok(Workload::Images { mode, images }) => (mode, images),
            Err(problem) => return refused(&problem),
        };
        let Some(own_account) = &arrival.own_account else {
            return refused(&Refusal::UnknownAccount.under(mode));
        };
        let asked = Asked { request, images, mode, own_account };
        let mut evaluation = match self.evaluate(&asked, arrival).await {
            Ok(evaluation) => evaluation,
            Err(refusal) => return refused(&refusal.under(mode)),
        };
        self.lookups.learn(&evaluation.known, &evaluation.verdict.violating);
        self.rule_on_break_glass(&review.uid, request, &mut evaluation);
        let Evaluation { verdict, policy, copy, known } = evaluation;
        let (answer, mut outcome) = evaluated(&verdict, &policy, &arrival.budget, known.remembered);
        if copy.is_some_and(|copy| copy.outdated) {
            outcome.policy = PolicyAge::Outdated;
        }
        (answer, outcome)
    }

    /// Evaluates by the policy in force. A document that may have changed is read again while the images are
    /// looked up; if it did change, the images are evaluated again by the new one.
    async fn evaluate(&self, asked: &Asked<'_>, arrival: &Arrival) -> Result<Evaluation, Refusal> {
        let Arrival { now_ms, budget, .. } = arrival;
        let copy = in_force(self.policies.at_hand(budget.deadline, *now_ms).await)?;
        let renewal = self.policies.renewed(budget.deadline, *now_ms);
        let (first, renewed) = join(self.evaluate_by(copy, asked, arrival), renewal).await;
        let (first, renewed) = (first?, in_force(renewed)?);
        let version = |copy: &Option<DocumentCopy>| copy.as_ref().map(|copy| copy.version.clone());
        if version(&renewed) == version(&first.copy) {
            return Ok(Evaluation { copy: renewed, ..first });
        }
        self.evaluate_by(renewed, asked, arrival).await
    }

    async fn evaluate_by(
        &self,
        copy: Option<DocumentCopy>,
        asked: &Asked<'_>,
        arrival: &Arrival,
    ) -> Result<Evaluation, Refusal> {
        let Asked { request, images, mode, own_account } = asked;
        let now = arrival.timestamp();
        let policy = self.policy(copy.as_ref(), request, *mode, own_account, now);
        let plan = plan(images.iter().cloned(), *mode, &policy);
        let (lookups, limit) = (plan.lookups(), self.config.max_images);
        if lookups.len() > limit {
            let (kind, images) = (request.kind.kind.clone(), lookups.len());
            return Err(Refusal::TooManyImages { kind, images, limit });
        }
        let known = self.lookups.inspect(lookups, own_account, &policy.needs(), arrival).await;
        let verdict = decide(&plan, &known.inspections, &policy, now);
        Ok(Evaluation { verdict, policy, copy, known })
    }

    /// Takes into account that a denied request asks for break-glass.
    fn rule_on_break_glass(&self, uid: &str, request: &Request<'_>, evaluation: &mut Evaluation) {
        let Evaluation { verdict, copy, .. } = evaluation;
        if verdict.decision() == Decision::Admit {
            return;
        }
        let Some(asked) = glass::asked(request) else { return };
        let allowed = copy.as_ref().and_then(|copy| copy.document.break_glass());
        let groups = request.user_info.groups.as_deref().unwrap_or_default();
        let ruling = Ruling::of(allowed, &asked, groups);
        if let Ruling::Honored { group, reason } = &ruling {
            self.record.break_glass(uid, &request.user_info, group, reason);
        }
        verdict.apply_break_glass(ruling);
    }
}
