//! Facts that were inspected recently.
//!
//! Kept by digest; by tag too, but only while the tag cannot be overwritten. A failed look-up is never kept
//! here (see [`crate::not_found`]). Facts are kept for [`UNTIL_COMPLIANT`], and longer only after a verdict
//! found that their image violates no rule: a fixed image is admitted soon. Ages are by the wall
//! clock: a monotonic clock may stand still while Lambda freezes the sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ecr_admission_policy::facts::ImageFacts;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Inspection};

/// How long facts are kept, at most, that led to a violation or to no verdict yet.
pub const UNTIL_COMPLIANT: Duration = Duration::from_secs(5);

/// How many entries there are, at most. An image that a workload names by tag takes two: the 1,000 images of a large
/// cluster fit.
pub const CAPACITY: usize = 2_048;

/// How many bytes of facts are remembered, over all images. An image of one platform takes about 500;
/// only large indexes, and policies that filter findings, come near to this.
pub const MAX_BYTES: usize = 12 << 20;

/// The facts a sandbox remembers. All times are milliseconds since the Unix epoch.
#[derive(Debug)]
pub struct Cache {
    keep_ms: u64,
    /// For which needs the facts were looked up.
    needs: Option<Needs>,
    entries: BTreeMap<EcrImage, Entry>,
    /// What the entries take together.
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    facts: Arc<ImageFacts>,
    bytes: usize,
    inspected_ms: u64,
    keep_ms: u64,
    /// Whether the facts led to a violation.
    violated: bool,
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
        Self { keep_ms: millis(keep), needs: None, entries: BTreeMap::new(), bytes: 0 }
    }

    /// Forgets all facts if they were looked up for other needs: some that are needed now may be missing.
    pub fn forget_other_needs(&mut self, needs: &Needs) {
        if self.needs.as_ref() != Some(needs) {
            self.entries.clear();
            self.bytes = 0;
            self.needs = Some(*needs);
        }
    }

    /// What is known of `images` and is still fresh.
    pub fn recall<'a>(
        &self,
        images: impl IntoIterator<Item = &'a EcrImage>,
        now_ms: u64,
    ) -> BTreeMap<EcrImage, Inspection> {
        images
            .into_iter()
            .filter_map(|image| {
                let entry = self.entries.get(image).filter(|entry| entry.is_fresh(now_ms))?;
                Some((image.clone(), Inspection::Inspected(Arc::clone(&entry.facts))))
            })
            .collect()
    }

    /// Remembers what was inspected at `inspected_ms` (when its look-ups began).
    pub fn remember(&mut self, image: &EcrImage, facts: &Arc<ImageFacts>, inspected_ms: u64) {
        let keep_ms = self.keep_ms.min(millis(UNTIL_COMPLIANT));
        if keep_ms == 0 || facts.is_incomplete() {
            return;
        }
        let by_tag = match &image.id {
            ImageId::Tag(tag) if facts.repository.mutability.protects(tag) => Some(image.clone()),
            ImageId::Tag(_) | ImageId::Digest(_) => None,
        };
        // Both keys share the facts; counted for each, the sum errs to the safe side.
        let bytes = facts.bytes();
        if bytes > MAX_BYTES {
            return;
        }
        for key in by_tag.into_iter().chain([by_digest(image, facts)]) {
            self.make_room(&key, bytes, inspected_ms);
            self.bytes += bytes;
            let facts = Arc::clone(facts);
            let entry = Entry { facts, bytes, inspected_ms, keep_ms, violated: false };
            self.entries.insert(key, entry);
        }
    }

    /// Keeps these facts of an image as long as the verdict on them allows. Once they led to a violation,
    /// no other verdict keeps them longer.
    pub fn learn(&mut self, image: &EcrImage, facts: &Arc<ImageFacts>, violated: bool) {
        for key in [image.clone(), by_digest(image, facts)] {
            let entry = self.entries.get_mut(&key);
            let Some(entry) = entry.filter(|entry| Arc::ptr_eq(&entry.facts, facts)) else {
                continue;
            };
            entry.violated |= violated;
            let longest = if entry.violated { millis(UNTIL_COMPLIANT) } else { u64::MAX };
            entry.keep_ms = self.keep_ms.min(longest);
        }
    }

    /// Forgets what is stale and then, until a sixteenth of the entries and of the bytes is free (more for larger
    /// facts), what is oldest, so that many insertions share one search.
    fn make_room(&mut self, key: &EcrImage, bytes: usize, now_ms: u64) {
        self.forget(key);
        if self.has_room(1, bytes) {
            return;
        }
        self.entries.retain(|_, entry| entry.is_fresh(now_ms));
        self.bytes = self.entries.values().map(|entry| entry.bytes).sum();
        let mut by_age: Vec<(u64, EcrImage)> =
            self.entries.iter().map(|(image, entry)| (entry.inspected_ms, image.clone())).collect();
        by_age.sort_unstable();
        for (_, oldest) in by_age {
            if self.has_room(CAPACITY / 16, bytes.max(MAX_BYTES / 16)) {
                return;
            }
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, key: &EcrImage) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    fn has_room(&self, entries: usize, bytes: usize) -> bool {
        self.entries.len() + entries <= CAPACITY && self.bytes + bytes <= MAX_BYTES
    }
}

fn by_digest(image: &EcrImage, facts: &ImageFacts) -> EcrImage {
    EcrImage { id: ImageId::Digest(facts.digest.clone()), ..image.clone() }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
