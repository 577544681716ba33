//! The calls of a look-up, one by one.

use ecr_admission_policy::facts::ConfigFacts;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;

use crate::ecr::manifests::{BATCH, Manifests};
use crate::ecr::scan::Scanned;
use crate::ecr::signing::Signing;
use crate::inspect::Missing;

/// A call to make for a repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Task {
    Scan(ImageId),
    /// At most [`BATCH`] of them.
    Manifests(Vec<ImageId>),
    /// The config of the first, which is the blob of the second where its manifest names one.
    Config(Digest, Option<Digest>),
    Signing(ImageId),
}

/// The answer.
pub(super) enum Answer {
    Scan(ImageId, Result<Scanned, Missing>),
    Manifests(Manifests),
    Config(Digest, ConfigFacts),
    Signing(ImageId, Signing),
}

/// The calls for the manifests of so many images.
pub(super) fn batches(ids: &[ImageId]) -> impl Iterator<Item = Task> {
    let batches: Vec<Task> =
        ids.chunks(BATCH).map(|batch| Task::Manifests(batch.to_vec())).collect();
    batches.into_iter()
}
