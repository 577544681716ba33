//! The mutating webhook: which images are pinned or rewritten.

use ecr_admission_policy::Mode;
use ecr_admission_policy::mutate::{Mutated, mutate};

use super::Evaluator;
use super::policy::in_force;
use crate::answer::mutated;
use crate::arrival::Arrival;
use crate::inspect::InspectImage;
use crate::outcome::MutationOutcome;
use crate::patch;
use crate::policy_secret::ReadPolicy;
use crate::replaceable;
use crate::review::{Answer, Review};
use crate::workload::{self, Workload};

/// What the mutating webhook does to an object.
#[derive(Debug)]
pub struct Replacement {
    /// The answer, with the patch.
    pub answer: Answer,
    /// The changes, for log and counts.
    pub outcome: MutationOutcome,
}

impl<I: InspectImage, R: ReadPolicy> Evaluator<I, R> {
    /// What becomes of the images of a request; `None` where there is nothing to do.
    ///
    /// Never denies: what cannot be changed stays as it is, and the validating webhook decides.
    pub async fn mutate(&self, review: &Review<'_>, arrival: &Arrival) -> Option<Replacement> {
        let request = review.request.as_ref().ok()?;
        if self.is_ignored(request) {
            return None;
        }
        let Ok(Workload::Images { images, .. }) = workload::of(request) else { return None };
        let images = replaceable::of(request, images);
        if images.is_empty() {
            return None;
        }
        let Arrival { now_ms, budget, own_account, .. } = arrival;
        let copy = in_force(self.policies.renewed(budget.deadline, *now_ms).await).ok()?;
        let copy = copy.as_ref();
        let (pin, rewrites) = (self.pins(copy, request), self.rewrites(copy));
        if !pin && rewrites.is_empty() {
            return None;
        }
        let own_account = own_account.as_ref()?;
        let policy = self.policy(copy, request, Mode::Deny, own_account, arrival);
        let mutation = mutate(images, rewrites, pin, &policy);
        let lookups = mutation.lookups();
        // The validating webhook says why.
        if lookups.len() > self.config.max_images {
            return None;
        }
        let known = self.lookups.inspect(lookups, own_account, &policy.needs(), arrival).await;
        let Mutated { changes, warnings } = mutation.finish(&known.inspections, &policy);
        // kube-apiserver drops every other change made through this subresource.
        let annotate = request.sub_resource.as_deref() != Some("ephemeralcontainers");
        let patch = patch::operations(&changes, request.object?, annotate);
        let outcome = MutationOutcome {
            changes,
            not_pinned: warnings.len(),
            registry_calls: budget.calls(),
            throttled: budget.throttled(),
            cache_hits: known.remembered,
        };
        Some(Replacement { answer: mutated(patch, warnings), outcome })
    }
}
