//! Images that are allowed without being looked up: `registries` of a policy document with `inspect: false`.

use std::fmt;

use super::add_on_accounts::is_add_on_account;
use super::exemption::Requester;
use super::pattern::Pattern;
use super::registry_scope::RegistryScope;
use crate::image::{EcrImage, ImageId};
use ecr_admission_text::join;

/// Repositories whose images are allowed without being looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninspected {
    /// Their accounts, Regions and names. Each of the three lists is there.
    pub scope: RegistryScope,
    /// The namespaces in which that holds; empty for all.
    pub namespaces: Vec<Pattern>,
}

impl Uninspected {
    /// Whether it holds for a request in this namespace.
    pub fn concerns(&self, requester: &Requester<'_>) -> bool {
        let mut namespaces = self.namespaces.iter();
        self.namespaces.is_empty()
            || requester.namespace.is_some_and(|name| namespaces.any(|it| it.matches(name)))
    }
}

/// Whether the image may go uninspected as it is named. AWS alone publishes the images of its add-ons; the owner
/// of any other account can move a tag to another image at any time.
pub(super) fn names_enough(image: &EcrImage) -> bool {
    match image.id {
        ImageId::Digest(_) => true,
        ImageId::Tag(_) => is_add_on_account(&image.account),
    }
}

/// As the explanation of a document has it: `1, 2 in us-east-1: eks/*; in namespaces tools`.
impl fmt::Display for Uninspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, namespaces } = self;
        scope.fmt(f)?;
        if namespaces.is_empty() {
            Ok(())
        } else {
            write!(f, "; in namespaces {}", join(namespaces))
        }
    }
}
