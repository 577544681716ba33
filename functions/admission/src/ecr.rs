//! Facts from Amazon ECR: the only module, with its children, that names `aws_sdk_ecr`.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::RepositoryFacts;
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;

use crate::inspect::{Budget, Found, InspectImage, Missing, Registry};

mod blob;
mod body;
mod call;
mod config;
mod findings;
mod holdings;
mod images;
mod index;
mod inspector;
mod manifests;
mod place;
mod repository;
mod scan;
mod signing;

pub use body::LimitBody;
pub(crate) use call::cause;
pub use call::{NOT_RECORDED, OUTDATED};
pub use inspector::EcrInspector;

impl InspectImage for EcrInspector {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        repository::facts(self, registry, names, budget).await
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        needs: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        images::look_up(self, images, needs, budget).await
    }
}
