//! `POST /mutate`: which images are pinned or rewritten.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use ecr_admission_policy::Mode;
use ecr_admission_policy::mutate::{Mutated, mutate};
use lambda_runtime::Context;

use super::policy::judging;
use super::{Handler, budget, now_ms};
use crate::account;
use crate::answer::mutated;
use crate::inspect::InspectImage;
use crate::left_alone;
use crate::patch;
use crate::policy_copy::timestamp;
use crate::policy_secret::ReadPolicy;
use crate::record::MutationOutcome;
use crate::review::{Answer, Review};
use crate::workload::{self, Workload};

impl<I: InspectImage, R: ReadPolicy> Handler<I, R> {
    /// Never refuses: what cannot be changed is left alone, and the validating half decides.
    pub(super) async fn mutate(
        &self,
        review: &Review<'_>,
        event: &ApiGatewayV2httpRequest,
        context: &Context,
    ) -> Option<(Answer, MutationOutcome)> {
        let request = review.request.as_ref().ok()?;
        if self.is_ignored(request) {
            return None;
        }
        let Ok(Workload::Images { images, .. }) = workload::of(request) else { return None };
        let images = left_alone::replaceable(request, images);
        if images.is_empty() {
            return None;
        }
        let (budget, started_ms) = (budget(event, context), now_ms());
        let in_force = self.policies.renewed(budget.deadline, started_ms).await;
        let copy = judging(in_force).ok()?;
        let (pin, rewrites) = (self.pins(copy.as_ref(), request), self.rewrites(copy.as_ref()));
        if !pin && rewrites.is_empty() {
            return None;
        }
        let own_account = account::of_function_arn(&context.invoked_function_arn)?;
        let (copy, now) = (copy.as_ref(), timestamp(started_ms));
        let policy = self.policy(copy, request, Mode::Deny, &own_account, now);
        let mutation = mutate(images, rewrites, pin, &policy);
        let lookups = mutation.lookups();
        // The validating half says why.
        if lookups.len() > self.config.max_images {
            return None;
        }
        let known = self.lookups.inspect(lookups, &own_account, &policy, &budget, now_ms()).await;
        let Mutated { changes, warnings } = mutation.finish(&known.inspections, &policy);
        // kube-apiserver drops whatever else is changed through this subresource.
        let annotate = request.sub_resource.as_deref() != Some("ephemeralcontainers");
        let patch = patch::operations(&changes, request.object?, annotate);
        let outcome = MutationOutcome {
            changes,
            not_pinned: warnings.len(),
            registry_calls: budget.calls(),
            throttled: budget.throttled(),
            cache_hits: known.remembered,
        };
        Some((mutated(patch, warnings), outcome))
    }
}
