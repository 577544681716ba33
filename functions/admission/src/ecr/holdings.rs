//! What is known so far about the images of one repository.

use std::collections::BTreeMap;

use ecr_admission_policy::facts::ConfigFacts;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{Digest, Tag};

use super::manifests::Read;
use super::scan::Scanned;
use super::signing::Signing;
use crate::inspect::Missing;

/// What was found in a repository.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) scans: ById<Result<Scanned, Missing>>,
    pub(super) manifests: ById<Result<Read, Missing>>,
    /// By the digest of the image.
    pub(super) configs: BTreeMap<Digest, ConfigFacts>,
    pub(super) signings: ById<Signing>,
}

/// Answers by the id in the request. Children are looked up by digest again and again, so digests have a
/// map of their own.
#[derive(Debug)]
pub(super) struct ById<T> {
    digests: BTreeMap<Digest, T>,
    tags: BTreeMap<Tag, T>,
}

impl<T> Default for ById<T> {
    fn default() -> Self {
        Self { digests: BTreeMap::new(), tags: BTreeMap::new() }
    }
}

impl<T> ById<T> {
    /// What was found under an id.
    pub(super) fn get(&self, id: &ImageId) -> Option<&T> {
        match id {
            ImageId::Digest(digest) => self.of(digest),
            ImageId::Tag(tag) => self.tags.get(tag),
        }
    }

    /// What was found under a digest.
    pub(super) fn of(&self, digest: &Digest) -> Option<&T> {
        self.digests.get(digest)
    }

    pub(super) fn insert(&mut self, id: ImageId, found: T) {
        match id {
            ImageId::Digest(digest) => _ = self.digests.insert(digest, found),
            ImageId::Tag(tag) => _ = self.tags.insert(tag, found),
        }
    }

    pub(super) fn remove(&mut self, id: &ImageId) {
        match id {
            ImageId::Digest(digest) => _ = self.digests.remove(digest),
            ImageId::Tag(tag) => _ = self.tags.remove(tag),
        }
    }
}
