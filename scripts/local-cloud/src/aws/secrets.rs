//! Secrets Manager: versions of a secret, and the staging labels that move between them.
//!
//! The messages are the API's own; clients and people search for them. Secrets are strings only:
//! `SecretBinary` is refused. A secret that is a file is read at each call; an edit is a new version, and a call that
//! changes the secret leaves the file as it is.

mod deletion;
pub(crate) mod file;
mod operations;
mod refusal;
pub(crate) mod secret;
mod store;

use serde_json::Value;

use super::error::{ApiError, input};
use super::wire::{self, Answer};
pub(crate) use refusal::marked_for_deletion;
pub(crate) use store::Secrets;

/// Carries out an operation.
pub(crate) fn answer(secrets: &Secrets, operation: &str, body: &[u8]) -> Result<Answer, ApiError> {
    let value: Value = match operation {
        "DeleteSecret" => deletion::delete(secrets, &input(body)?),
        "RestoreSecret" => deletion::restore(secrets, &input(body)?),
        "DescribeSecret" => operations::describe(secrets, &input(body)?),
        "ListSecretVersionIds" => operations::list_versions(secrets, &input(body)?),
        "GetSecretValue" => operations::get_value(secrets, &input(body)?),
        "PutSecretValue" => operations::put_value(secrets, input(body)?),
        "UpdateSecretVersionStage" => operations::move_stage(secrets, &input(body)?),
        _ => Err(ApiError::unknown_operation(operation)),
    }?;
    Ok(wire::success(value))
}
