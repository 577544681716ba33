//! What Secrets Manager refuses, in its own words.

use crate::aws::error::ApiError;

/// What every operation but those on deletions, and `DescribeSecret`, answers about such a secret.
pub(crate) fn marked_for_deletion() -> ApiError {
    ApiError::new(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
}

pub(super) fn no_secret() -> ApiError {
    not_found("Secrets Manager can't find the specified secret.")
}

pub(super) fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

pub(super) fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}
