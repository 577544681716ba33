//! Facts about images: remembered, or looked up now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ecr_admission_policy::names::AccountId;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection};

use crate::arrival::Arrival;
use crate::cache::Cache;
use crate::inspect::{InspectImage, gather};
use crate::not_found::NotFound;

/// An inspector, and what it found recently.
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

    /// What is known of `images` when a review arrives. The rest is looked up.
    pub async fn inspect(
        &self,
        mut images: BTreeSet<EcrImage>,
        own_account: &AccountId,
        needs: &Needs,
        arrival: &Arrival,
    ) -> Known {
        let now_ms = arrival.now_ms;
        let mut inspections = {
            let mut cache = self.cache();
            cache.forget_other_needs(needs);
            cache.recall(&images, now_ms)
        };
        inspections.extend(self.not_found().recall(&images, now_ms));
        let remembered = inspections.len();
        images.retain(|image| !inspections.contains_key(image));
        let found = gather(&self.inspector, own_account, &images, needs, &arrival.budget).await;
        for (image, inspection) in &found {
            self.not_found().remember(image, inspection, now_ms);
            if let Inspection::Inspected(facts) = inspection {
                self.cache().remember(image, facts, now_ms);
            }
        }
        inspections.extend(found);
        Known { inspections, remembered }
    }

    /// Learns from the verdict which facts may be reused for long: those of the images that violate no
    /// rule.
    pub fn learn(&self, known: &Known, violating: &BTreeSet<EcrImage>) {
        let mut cache = self.cache();
        for (image, inspection) in &known.inspections {
            if let Inspection::Inspected(facts) = inspection {
                cache.learn(image, facts, violating.contains(image));
            }
        }
    }

    /// A panic elsewhere must not take the facts with it.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_found(&self) -> MutexGuard<'_, NotFound> {
        self.not_found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
