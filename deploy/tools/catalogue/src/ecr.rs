//! ECR: the operations that the functions call, over what the catalogue says.

mod batch_get_image;
mod findings;
mod image_id;
mod layers;
mod manifest;
mod page;
mod parameter;
mod pull;
mod repositories;
mod signing;
mod store;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::caller::Caller;
use crate::error::EcrError;
use crate::nulls::without_nulls;

pub use layers::BLOBS;
pub use pull::{PullRefusal, PulledManifest, manifest};
pub use store::Registries;

/// Carries out an operation; `None` for one that is not answered from a catalogue. A request without a `registryId` is
/// for the caller's own registry.
///
/// A member of the request that is not built is an error: to ignore it would pass for an answer.
pub fn answer(
    registries: &Registries,
    caller: Caller<'_>,
    operation: &str,
    body: &[u8],
) -> Option<Result<Value, EcrError>> {
    let result = match operation {
        "BatchGetImage" => {
            input(body).and_then(|it| batch_get_image::batch_get(registries, caller, it))
        }
        "BatchGetRepositoryScanningConfiguration" => {
            input(body).and_then(|it| repositories::scanning(registries, caller, &it))
        }
        "DescribeImageScanFindings" => {
            input(body).and_then(|it| findings::describe(registries, caller, &it))
        }
        "DescribeImageSigningStatus" => {
            input(body).and_then(|it| signing::describe(registries, caller, &it))
        }
        "DescribePullThroughCacheRules" => {
            input(body).and_then(|it| pull::rules(registries, caller, &it))
        }
        "DescribeRepositories" => {
            input(body).and_then(|it| repositories::describe(registries, caller, &it))
        }
        "GetDownloadUrlForLayer" => input(body).and_then(|it| layers::url(registries, caller, &it)),
        _ => return None,
    };
    Some(result.map(without_nulls))
}

/// Reads the input of an operation.
fn input<T: DeserializeOwned>(body: &[u8]) -> Result<T, EcrError> {
    serde_json::from_slice(body)
        .map_err(|error| EcrError::new("SerializationException", error.to_string()))
}
