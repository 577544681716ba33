//! Where images are.

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{AccountId, Region, RepositoryName};

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
