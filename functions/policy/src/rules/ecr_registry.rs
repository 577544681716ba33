//! `ecr-registry`: the image comes from an allowed Amazon ECR private registry.

use super::{Case, Outcome};
use crate::image::{EcrImage, ImageReference};
use crate::policy::Policy;
use crate::reason::Reason;

/// What to look up for an image string, or why the image is not allowed whatever ECR says of it.
pub(crate) fn lookup(image: &str, policy: &Policy) -> Result<EcrImage, Reason> {
    match image.parse() {
        Err(malformed) => Err(Reason::MalformedImage(malformed)),
        Ok(ImageReference::Other(_)) => Err(Reason::NotEcrPrivate),
        Ok(ImageReference::Ecr(reference)) => {
            let image = reference.image();
            if policy.allows(&image) {
                Ok(image)
            } else {
                Err(Reason::RegistryNotAllowed { image, policy: policy.clone().into() })
            }
        }
    }
}

pub(crate) fn check(case: &Case<'_>) -> Outcome {
    Outcome::Judged(case.lookup.err().cloned().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::policy;

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
            let reason = lookup(image, &policy).err().map(|reason| reason.to_string());
            assert_eq!(reason.is_some(), expected.is_some(), "{image}: {reason:?}");
            assert!(reason.unwrap_or_default().contains(expected.unwrap_or_default()), "{image}");
        }
    }
}
