//! `DescribeImages`: tag to digest, media type, status. It says nothing of scans any more.

use serde::Deserialize;
use serde_json::{Value, json};

use super::MOST_IMAGES;
use crate::aws::call::Caller;
use crate::aws::ecr::image_id::{ImageId, Missing};
use crate::aws::ecr::page::{page, size, unpaged};
use crate::aws::ecr::store::{Image, Registries, Repository};
use crate::aws::ecr::{check_length, invalid};
use crate::aws::error::ApiError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(in crate::aws::ecr) struct Describe {
    registry_id: Option<String>,
    repository_name: String,
    image_ids: Option<Vec<ImageId>>,
    #[serde(default)]
    filter: Filter,
    max_results: Option<u32>,
    next_token: Option<String>,
}

/// Without a filter, only active images are shown.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Filter {
    tag_status: Option<String>,
    image_status: Option<String>,
}

impl Filter {
    fn check(&self) -> Result<(), ApiError> {
        let one_of = |parameter: &str, given: &Option<String>, words: &[&str]| match given {
            Some(word) if !words.contains(&word.as_str()) => Err(invalid(
                parameter,
                &format!("Member must satisfy enum value set: [{}]", words.join(", ")),
            )),
            Some(_) | None => Ok(()),
        };
        one_of("tagStatus", &self.tag_status, &["TAGGED", "UNTAGGED", "ANY"])?;
        let statuses = ["ACTIVE", "ARCHIVED", "ACTIVATING", "ANY"];
        one_of("imageStatus", &self.image_status, &statuses)
    }

    fn lets(&self, image: &Image) -> bool {
        let by_tag = match self.tag_status.as_deref() {
            Some("TAGGED") => !image.tags.is_empty(),
            Some("UNTAGGED") => image.tags.is_empty(),
            Some(_) | None => true,
        };
        let by_status = match self.image_status.as_deref() {
            Some("ANY") => true,
            Some(status) => image.status == status,
            None => image.status == "ACTIVE",
        };
        by_tag && by_status
    }
}

pub(in crate::aws::ecr) fn describe(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Describe,
) -> Result<Value, ApiError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let name = &input.repository_name;
    let (_, repository) = registries.repository(account, caller.region, name)?;
    input.filter.check()?;
    let token = input.next_token.as_deref();
    let (images, next) = if let Some(ids) = &input.image_ids {
        check_length("imageIds", ids.len(), MOST_IMAGES)?;
        unpaged("imageIds", input.max_results, token)?;
        (named(repository, account, ids, input)?, None)
    } else {
        let shown = repository.images.iter().filter(|image| input.filter.lets(image));
        let shown: Vec<&Image> = shown.collect();
        let list = format!("images {account} {} {name}", caller.region);
        let (part, next) = page(&shown, &list, token, size(input.max_results)?)?;
        (part.to_vec(), next)
    };
    let details: Vec<Value> = images.into_iter().map(|it| detail(it, account, name)).collect();
    Ok(json!({"imageDetails": details, "nextToken": next}))
}

fn named<'a>(
    repository: &'a Repository,
    account: &str,
    ids: &[ImageId],
    input: &Describe,
) -> Result<Vec<&'a Image>, ApiError> {
    let image = |id: &ImageId| {
        let found = id.find(repository).and_then(|image| {
            let shown = input.filter.lets(image);
            shown.then_some(image).ok_or(Missing::NotFound)
        });
        found.map_err(|missing| image_not_found(missing, id, &input.repository_name, account))
    };
    ids.iter().map(image).collect()
}

/// The error for an image that cannot be had, where one image is asked for.
pub(in crate::aws::ecr) fn image_not_found(
    missing: Missing,
    id: &ImageId,
    repository: &str,
    account: &str,
) -> ApiError {
    match missing {
        Missing::NotFound | Missing::TagOfAnotherDigest => ApiError::new(
            "ImageNotFoundException",
            format!(
                "The image with imageId {} does not exist within the repository with name \
                 '{repository}' in the registry with id '{account}'",
                id.text()
            ),
        ),
        Missing::NeitherTagNorDigest => {
            invalid("imageId", "Either imageDigest or imageTag must be given")
        }
        Missing::InvalidDigest => invalid(
            "imageDigest",
            "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        Missing::InvalidTag => invalid(
            "imageTag",
            "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        ),
    }
}

fn detail(image: &Image, account: &str, repository: &str) -> Value {
    json!({
        "registryId": account,
        "repositoryName": repository,
        "imageDigest": image.digest,
        "imageTags": if image.tags.is_empty() { Value::Null } else { json!(image.tags) },
        "imageSizeInBytes": image.manifest.len(),
        "imageManifestMediaType": image.media_type,
        "imageStatus": image.status,
    })
}
