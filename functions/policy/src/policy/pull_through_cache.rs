//! Which repositories Amazon ECR fills with images of other registries.

use std::fmt;

use super::registry_scope::RegistryScope;
use crate::image::EcrImage;
use crate::names::RepositoryName;

/// A prefix of repositories, of whole path components, in some registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullThroughCache {
    /// The prefix (`ecrRepositoryPrefix` of a pull-through cache rule).
    pub prefix: RepositoryName,
    /// The registries that have such a rule.
    pub scope: RegistryScope,
}

impl PullThroughCache {
    /// Whether ECR imports the image when it is first pulled.
    pub fn fills(&self, image: &EcrImage) -> bool {
        let rest = image.repository.as_str().strip_prefix(self.prefix.as_str());
        rest.is_some_and(|rest| rest.starts_with('/')) && self.scope.contains(image)
    }
}

/// As the explanation of a document has it: `docker-hub/…`.
impl fmt::Display for PullThroughCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.prefix)
    }
}
