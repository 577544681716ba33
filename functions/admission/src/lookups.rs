//! Facts about images: remembered, or looked up now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecr_admission_policy::decide::violates;
use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::plan::Uses;
use ecr_admission_policy::{EcrImage, Inspection, Policy};

use crate::cache::Cache;
use crate::inspect::{Budget, InspectImage, gather};
use crate::not_found::NotFound;
use crate::policy_copy::timestamp;

/// An inspector, and what it found a short while ago.
#[derive(Debug)]
pub struct Lookups<I> {
    inspector: I,
    cache: Mutex<Cache>,
    not_found: Mutex<NotFound>,
}

/// What is known of the images of a review.
#[derive(Debug)]
pub struct Known {
    /// One inspection for each image that was asked for.
    pub inspections: BTreeMap<EcrImage, Inspection>,
    /// How many of them were remembered.
    pub remembered: usize,
}

impl<I: InspectImage> Lookups<I> {
    /// Remembers what `inspector` finds for `keep`; with zero, nothing.
    pub fn new(inspector: I, keep: Duration) -> Self {
        let (cache, not_found) = (Cache::new(keep), NotFound::new(keep));
        Self { inspector, cache: Mutex::new(cache), not_found: Mutex::new(not_found) }
    }

    /// What is known of `images`, used as given, at `now_ms` (milliseconds since the Unix epoch), and
    /// looks up the rest.
    pub async fn inspect(
        &self,
        mut images: BTreeMap<EcrImage, Uses>,
        own_account: &AccountId,
        policy: &Policy,
        budget: &Budget,
        now_ms: u64,
    ) -> Known {
        let needs = policy.needs();
        let mut inspections = {
            let mut cache = self.cache();
            cache.serve(&needs);
            cache.recall(images.keys(), now_ms)
        };
        inspections.extend(self.not_found().recall(images.keys(), now_ms));
        let remembered = inspections.len();
        images.retain(|image, _| !inspections.contains_key(image));
        let unknown: BTreeSet<EcrImage> = images.keys().cloned().collect();
        let found = gather(&self.inspector, own_account, &unknown, &needs, budget).await;
        for (image, inspection) in &found {
            self.not_found().remember(image, inspection, now_ms);
            if let Inspection::Inspected(facts) = inspection {
                let uses = images.get(image).copied().unwrap_or_default();
                let violated = violates(image, uses, facts, policy, timestamp(now_ms));
                self.cache().remember(image, facts, violated, now_ms);
            }
        }
        inspections.extend(found);
        Known { inspections, remembered }
    }

    /// A panic elsewhere must not take the facts with it.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_found(&self) -> MutexGuard<'_, NotFound> {
        self.not_found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
