//! `ecr-registry`: the image comes from an allowed Amazon ECR private registry, and so does all that it
//! makes a runtime start.

use std::sync::Arc;

use super::case::{Case, Evaluation};
use crate::image::{EcrImage, ImageReference};
use crate::policy::{Allowed, Policy, Standing};
use crate::reason::Reason;

/// An image that is allowed, whatever ECR says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AllowedImage {
    pub(crate) image: EcrImage,
    /// Whether it is never looked up.
    pub(crate) uninspected: bool,
}

/// The image that an image string names, or why it is not allowed.
pub(crate) fn allowed(
    image: &str,
    policy: &Policy,
    shared: impl FnOnce() -> Arc<Allowed>,
) -> Result<AllowedImage, Reason> {
    match image.parse() {
        Err(malformed) => Err(Reason::MalformedImage(malformed)),
        Ok(ImageReference::Other(_)) => Err(Reason::NotEcrPrivate),
        Ok(ImageReference::Ecr(reference)) => {
            let image = reference.image();
            match policy.standing(&image) {
                Standing::Inspected => Ok(AllowedImage { image, uninspected: false }),
                Standing::Uninspected => Ok(AllowedImage { image, uninspected: true }),
                Standing::DigestMissing => Err(Reason::UninspectedTag(image)),
                Standing::NotAllowed => {
                    Err(Reason::RegistryNotAllowed { image, allowed: shared() })
                }
            }
        }
    }
}

pub(crate) fn check(case: &Case<'_>) -> Evaluation {
    let reason = match case.allowed {
        Err(reason) => Some(reason.clone()),
        // What a runtime restores from a checkpoint is a process of another image, of any registry.
        Ok(_) => case.inspected().and_then(|(_, facts)| {
            facts.checkpoint.clone().map(|annotation| Reason::Checkpoint { annotation })
        }),
    };
    Evaluation::Evaluated(reason.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Inspection;
    use crate::rules::testing::evaluate;
    use crate::testing::{clean, policy, tagged};

    #[test]
    fn only_an_allowed_registry_is_looked_up() {
        let policy = policy();
        for (image, expected) in [
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com/pay:1", None),
            ("123456789012.dkr-ecr-fips.us-east-1.on.aws/pay:1", None),
            ("nginx", Some("is not in an Amazon ECR private registry")),
            ("", Some("is not a valid image reference (it is empty)")),
            ("210987654321.dkr.ecr.us-east-1.amazonaws.com/pay:1", Some("account 210987654321")),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay:1", Some("Region eu-west-1")),
        ] {
            let reason = allowed(image, &policy, || policy.allowed().into())
                .err()
                .map(|reason| reason.to_string());
            assert_eq!(reason.is_some(), expected.is_some(), "{image}: {reason:?}");
            assert!(reason.unwrap_or_default().contains(expected.unwrap_or_default()), "{image}");
        }
    }

    #[test]
    fn a_checkpoint_is_denied() {
        let mut facts = clean();
        let messages = |facts: crate::facts::ImageFacts| {
            let Evaluation::Evaluated(reasons) =
                evaluate(&tagged("1"), &Inspection::Inspected(facts.into()), check)
            else {
                panic!("an image is evaluated")
            };
            reasons.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(messages(facts.clone()), [] as [&str; 0]);
        facts.checkpoint = Some("org.criu.checkpoint.container.name".to_owned());
        assert_eq!(
            messages(facts),
            [
                "is a checkpoint of a container (annotation \"org.criu.checkpoint.container.name\"), which nodes may restore on a base image from any registry; deploy the image that the container was started from"
            ]
        );
    }
}
