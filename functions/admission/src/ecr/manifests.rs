//! Manifests: `BatchGetImage`.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecr::operation::batch_get_image::BatchGetImageOutput;
use aws_sdk_ecr::types::{Image, ImageFailure, ImageFailureCode};
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::facts::manifest::NotUnderstood;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;
use futures_util::future::join_all;

use super::body::LimitBody;
use super::call::{Failure, IMPORT_UPSTREAM, NotFound, call, of_recording};
use super::inspector::{EcrInspector, identifier};
use super::place::Repository;
use crate::inspect::{Budget, Missing};
use crate::manifest::{self, IMAGE_TYPES, INDEX_TYPES, Manifest};

pub(super) const OPERATION: &str = "ecr:BatchGetImage";

/// The most ids in one call. ECR takes 100 (API reference), and a manifest may have 4 MiB: fewer keep
/// its answers short.
pub(super) const BATCH: usize = 25;

/// The most bytes of an answer about several images that are read.
const MAX_BYTES: usize = 8 << 20;

/// The same about one image: as many as a manifest that is read may take when a quarter of it is escaped,
/// which is far more than the quotes of real ones, and room for what is around it.
const MAX_BYTES_OF_ONE: usize = manifest::MAX_BYTES / 4 * 5 + (16 << 10);

/// What ECR says of the manifest of an image.
#[derive(Debug)]
pub(super) struct Read {
    /// The digest that the tag or digest stands for now; `None` where an answer about a tag was too long
    /// to be read.
    pub(super) digest: Option<Digest>,
    /// The manifest, unless a runtime could read it otherwise.
    pub(super) manifest: Result<Manifest, NotUnderstood>,
}

/// The manifests by the ids that they were asked for by.
pub(super) type Manifests = BTreeMap<ImageId, Result<Read, Missing>>;

/// The manifests of at most [`BATCH`] images, each found or missing for a reason of its own: an answer
/// that one of them spoils is asked for one by one.
pub(super) async fn manifests(
    ecr: &EcrInspector,
    repository: &Repository,
    ids: Vec<ImageId>,
    budget: &Budget,
) -> Manifests {
    match batch(ecr, repository, &ids, budget).await {
        Err(spoiled) if ids.len() > 1 && spoiled.may_be_one() => {
            let each = ids.iter().map(async |id| {
                let one = std::slice::from_ref(id);
                let found = batch(ecr, repository, one, budget).await;
                found.unwrap_or_else(|failed| failed.of(one))
            });
            join_all(each).await.into_iter().flatten().collect()
        }
        found => found.unwrap_or_else(|failed| failed.of(&ids)),
    }
}

/// Why a whole call has no manifests.
enum Failed {
    TooLong,
    Call(Failure),
}

impl Failed {
    /// Whether a single image may be the cause, so that the others of its call can have an answer.
    fn may_be_one(&self) -> bool {
        match self {
            Self::TooLong | Self::Call(Failure::Spoiled) => true,
            Self::Call(Failure::NotFound(what)) => *what != NotFound::Repository,
            // ECR is slow, down or out of reach for all of them: more calls would make it worse.
            Self::Call(Failure::Failed(cause)) => *cause == Cause::ActionDenied(IMPORT_UPSTREAM),
        }
    }

    /// The same for each of these images.
    fn of(&self, ids: &[ImageId]) -> Manifests {
        let found = |id: &ImageId| match self {
            Self::TooLong => {
                let digest = match id {
                    ImageId::Digest(digest) => Some(digest.clone()),
                    ImageId::Tag(_) => None,
                };
                let too_long = NotUnderstood::TooLong { limit: manifest::MAX_BYTES };
                Ok(Read { digest, manifest: Err(too_long) })
            }
            Self::Call(failure) => Err(failure.missing(OPERATION)),
        };
        ids.iter().map(|id| (id.clone(), found(id))).collect()
    }
}

fn internal() -> Missing {
    Missing::unavailable(OPERATION, Cause::Internal)
}

async fn batch(
    ecr: &EcrInspector,
    repository: &Repository,
    ids: &[ImageId],
    budget: &Budget,
) -> Result<Manifests, Failed> {
    let client = ecr
        .client(&repository.region, OPERATION)
        .or(Err(Failed::Call(Failure::Failed(Cause::Internal))))?;
    let most = if ids.len() == 1 { MAX_BYTES_OF_ONE } else { MAX_BYTES };
    let (limit, room) = LimitBody::within(most, budget.memory());
    let request = client
        .batch_get_image()
        .registry_id(repository.account.as_str())
        .repository_name(repository.name.as_str())
        .set_image_ids(Some(ids.iter().map(identifier).collect()))
        // Without the index types ECR would convert an index into one of its children.
        .set_accepted_media_types(Some(
            INDEX_TYPES.into_iter().chain(IMAGE_TYPES).map(str::to_owned).collect(),
        ));
    let send = || request.customize().interceptor(limit).send();
    match call(OPERATION, budget, ecr.log, send).await {
        Ok(_) | Err(_) if room.is_too_small() => Err(Failed::TooLong),
        Ok(output) => Ok(by_id(ids, &output)),
        Err(failure) => Err(Failed::Call(failure)),
    }
}

/// Finds the answer to each id: an image, or a failure.
fn by_id(ids: &[ImageId], output: &BatchGetImageOutput) -> Manifests {
    let digest = |image: &Image| image.image_id()?.image_digest().map(str::to_owned);
    let tag = |image: &Image| image.image_id()?.image_tag().map(str::to_owned);
    let images = output.images();
    let by_digest: HashMap<String, &Image> =
        images.iter().filter_map(|image| Some((digest(image)?, image))).collect();
    let by_tag: HashMap<String, &Image> =
        images.iter().filter_map(|image| Some((tag(image)?, image))).collect();
    let found = |id: &ImageId| {
        let image = match id {
            ImageId::Digest(digest) => by_digest.get(digest.as_str()).copied(),
            ImageId::Tag(tag) => by_tag.get(tag.as_str()).copied(),
        };
        // One id has one answer, whatever it is called by.
        let image = image.or(images.first().filter(|_| ids.len() == 1));
        match (image, failure(id, output.failures())) {
            (Some(image), _) => read(id, image).ok_or_else(internal),
            (None, Some(failure)) => Err(missing(failure)),
            (None, None) => Err(internal()),
        }
    };
    ids.iter().map(|id| (id.clone(), found(id))).collect()
}

fn failure<'a>(id: &ImageId, failures: &'a [ImageFailure]) -> Option<&'a ImageFailure> {
    failures.iter().find(|failure| {
        failure.image_id().is_some_and(|of| match id {
            ImageId::Digest(digest) => of.image_digest() == Some(digest.as_str()),
            ImageId::Tag(tag) => of.image_tag() == Some(tag.as_str()),
        })
    })
}

fn missing(failure: &ImageFailure) -> Missing {
    match failure.failure_code() {
        Some(ImageFailureCode::ImageNotFound) => Missing::Image,
        // ECR asked the registry behind a pull-through cache, and has nothing from there.
        Some(
            ImageFailureCode::UpstreamAccessDenied
            | ImageFailureCode::UpstreamTooManyRequests
            | ImageFailureCode::UpstreamUnavailable,
        ) => Missing::NotImported,
        Some(code) => match of_recording(code.as_str()) {
            Some(cause) => Missing::unavailable(OPERATION, cause),
            None => internal(),
        },
        None => internal(),
    }
}

/// The manifest in an answer; `None` where the answer lacks something, or is about another image.
fn read(id: &ImageId, image: &Image) -> Option<Read> {
    let digest: Digest = image.image_id()?.image_digest()?.parse().ok()?;
    if let ImageId::Digest(asked) = id
        && *asked != digest
    {
        return None;
    }
    // An absent word is an unknown one.
    let media_type = image.image_manifest_media_type().unwrap_or_default();
    let manifest = manifest::read(media_type, image.image_manifest()?);
    Some(Read { digest: Some(digest), manifest })
}
