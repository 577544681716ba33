//! Manifests: `BatchGetImage`.

use aws_sdk_ecr::types::{Image, ImageFailureCode};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;

use super::call::call;
use super::{EcrInspector, identifier};
use crate::inspect::{Budget, Missing};
use crate::manifest::old::{self, Manifest};
use crate::manifest::{IMAGE_TYPES, INDEX_TYPES};

pub(super) const GET: &str = "ecr:BatchGetImage";

/// The manifests of these images that the repository holds, each with its digest. One call has room for
/// 100 ids (API reference), more than an index has children that are judged.
pub(super) async fn manifests(
    ecr: &EcrInspector,
    image: &EcrImage,
    ids: &[ImageId],
    budget: &Budget,
) -> Result<Vec<(Digest, Manifest)>, Missing> {
    let internal = || Missing::unavailable(GET, Cause::Internal);
    let request = ecr
        .client(&image.region, GET)?
        .batch_get_image()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .set_image_ids(Some(ids.iter().map(identifier).collect()))
        // Without the index types ECR would convert an index into one of its children.
        .set_accepted_media_types(Some(
            INDEX_TYPES.into_iter().chain(IMAGE_TYPES).map(str::to_owned).collect(),
        ));
    let output = call(GET, budget, ecr.log, || request.send())
        .await
        .map_err(|failure| failure.missing(GET))?;
    let only_absent = output
        .failures()
        .iter()
        .all(|f| matches!(f.failure_code(), Some(ImageFailureCode::ImageNotFound)));
    if !only_absent {
        return Err(internal());
    }
    let read = |image: &Image| {
        let digest = image.image_id()?.image_digest()?.parse().ok()?;
        Some((digest, old::parse(image.image_manifest()?)?))
    };
    output.images().iter().map(|image| read(image).ok_or_else(internal)).collect()
}
