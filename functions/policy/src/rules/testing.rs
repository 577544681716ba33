//! How the tests of the rules evaluate an image.

use super::{Case, Evaluation};
use crate::facts::Inspection;
use crate::image::EcrImage;
use crate::policy::Policy;
use crate::testing::{NOW, policy};

/// An allowed image of a container, with this inspection, under this policy.
pub(super) fn case<'a>(
    image: &'a EcrImage,
    inspection: &'a Inspection,
    policy: &'a Policy,
) -> Case<'a> {
    let (allowed, uninspected, volume) = (Ok(image), false, false);
    Case { allowed, uninspected, inspection, policy, now: NOW, volume }
}

/// The result of one rule for an image.
pub(super) fn evaluate(
    image: &EcrImage,
    inspection: &Inspection,
    check: fn(&Case<'_>) -> Evaluation,
) -> Evaluation {
    check(&case(image, inspection, &policy()))
}
