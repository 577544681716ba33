//! ECR: the operations that the functions call, over what the catalogue says.

mod findings;
mod image_id;
mod images;
mod layers;
mod manifest;
mod page;
mod repositories;
mod store;

use super::call::Caller;
use super::error::ApiError;
use super::wire::{self, Answer, input};

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
        "BatchGetImage" => images::batch_get(registries, caller, input(body)?),
        "BatchGetRepositoryScanningConfiguration" => {
            repositories::scanning(registries, caller, &input(body)?)
        }
        "DescribeImageScanFindings" => findings::describe(registries, caller, &input(body)?),
        "DescribeImages" => images::describe(registries, caller, &input(body)?),
        "DescribeRepositories" => repositories::describe(registries, caller, &input(body)?),
        "GetDownloadUrlForLayer" => layers::url(registries, caller, &input(body)?),
        _ => Err(ApiError::unknown_operation(operation)),
    }?;
    Ok(wire::success(value))
}

/// `InvalidParameterException`, in ECR's words.
fn invalid(parameter: &str, constraint: &str) -> ApiError {
    ApiError::new(
        "InvalidParameterException",
        format!("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"),
    )
}

/// Refuses a list that is empty or too long.
fn check_length(parameter: &str, length: usize, most: usize) -> Result<(), ApiError> {
    match length {
        0 => Err(invalid(parameter, "Member must have length greater than or equal to 1")),
        _ if length > most => Err(invalid(
            parameter,
            &format!("Member must have length less than or equal to {most}"),
        )),
        _ => Ok(()),
    }
}
