//! `POST /validate`: is the request admitted?

use std::borrow::Cow;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use ecr_admission_policy::break_glass::Ruling;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::{FieldPath, Mode, Policy, Refusal, Verdict, decide, plan};
use futures_util::future::join;
use lambda_runtime::Context;
use serde::Serialize;

use super::policy::judging;
use super::{Handler, budget, now_ms};
use crate::account;
use crate::answer::{judged, refused, unjudged};
use crate::glass;
use crate::inspect::{Budget, InspectImage};
use crate::lookups::Known;
use crate::policy_copy::{Copy, timestamp};
use crate::policy_secret::ReadPolicy;
use crate::record::{Decision, Outcome, PolicyAge, TEXT, bounded};
use crate::review::{Answer, Request, Review};
use crate::workload::{self, Unreadable, Workload};

/// What is to be judged, and for whom.
struct Asked<'a> {
    request: &'a Request<'a>,
    images: Vec<(FieldPath, String)>,
    mode: Mode,
    own_account: AccountId,
}

/// What came of it.
struct Judged {
    verdict: Verdict,
    policy: Policy,
    copy: Option<Copy>,
    known: Known,
}

#[derive(Serialize)]
struct BrokenGlass<'a> {
    uid: Cow<'a, str>,
    user: Option<Cow<'a, str>>,
    group: &'a str,
    reason: Cow<'a, str>,
}

impl<I: InspectImage, R: ReadPolicy> Handler<I, R> {
    pub(super) async fn validate(
        &self,
        review: &Review<'_>,
        event: &ApiGatewayV2httpRequest,
        context: &Context,
    ) -> (Answer, Outcome) {
        let request = match &review.request {
            Ok(request) => request,
            Err(problem) => return refused(problem.clone(), Mode::Deny),
        };
        if self.is_ignored(request) {
            return unjudged(Decision::Ignored);
        }
        let (mode, images) = match workload::of(request) {
            Ok(Workload::NoImages) => return unjudged(Decision::Admitted),
            Ok(Workload::Images { mode, images }) => (mode, images),
            Err(Unreadable { message, mode }) => return refused(message, mode),
        };
        let Some(own_account) = account::of_function_arn(&context.invoked_function_arn) else {
            let problem = "the function's own account could not be read from its ARN";
            return refused(problem.to_owned(), mode);
        };
        let asked = Asked { request, images, mode, own_account };
        let budget = budget(event, context);
        let mut judgement = match self.judge(&asked, &budget).await {
            Ok(judgement) => judgement,
            Err(refusal) => return refused(refusal.to_string(), mode),
        };
        self.ask_for_glass(&review.uid, &asked, &mut judgement);
        let Judged { verdict, policy, copy, known } = judgement;
        let (answer, mut outcome) = judged(&verdict, &policy, &budget, known.remembered);
        if copy.is_some_and(|copy| copy.outdated) {
            outcome.policy = PolicyAge::Outdated;
        }
        (answer, outcome)
    }

    /// Judges by the policy that is in force. A document that may be older than it should is read again
    /// beside the look-ups; when it changed, the new one judges. The error says why nothing is judged.
    async fn judge(&self, asked: &Asked<'_>, budget: &Budget) -> Result<Judged, Refusal> {
        let started_ms = now_ms();
        let copy = judging(self.policies.at_hand(budget.deadline, started_ms).await)?;
        let renewal = self.policies.renewed(budget.deadline, started_ms);
        let (first, renewed) = join(self.judge_by(copy, asked, budget), renewal).await;
        let (first, renewed) = (first?, judging(renewed)?);
        let version = |copy: &Option<Copy>| copy.as_ref().map(|copy| copy.version.clone());
        if version(&renewed) == version(&first.copy) {
            return Ok(Judged { copy: renewed, ..first });
        }
        self.judge_by(renewed, asked, budget).await
    }

    async fn judge_by(
        &self,
        copy: Option<Copy>,
        asked: &Asked<'_>,
        budget: &Budget,
    ) -> Result<Judged, Refusal> {
        let Asked { request, images, mode, own_account } = asked;
        let started_ms = now_ms();
        let now = timestamp(started_ms);
        let policy = self.policy(copy.as_ref(), request, *mode, own_account, now);
        let plan = plan(images.iter().cloned(), *mode, &policy);
        let lookups = plan.lookups();
        let limit = self.config.max_images;
        if lookups.len() > limit {
            let (kind, images) = (request.kind.kind.clone(), lookups.len());
            return Err(Refusal::TooManyImages { kind, images, limit });
        }
        let known = self.lookups.inspect(lookups, own_account, &policy, budget, started_ms).await;
        let verdict = decide(&plan, &known.inspections, &policy, now);
        Ok(Judged { verdict, policy, copy, known })
    }

    /// Takes it into account when a denied request asks to break the glass.
    fn ask_for_glass(&self, uid: &str, asked: &Asked<'_>, judgement: &mut Judged) {
        let Judged { verdict, copy, .. } = judgement;
        if verdict.decision() == ecr_admission_policy::Decision::Admit {
            return;
        }
        let Some(asking) = glass::asked(asked.request) else { return };
        let allowed = copy.as_ref().and_then(|copy| copy.document.break_glass());
        let user = &asked.request.user_info;
        let groups = user.groups.as_deref().unwrap_or_default();
        let ruling = Ruling::of(allowed, &asking, groups);
        if let Ruling::Honoured { group, reason } = &ruling {
            let user = user.username.as_deref().map(|user| bounded(user, TEXT));
            let (uid, reason) = (bounded(uid, TEXT), bounded(reason, TEXT));
            self.log.warn("break-glass", &BrokenGlass { uid, user, group, reason });
        }
        verdict.apply_break_glass(ruling);
    }
}
