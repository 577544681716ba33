//! What Amazon ECR says about its signing of one image: `DescribeImageSigningStatus`, which has no pages.

use aws_sdk_ecr::types::{ImageIdentifier, ImageSigningStatus, SigningStatus as Word};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{
    Cause, LONGEST_SHOWN, LONGEST_SIGNING_TEXT, SigningFacts, SigningState, SigningStatus,
    Unavailable,
};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::{Digest, LONGEST_SIGNING_PROFILE};
use ecr_admission_policy::text::cut;

use super::body::LimitBody;
use super::call::{Failure, IMPORT_UPSTREAM, call};
use super::inspector::{EcrInspector, identifier};
use crate::inspect::Budget;

const OPERATION: &str = "ecr:DescribeImageSigningStatus";

/// The most bytes of an answer that are read. It has a few hundred for each signing rule of the registry
/// that matches the repository, and a registry has few rules.
const MAX_BYTES: usize = 64 << 10;

/// What ECR says about the signing of one image.
#[derive(Debug)]
pub(super) enum Signing {
    /// The statuses of the image with this digest; `None` where the answer does not say which image it is
    /// about.
    Of(Option<Digest>, Vec<SigningStatus>),
    /// ECR knows no such image.
    NotFound,
    /// The call failed.
    Failed(Cause),
}

impl Signing {
    /// Whether it may be about another image than that with this digest, so that it says nothing about it.
    pub(super) fn may_be_of_another(&self, digest: &Digest) -> bool {
        match self {
            Self::Of(of, _) => of.as_ref() != Some(digest),
            Self::NotFound => true,
            Self::Failed(_) => false,
        }
    }

    /// The facts, if this is about the image with this digest.
    pub(super) fn facts(&self, digest: &Digest) -> SigningFacts {
        let unavailable =
            |cause| SigningFacts::Unavailable(Unavailable { operation: OPERATION, cause });
        match self {
            Self::Of(of, statuses) if of.as_ref() == Some(digest) => {
                SigningFacts::Read(statuses.clone())
            }
            Self::Of(..) | Self::NotFound => unavailable(Cause::Internal),
            Self::Failed(cause) => unavailable(*cause),
        }
    }
}

/// Asks for the signing statuses of an image.
pub(super) async fn signing(ecr: &EcrInspector, image: &EcrImage, budget: &Budget) -> Signing {
    let Ok(client) = ecr.client(&image.region, OPERATION) else {
        return Signing::Failed(Cause::Internal);
    };
    let request = client
        .describe_image_signing_status()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .image_id(identifier(&image.id));
    let send = || request.customize().interceptor(LimitBody::to(MAX_BYTES)).send();
    match call(OPERATION, budget, ecr.log, send).await {
        Ok(answer) => {
            let named = answer.image_id().and_then(ImageIdentifier::image_digest);
            let digest = match (named, &image.id) {
                (Some(digest), _) => digest.parse().ok(),
                (None, ImageId::Digest(digest)) => Some(digest.clone()),
                (None, ImageId::Tag(_)) => None,
            };
            // Without a list there is no signature, just as with an empty one.
            Signing::Of(digest, answer.signing_statuses().iter().map(status).collect())
        }
        Err(Failure::NotFound(_) | Failure::Failed(Cause::ActionDenied(IMPORT_UPSTREAM))) => {
            Signing::NotFound
        }
        Err(Failure::Failed(cause)) => Signing::Failed(cause),
        Err(Failure::Spoiled) => Signing::Failed(Cause::Internal),
    }
}

/// A status, its texts bounded. One that was cut ends with `…`, which no profile and no known word does.
fn status(status: &ImageSigningStatus) -> SigningStatus {
    let word = cut(status.status().map_or("", Word::as_str), LONGEST_SHOWN);
    let code = cut(status.failure_code().unwrap_or_default(), LONGEST_SHOWN);
    let reason = cut(status.failure_reason().unwrap_or_default(), LONGEST_SIGNING_TEXT);
    let profile = cut(status.signing_profile_arn().unwrap_or_default(), LONGEST_SIGNING_PROFILE);
    SigningStatus { profile, state: SigningState::new(&word, code, reason) }
}
