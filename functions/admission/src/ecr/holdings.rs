//! What is known, so far, of the images of one repository.

use std::collections::BTreeMap;

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::Config;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{AccountId, Digest, Region, RepositoryName};

use super::manifests::{Manifests, Read};
use super::scan::Scanned;
use crate::inspect::Missing;

/// A repository of one registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Repository {
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) name: RepositoryName,
}

impl Repository {
    /// The repository of an image.
    pub(super) fn of(image: &EcrImage) -> Self {
        let EcrImage { account, region, repository, .. } = image;
        Self { account: account.clone(), region: region.clone(), name: repository.clone() }
    }

    /// An image in it.
    pub(super) fn image(&self, id: ImageId) -> EcrImage {
        let Self { account, region, name } = self.clone();
        EcrImage { account, region, repository: name, id }
    }
}

/// What was found in a repository.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    /// By the ids that they were asked for by.
    pub(super) scans: BTreeMap<ImageId, Result<Scanned, Missing>>,
    /// The same.
    pub(super) manifests: Manifests,
    /// By the digests of the images whose they are.
    pub(super) configs: BTreeMap<Digest, Config>,
}

impl Holdings {
    /// What was found under a digest.
    pub(super) fn manifest(&self, digest: &Digest) -> Option<&Result<Read, Missing>> {
        self.manifests.get(&ImageId::Digest(digest.clone()))
    }

    /// The same.
    pub(super) fn scan(&self, digest: &Digest) -> Option<&Result<Scanned, Missing>> {
        self.scans.get(&ImageId::Digest(digest.clone()))
    }
}
