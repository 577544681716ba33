//! What a rule knows about an image, and the result.

use crate::facts::index::Child;
use crate::facts::{ImageFacts, Inspection};
use crate::image::EcrImage;
use crate::policy::Policy;
use crate::reason::Reason;
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
