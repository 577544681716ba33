//! The clients of Amazon ECR.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::types::ImageIdentifier;
use aws_sdk_ecr::{Client, config};
use ecr_admission_lambda::{Log, Sdk, Service};
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{AccountId, Region};

use crate::inspect::{Missing, Registry};

/// Looks images up in Amazon ECR, in the account and Region that each image names.
#[derive(Debug)]
pub struct EcrInspector {
    clients: BTreeMap<Region, Client>,
    /// The account of the credentials, where it may not be that of the function.
    caller: Option<AccountId>,
    pub(super) log: Log,
}

impl EcrInspector {
    /// An inspector for the registries of these Regions.
    pub fn new(sdk: &Sdk, regions: &BTreeSet<Region>, log: Log) -> Self {
        let shared = sdk.config_for(Service::Ecr);
        let client = |region: &Region| {
            let region = config::Region::new(region.as_str().to_owned());
            Client::from_conf(config::Builder::from(&shared).region(region).build())
        };
        Self::with_clients(regions.iter().map(|r| (r.clone(), client(r))).collect(), log)
    }

    /// An inspector that asks through these clients.
    pub fn with_clients(clients: BTreeMap<Region, Client>, log: Log) -> Self {
        Self { clients, caller: None, log }
    }

    /// The same, with credentials of this account instead of the function's.
    #[must_use]
    pub fn asking_as(self, caller: AccountId) -> Self {
        Self { caller: Some(caller), ..self }
    }

    /// Whether calls that name no registry are for this one: ECR makes them for the account of the caller.
    pub(super) fn is_of_caller(&self, registry: &Registry) -> bool {
        registry.own && self.caller.as_ref().is_none_or(|caller| *caller == registry.account)
    }

    /// The client of a Region. Only images of allowed Regions are looked up, so there always is one.
    pub(super) fn client(
        &self,
        region: &Region,
        operation: &'static str,
    ) -> Result<&Client, Missing> {
        self.clients.get(region).ok_or(Missing::unavailable(operation, Cause::Internal))
    }
}

/// How the ECR API names an image in its repository.
pub(super) fn identifier(id: &ImageId) -> ImageIdentifier {
    let identifier = ImageIdentifier::builder();
    match id {
        ImageId::Tag(tag) => identifier.image_tag(tag.as_str()),
        ImageId::Digest(digest) => identifier.image_digest(digest.as_str()),
    }
    .build()
}
