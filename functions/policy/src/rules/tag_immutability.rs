//! `tag-immutability`: what was evaluated under this tag is what will run under it.

use super::case::{Case, Evaluation};
use crate::image::{EcrImage, ImageId};
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let tag = match case.allowed {
        Ok(EcrImage { id: ImageId::Digest(_), .. }) => return Evaluation::NotApplicable,
        // ECR overwrites the tags of a pull-through cache itself, when the other registry does.
        Ok(image) if case.policy.is_imported(image) => return Evaluation::NotApplicable,
        Ok(EcrImage { id: ImageId::Tag(tag), .. }) => tag,
        Err(_) => return Evaluation::Skipped,
    };
    let Some((image, facts)) = case.inspected() else { return Evaluation::Skipped };
    let mutability = &facts.repository.mutability;
    Evaluation::Evaluated(if mutability.protects(tag) {
        vec![]
    } else {
        vec![Reason::MutableTag {
            repository: image.repository.clone(),
            tag: tag.clone(),
            mutability: mutability.clone(),
        }]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::facts::mutability::{ExclusionFilter, TagMutability};
    use crate::rules::testing::evaluate;
    use crate::testing::{clean, pinned, tagged};

    fn passes(word: &str, filters: &[(&str, &str)], image: &crate::EcrImage) -> bool {
        let filters =
            filters.iter().map(|(kind, filter)| ExclusionFilter::new(kind, filter)).collect();
        let mut facts = clean();
        facts.repository.mutability = TagMutability::new(word, filters);
        match evaluate(image, &Inspection::Inspected(facts.into()), check) {
            Evaluation::Evaluated(reasons) => reasons.is_empty(),
            Evaluation::NotApplicable => true,
            Evaluation::Skipped => panic!("an inspected image is evaluated"),
        }
    }

    #[test]
    fn a_tag_passes_only_when_it_cannot_be_overwritten() {
        const DEV: &[(&str, &str)] = &[("WILDCARD", "dev-*")];
        const REGEX: &[(&str, &str)] = &[("REGEX", "v.*")];
        for (word, filters, tag, expected) in [
            ("IMMUTABLE", &[][..], "1.2", true),
            ("MUTABLE", &[], "1.2", false),
            ("IMMUTABLE_WITH_EXCLUSION", DEV, "1.2", true),
            ("IMMUTABLE_WITH_EXCLUSION", DEV, "dev-7", false),
            ("IMMUTABLE_WITH_EXCLUSION", &[], "1.2", true),
            ("IMMUTABLE_WITH_EXCLUSION", REGEX, "1.2", false),
            ("MUTABLE_WITH_EXCLUSION", DEV, "dev-7", true),
            ("MUTABLE_WITH_EXCLUSION", DEV, "1.2", false),
            ("MUTABLE_WITH_EXCLUSION", &[], "1.2", false),
            ("MUTABLE_WITH_EXCLUSION", REGEX, "v1", false),
            ("SOMETHING_NEW", &[], "1.2", false),
            ("", &[], "1.2", false),
        ] {
            assert_eq!(passes(word, filters, &tagged(tag)), expected, "{word} {filters:?} {tag}");
        }
    }

    #[test]
    fn a_digest_needs_no_immutable_tag() {
        assert!(passes("MUTABLE", &[], &pinned()));
    }
}
