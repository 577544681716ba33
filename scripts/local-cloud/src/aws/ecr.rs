//! ECR: the operations that the functions call, over what the catalogue says.

mod batch_get_image;
mod findings;
mod image_id;
mod layers;
mod manifest;
mod page;
mod parameter;
mod repositories;
mod store;

use super::caller::Caller;
use super::error::{ApiError, input};
use super::wire::{self, Answer};

pub(crate) use layers::blob;
pub(crate) use store::Registries;

/// Carries out an operation. A request without a `registryId` is for the caller's own registry.
pub(crate) fn answer(
    registries: &Registries,
    caller: Caller<'_>,
    operation: &str,
    body: &[u8],
) -> Result<Answer, ApiError> {
    let value = match operation {
        "BatchGetImage" => batch_get_image::batch_get(registries, caller, input(body)?),
        "BatchGetRepositoryScanningConfiguration" => {
            repositories::scanning(registries, caller, &input(body)?)
        }
        "DescribeImageScanFindings" => findings::describe(registries, caller, &input(body)?),
        "DescribeRepositories" => repositories::describe(registries, caller, &input(body)?),
        "GetDownloadUrlForLayer" => layers::url(registries, caller, &input(body)?),
        _ => Err(ApiError::unknown_operation(operation)),
    }?;
    Ok(wire::success(value))
}
