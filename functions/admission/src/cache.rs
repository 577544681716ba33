//! Facts that were inspected a short while ago.
//!
//! Kept by digest; by tag too, but only while the tag cannot be overwritten. A failed look-up is
//! never kept here (see [`crate::not_found`]), and facts that led to a violation are kept only for [`AFTER_VIOLATION`], so that who
//! mends an image need not wait. What is old enough to matter is told by the wall clock: a monotonic
//! clock may stand still while Lambda freezes the sandbox.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ecr_admission_policy::facts::{ImageFacts, Needs};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::{EcrImage, Inspection};

/// How long facts that led to a violation are kept, at most.
pub const AFTER_VIOLATION: Duration = Duration::from_secs(5);

/// How many images are remembered: with the largest index allowed, about 8 MB.
pub const CAPACITY: usize = 512;

/// How many findings are remembered, over all images: about 10 MB. Only a policy that filters findings
/// keeps more than three of a platform.
pub const FINDINGS: usize = 40_000;

/// The facts a sandbox remembers. All times are milliseconds since the Unix epoch.
#[derive(Debug)]
pub struct Cache {
    keep_ms: u64,
    /// For which needs the facts were looked up.
    needs: Option<Needs>,
    entries: BTreeMap<EcrImage, Entry>,
}

#[derive(Debug)]
struct Entry {
    facts: Box<ImageFacts>,
    inspected_ms: u64,
    keep_ms: u64,
}

impl Entry {
    /// A clock that was set back makes an entry stale, not young.
    fn is_fresh(&self, now_ms: u64) -> bool {
        now_ms.checked_sub(self.inspected_ms).is_some_and(|age| age < self.keep_ms)
    }
}

impl Cache {
    /// A cache that keeps facts for `keep`; with zero it keeps none.
    pub fn new(keep: Duration) -> Self {
        Self { keep_ms: millis(keep), needs: None, entries: BTreeMap::new() }
    }

    /// Forgets all facts that were looked up for other needs: some of these may be missing from them.
    pub fn serve(&mut self, needs: &Needs) {
        if self.needs.as_ref() != Some(needs) {
            self.entries.clear();
            self.needs = Some(*needs);
        }
    }

    /// What is known of `images` and is still fresh.
    pub fn recall(
        &self,
        images: &BTreeSet<EcrImage>,
        now_ms: u64,
    ) -> BTreeMap<EcrImage, Inspection> {
        images
            .iter()
            .filter_map(|image| {
                let entry = self.entries.get(image).filter(|entry| entry.is_fresh(now_ms))?;
                Some((image.clone(), Inspection::Inspected(entry.facts.clone())))
            })
            .collect()
    }

    /// Remembers what was inspected at `inspected_ms` (when its look-ups began).
    pub fn remember(
        &mut self,
        image: &EcrImage,
        facts: &ImageFacts,
        violated: bool,
        inspected_ms: u64,
    ) {
        let keep_ms =
            if violated { self.keep_ms.min(millis(AFTER_VIOLATION)) } else { self.keep_ms };
        if keep_ms == 0 || facts.lacks_something() {
            return;
        }
        let by_digest = EcrImage { id: ImageId::Digest(facts.digest.clone()), ..image.clone() };
        let by_tag = match &image.id {
            ImageId::Tag(tag) if facts.repository.mutability.protects(tag) => Some(image.clone()),
            ImageId::Tag(_) | ImageId::Digest(_) => None,
        };
        if facts.findings() > FINDINGS {
            return;
        }
        for key in by_tag.into_iter().chain([by_digest]) {
            self.make_room(&key, facts.findings(), inspected_ms);
            let entry = Entry { facts: facts.clone().into(), inspected_ms, keep_ms };
            self.entries.insert(key, entry);
        }
    }

    /// Forgets what is stale and, while that is not enough, what is oldest.
    fn make_room(&mut self, key: &EcrImage, findings: usize, now_ms: u64) {
        self.entries.remove(key);
        if self.has_room(findings) {
            return;
        }
        self.entries.retain(|_, entry| entry.is_fresh(now_ms));
        while !self.has_room(findings) {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.inspected_ms);
            let Some(oldest) = oldest.map(|(image, _)| image.clone()) else { return };
            self.entries.remove(&oldest);
        }
    }

    fn has_room(&self, findings: usize) -> bool {
        let kept: usize = self.entries.values().map(|entry| entry.facts.findings()).sum();
        self.entries.len() < CAPACITY && kept + findings <= FINDINGS
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
