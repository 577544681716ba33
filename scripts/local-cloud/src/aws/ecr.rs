//! ECR over HTTP: its operations, and the blobs behind the addresses that `GetDownloadUrlForLayer` gives.

use ecr_admission_catalogue::{Caller, Registries};
use http::StatusCode;

use super::error::ApiError;
use super::wire::{self, Answer};

/// Carries out an operation.
pub(crate) fn answer(
    registries: &Registries,
    caller: Caller<'_>,
    operation: &str,
    body: &[u8],
) -> Result<Answer, ApiError> {
    let answer = ecr_admission_catalogue::answer(registries, caller, operation, body)
        .ok_or_else(|| ApiError::unknown_operation(operation))?;
    Ok(wire::json(StatusCode::OK, &answer?))
}

/// Answers a download.
pub(crate) fn blob(registries: &Registries, digest: &str) -> Result<Answer, ApiError> {
    let content = registries.blob(digest).ok_or_else(|| ApiError {
        status: StatusCode::NOT_FOUND,
        ..ApiError::new("NoSuchKey", format!("there is no blob {digest:?}"))
    })?;
    Ok(wire::blob(content))
}
