//! `BatchGetImage`: manifests.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::image_id::{ImageId, Missing};
use super::parameter::check_length;
use super::store::{Image, Registries, Repository};
use crate::arn;
use crate::caller::Caller;
use crate::catalogue::refusal::{Code, NOT_RECORDED, Operation};
use crate::error::EcrError;

/// The most images in one request.
const MOST_IMAGES: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct BatchGet {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Vec<ImageId>,
    accepted_media_types: Option<Vec<String>>,
}

/// An image that is missing fails by itself, not the batch. An id that is there twice is answered once,
/// and the answers come in an order of their own: the API reference promises neither, so that a caller
/// must not count on it.
pub(super) fn batch_get(
    registries: &Registries,
    caller: Caller<'_>,
    input: BatchGet,
) -> Result<Value, EcrError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let name = &input.repository_name;
    let (_, repository) = registries.repository(account, caller.region, name)?;
    check_length("imageIds", input.image_ids.len(), MOST_IMAGES)?;
    let accepted = input.accepted_media_types.unwrap_or_default();
    if !accepted.is_empty() {
        check_length("acceptedMediaTypes", accepted.len(), MOST_IMAGES)?;
    }
    let ids: BTreeSet<ImageId> = input.image_ids.into_iter().collect();
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in &ids {
        if let Some(failure) = refused(repository, id)? {
            failures.push(failure);
            continue;
        }
        if let Some(refused) = refused_upstream(repository, account, caller, id)? {
            failures.push(refused);
            continue;
        }
        let found = id.find(repository).map(|image| accepted_form(repository, image, &accepted));
        match found {
            Ok(Some(image)) => images.push(json!({
                "registryId": account,
                "repositoryName": name,
                "imageId": id.echo(&image.digest),
                "imageManifest": String::from_utf8_lossy(&image.manifest),
                "imageManifestMediaType": image.media_type,
            })),
            Ok(None) => failures.push(failure(id, Missing::NotFound)),
            Err(missing) => failures.push(failure(id, missing)),
        }
    }
    Ok(json!({"images": images, "failures": failures}))
}

/// What the catalogue has instead of an answer: the failure of one image, or the error of the whole call.
fn refused(repository: &Repository, id: &ImageId) -> Result<Option<Value>, EcrError> {
    let Some(refusal) = repository.refusal(Operation::BatchGetImage, id.name()) else {
        return Ok(None);
    };
    match &refusal.code {
        Code::NotRecorded => Ok(Some(failure(id, Missing::NotRecorded))),
        Code::Failure(code) => {
            let reason = refusal.message.as_deref().unwrap_or("The image could not be had");
            Ok(Some(failed(id, code, reason)))
        }
        Code::Exception(_) => repository.check(Operation::BatchGetImage, id.name()).map(|()| None),
    }
}

/// The result of asking the upstream of a pull-through cache, where ECR would: the image's failure, or
/// the error of the whole call.
fn refused_upstream(
    repository: &Repository,
    account: &str,
    caller: Caller<'_>,
    id: &ImageId,
) -> Result<Option<Value>, EcrError> {
    let Some(upstream) = &repository.facts.upstream else { return Ok(None) };
    match id.tag_alone() {
        Some(tag) if !upstream.imported.iter().any(|it| it == tag) => {}
        Some(_) | None => return Ok(None),
    }
    match upstream.others.as_str() {
        "AccessDeniedException" => {
            let resource = arn::repository(caller.region, account, &repository.facts.name);
            let action = "ecr:BatchImportUpstreamImage";
            Err(EcrError::access_denied(caller, action, Some(&resource)))
        }
        "UnableToGetUpstreamImageException" => Err(EcrError::new(
            "UnableToGetUpstreamImageException",
            "The image could not be pulled from the upstream registry with the pull through cache rule",
        )),
        code => Ok(Some(failed(
            id,
            code,
            "The upstream registry of the pull through cache rule gave no image",
        ))),
    }
}

/// The image itself, or, for an index that the caller does not accept, the image of its first
/// platform. An image that is not an index is given as it is stored, accepted or not.
fn accepted_form<'a>(
    repository: &'a Repository,
    image: &'a Image,
    accepted: &[String],
) -> Option<&'a Image> {
    let is_accepted = || accepted.iter().any(|it| Some(it) == image.media_type.as_ref());
    if !image.is_index() || is_accepted() {
        return Some(image);
    }
    let first = repository.by_digest(image.children.first()?)?;
    accepted_form(repository, first, accepted)
}

fn failure(id: &ImageId, missing: Missing) -> Value {
    let (code, reason) = match missing {
        Missing::NotFound => ("ImageNotFound", "Requested image not found"),
        Missing::TagOfAnotherDigest => {
            ("ImageTagDoesNotMatchDigest", "Requested tag does not belong to the requested digest")
        }
        Missing::NeitherTagNorDigest => (
            "MissingDigestAndTag",
            "Invalid request parameters: both tag and digest cannot be null",
        ),
        Missing::InvalidDigest => (
            "InvalidImageDigest",
            "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        Missing::InvalidTag => (
            "InvalidImageTag",
            "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        ),
        Missing::NotRecorded => (NOT_RECORDED, "The recording does not hold the answer"),
    };
    failed(id, code, reason)
}

fn failed(id: &ImageId, code: &str, reason: &str) -> Value {
    json!({"imageId": id.as_asked(), "failureCode": code, "failureReason": reason})
}
