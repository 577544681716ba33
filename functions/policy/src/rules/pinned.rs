//! `pinned`: where pinning is on, what is not pinned was not seen by the mutating webhook.

use super::case::{Case, Evaluation};
use crate::image::ImageId;
use crate::policy::pinning::Pinning;
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let pinnable = !case.uninspected;
    let image = match case.policy.pinning {
        Pinning::Off => return Evaluation::NotApplicable,
        // The mutating webhook cannot look up the digest of what nobody looks up.
        Pinning::Pinnable if !pinnable => return Evaluation::NotApplicable,
        Pinning::All if !pinnable => case.allowed.ok(),
        Pinning::Pinnable | Pinning::All => case.inspected().map(|(image, _)| image),
    };
    let Some(image) = image else { return Evaluation::Skipped };
    Evaluation::Evaluated(match image.id {
        ImageId::Digest(_) => vec![],
        ImageId::Tag(_) => vec![Reason::NotPinned { pinnable }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::rules::testing::case;
    use crate::testing::{clean, pinned, policy, tagged};

    #[test]
    fn only_a_digest_passes_and_only_where_pinning_is_on() {
        const OFF: Evaluation = Evaluation::NotApplicable;
        let good = || Evaluation::Evaluated(vec![]);
        let bad = |pinnable| Evaluation::Evaluated(vec![Reason::NotPinned { pinnable }]);
        let inspection = Inspection::Inspected(clean().into());
        for (pinning, uninspected, of_a_tag, of_a_digest) in [
            (Pinning::Off, false, OFF, OFF),
            (Pinning::Pinnable, false, bad(true), good()),
            (Pinning::All, false, bad(true), good()),
            (Pinning::Off, true, OFF, OFF),
            (Pinning::Pinnable, true, OFF, OFF),
            (Pinning::All, true, bad(false), good()),
        ] {
            let policy = &crate::Policy { pinning, ..policy() };
            for (image, expected) in [(tagged("1.2"), of_a_tag), (pinned(), of_a_digest)] {
                let case = Case { uninspected, ..case(&image, &inspection, policy) };
                assert_eq!(check(&case), expected, "{pinning:?} {uninspected} {image}");
            }
        }
    }
}
