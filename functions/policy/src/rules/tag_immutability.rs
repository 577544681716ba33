//! `tag-immutability`: what was judged under this tag is what will run under it.

use super::{Case, Outcome};
use crate::image::ImageId;
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Outcome {
    let Some((image, facts)) = case.inspected() else {
        return Outcome::NotApplicable;
    };
    let ImageId::Tag(tag) = &image.id else {
        return Outcome::NotApplicable;
    };
    let mutability = &facts.repository.mutability;
    Outcome::Judged(if mutability.protects(tag) {
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
