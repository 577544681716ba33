//! How the tests of the rules evaluate an image.

use super::{Case, Evaluation};
use crate::facts::Inspection;
use crate::image::EcrImage;
use crate::testing::{NOW, policy};

/// The result of one rule for an image.
pub(super) fn evaluate(
    image: &EcrImage,
    inspection: &Inspection,
    check: fn(&Case<'_>) -> Evaluation,
) -> Evaluation {
    check(&Case {
        allowed: Ok(image),
        uninspected: false,
        inspection,
        policy: &policy(),
        now: NOW,
        volume: false,
    })
}
