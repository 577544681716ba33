//! By which signing profiles the `signed` rule passes.

use std::collections::BTreeSet;

use crate::names::SigningProfile;

/// The switches of the `signed` rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignedPolicy {
    /// The profiles, one of which must have signed the image. None switches the rule off.
    pub profiles: BTreeSet<SigningProfile>,
}

impl SignedPolicy {
    /// Whether there is anything to evaluate.
    pub fn is_on(&self) -> bool {
        !self.profiles.is_empty()
    }

    /// Whether this is the ARN of one of the profiles.
    pub(crate) fn lists(&self, profile: &str) -> bool {
        self.profiles.iter().any(|listed| listed.as_str() == profile)
    }
}
