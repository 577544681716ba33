//! `image-available`: the repository and the image exist and could be inspected.

use super::{Case, Outcome};
use crate::facts::Inspection;
use crate::reason::Reason;

pub(crate) fn check(case: &Case<'_>) -> Outcome {
    let Ok(image) = case.lookup else {
        return Outcome::Unjudged;
    };
    let reason = match case.inspection {
        Inspection::Inspected(_) => return Outcome::Judged(vec![]),
        Inspection::RepositoryNotFound | Inspection::ImageNotFound
            if case.policy.is_imported(image) =>
        {
            Reason::NotImportedYet(image.clone())
        }
        Inspection::RepositoryNotFound => Reason::RepositoryNotFound(image.clone()),
        Inspection::ImageNotFound => Reason::ImageNotFound(image.clone()),
        Inspection::Unavailable(unavailable) => Reason::Unavailable(unavailable.clone()),
    };
    Outcome::Judged(vec![reason])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Cause, Unavailable};
    use crate::testing::{case, clean, tagged};

    #[test]
    fn an_image_that_could_not_be_inspected_is_not_available() {
        let unavailable = |cause| {
            Inspection::Unavailable(Unavailable { operation: "ecr:DescribeRepositories", cause })
        };
        for (inspection, expected) in [
            (Inspection::Inspected(clean().into()), None),
            (Inspection::RepositoryNotFound, Some(r#"repository "pay" does not exist"#)),
            (Inspection::ImageNotFound, Some(r#"repository "pay" holds no image with tag "1.2""#)),
            (unavailable(Cause::Throttled), Some("throttled")),
            (unavailable(Cause::AccessDenied), Some("access denied")),
            (
                unavailable(Cause::ActionDenied("inspector2:ListFindings")),
                Some(
                    "could not be judged: ecr:DescribeRepositories was answered access denied to \
                     inspector2:ListFindings; allow inspector2:ListFindings on all resources to the \
                     admission function's role",
                ),
            ),
            (
                unavailable(Cause::ActionDenied("ecr:BatchGetImage")),
                Some(
                    "access denied to ecr:BatchGetImage; allow ecr:BatchGetImage to the admission \
                     function's role and, for a registry of another account, in the repository's policy",
                ),
            ),
            (unavailable(Cause::TimedOut), Some("timed out")),
            (unavailable(Cause::Internal), Some("failed")),
        ] {
            let Outcome::Judged(reasons) = case(&tagged("1.2"), &inspection, check) else {
                panic!("{inspection:?} is judged");
            };
            let texts: Vec<String> = reasons.iter().map(Reason::to_string).collect();
            assert_eq!(texts.len(), usize::from(expected.is_some()), "{texts:?}");
            assert!(texts.concat().contains(expected.unwrap_or_default()), "{texts:?}");
        }
    }
}
