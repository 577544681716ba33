//! The policy of the parameters alone, as far as the command line gives them.

use std::collections::BTreeSet;

use ecr_admission::config::Config;
use ecr_admission_policy::document::Document;
use ecr_admission_policy::image::{EcrImage, ImageReference};
use ecr_admission_policy::policy::pinning::Pinning;
use ecr_admission_policy::{Policy, SeverityLimit};

use crate::policy::options::Parameters;

/// `SeverityLimit` where the operator sets none.
pub(crate) const SEVERITY_LIMIT: SeverityLimit = SeverityLimit::Critical;

impl Parameters {
    /// Those of a stack, where it is known.
    pub(crate) fn of(config: Option<&Config>) -> Self {
        let Some(config) = config else { return Self::default() };
        let ids = config.registry_ids.as_ref();
        Self {
            registry_region: Some(config.regions.iter().cloned().collect()),
            registry_ids: ids.map(|ids| ids.iter().cloned().collect()),
            severity_limit: Some(config.severity_limit),
            ..Self::default()
        }
    }

    /// What `document` is read on top of, for a Pod with this image in this namespace. Accounts and
    /// Regions that are not given are those of the image.
    pub(crate) fn base(&self, document: &Document, image: &str, namespace: Option<&str>) -> Policy {
        let image = match image.parse() {
            Ok(ImageReference::Ecr(reference)) => Some(reference.image()),
            Ok(ImageReference::Other(_)) | Err(_) => None,
        };
        let account_of_image = || image.iter().map(|image| image.account.clone()).collect();
        let region_of_image = || image.iter().map(|image| image.region.clone()).collect();
        let registry_ids = self.registry_ids.clone().unwrap_or_else(account_of_image);
        let regions = self.registry_region.clone().unwrap_or_else(region_of_image);
        let mut policy = Policy::new(
            BTreeSet::from_iter(registry_ids),
            BTreeSet::from_iter(regions),
            self.severity_limit.unwrap_or(SEVERITY_LIMIT),
        );
        policy.own_account.clone_from(&self.own_account);
        if document.pins(namespace).unwrap_or_else(|| self.pins(namespace)) {
            policy.pinning = Pinning::Pinnable;
        }
        policy
    }

    /// Whether an image is in no registry that is known not to be allowed.
    pub(crate) fn may_allow(&self, image: &EcrImage) -> bool {
        let Self { registry_ids, registry_region, .. } = self;
        registry_ids.as_ref().is_none_or(|all| all.contains(&image.account))
            && registry_region.as_ref().is_none_or(|all| all.contains(&image.region))
    }

    fn pins(&self, namespace: Option<&str>) -> bool {
        let mut names = self.pin_namespaces.iter().flatten();
        names.any(|name| name == "*" || Some(name.as_str()) == namespace)
    }
}
