//! `tag-immutability`: what was evaluated under this tag is what will run under it.

use super::case::{Case, Evaluation};
use crate::image::{EcrImage, ImageId};
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let tag = match case.lookup {
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
#[path = "tag_immutability_tests.rs"]
mod tests;
