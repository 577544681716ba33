//! What a rule knows about an image, and the result.

use crate::facts::index::Child;
use crate::facts::{ImageFacts, Inspection, Scanning, Unavailable};
use crate::image::EcrImage;
use crate::policy::Policy;
use crate::reason::{FailedLookup, HiddenFrom, Reason};
use crate::timestamp::Timestamp;

/// One image, as the rules see it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    /// The image, or why `ecr-registry` does not allow it.
    pub(crate) allowed: Result<&'a EcrImage, &'a Reason>,
    /// Whether it is allowed without being looked up, so that only its reference can be evaluated.
    pub(crate) uninspected: bool,
    pub(crate) inspection: &'a Inspection,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Timestamp,
    /// Whether the image is mounted as a volume. Then nobody starts it, and its artifacts count, too.
    pub(crate) volume: bool,
}

impl<'a> Case<'a> {
    /// The image and its facts: what there is to evaluate once the first two rules have passed.
    pub(super) fn inspected(&self) -> Option<(&'a EcrImage, &'a ImageFacts)> {
        match (self.allowed, self.inspection) {
            (Ok(image), Inspection::Inspected(facts)) => Some((image, facts)),
            _ => None,
        }
    }

    /// Who does not see all that ECR knows of an image, where the flag of its repository was read: that is only
    /// done in a registry of another account.
    pub(super) fn hidden_from(&self, image: &EcrImage, scanning: &Scanning) -> Option<HiddenFrom> {
        let owner = image.account.clone();
        match scanning {
            Scanning::Effective(_) => None,
            Scanning::RepositoryFlag(_) if self.policy.own_account.as_ref() == Some(&owner) => {
                Some(HiddenFrom::Credentials(owner))
            }
            Scanning::RepositoryFlag(_) => Some(HiddenFrom::Stack(owner)),
        }
    }

    /// A look-up that failed for the image.
    pub(super) fn failed(&self, unavailable: &Unavailable) -> FailedLookup {
        let own = self.policy.own_account.as_ref();
        let account = self.allowed.ok().map(|image| &image.account);
        let owner = account.filter(|account| own.is_some_and(|own| own != *account));
        FailedLookup { unavailable: unavailable.clone(), owner: owner.cloned() }
    }

    /// The children of an index that count. A runtime cannot start an artifact; a volume can hold it.
    pub(super) fn children(&self, children: &'a [Child]) -> impl Iterator<Item = &'a Child> {
        let volume = self.volume;
        children.iter().filter(move |child| volume || !child.artifact)
    }
}

/// The result of a rule for an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Evaluation {
    /// The rule does not apply to the image, or the policy switches it off.
    NotApplicable,
    /// The rule has nothing to evaluate, since an earlier one failed.
    Skipped,
    /// The rule is violated for these reasons; for none, it passes.
    Evaluated(Vec<Reason>),
}
