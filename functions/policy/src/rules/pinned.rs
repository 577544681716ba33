//! `pinned`: where pinning is on, what is not pinned was not seen by the mutating webhook.

use super::case::{Case, Evaluation};
use crate::image::ImageId;
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    if !case.policy.pinned {
        return Evaluation::NotApplicable;
    }
    let Some((image, _)) = case.inspected() else { return Evaluation::Skipped };
    Evaluation::Evaluated(match image.id {
        ImageId::Digest(_) => vec![],
        ImageId::Tag(_) => vec![Reason::NotPinned],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::testing::{NOW, clean, pinned, policy, tagged};

    #[test]
    fn only_a_digest_passes_and_only_where_pinning_is_on() {
        let inspection = Inspection::Inspected(clean().into());
        let off = policy();
        let on = crate::Policy { pinned: true, ..policy() };
        for (policy, image, expected) in [
            (&off, tagged("1.2"), Evaluation::NotApplicable),
            (&off, pinned(), Evaluation::NotApplicable),
            (&on, tagged("1.2"), Evaluation::Evaluated(vec![Reason::NotPinned])),
            (&on, pinned(), Evaluation::Evaluated(vec![])),
        ] {
            let inspection = &inspection;
            let case = Case { lookup: Ok(&image), inspection, policy, now: NOW, volume: false };
            assert_eq!(check(&case), expected, "{image}");
        }
    }
}
