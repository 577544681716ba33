//! What makes a violation the same one in the next run.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::check::report::{CheckedObject, FoundViolation};

/// Gives each violation of a run its fingerprint. Lines, tags and digests do not count, so an alert stays the same one
/// when its object moves within the file, and when its image gets another version that is not better.
#[derive(Default)]
pub(super) struct Fingerprints(BTreeMap<u64, usize>);

impl Fingerprints {
    /// The fingerprint in the form of GitHub's own: a hash, and which violation of this hash it is.
    pub(super) fn next(
        &mut self,
        path: &str,
        object: &CheckedObject,
        violation: &FoundViolation,
    ) -> String {
        let mut hash = Sha256::new();
        for part in [
            path,
            &object.id.kind,
            object.id.namespace.as_deref().unwrap_or_default(),
            &object.id.name,
            violation.path.as_str(),
            violation.rule.id(),
            &violation.repository,
        ] {
            hash.update(part);
            // No part has it, so no two lists of parts give the same bytes.
            hash.update([0]);
        }
        let hash =
            hash.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
        let occurrence = self.0.entry(hash).or_default();
        *occurrence += 1;
        format!("{hash:016x}:{occurrence}")
    }
}
