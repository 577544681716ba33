//! Secrets Manager: versions of a secret, and the staging labels that move between them.
//!
//! The messages are the API's own; clients and people search for them. Secrets are strings only:
//! `SecretBinary` is refused. A secret that is a file is read at each call, and never written.

mod deletion;
pub(crate) mod file;
mod operations;
pub(crate) mod secret;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::error::ApiError;
use super::wire::{self, Answer, input};
use secret::Secret;

/// All secrets of the stack's account and Region.
pub(crate) struct Secrets(Mutex<Vec<Secret>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secrets(redacted)")
    }
}

impl Secrets {
    /// Each text as the `AWSCURRENT` version of a secret that was made just now, and each file as a
    /// secret that holds what the file holds.
    pub(crate) fn new(
        region: &str,
        account: &str,
        texts: &BTreeMap<String, String>,
        files: &BTreeMap<String, PathBuf>,
    ) -> Secrets {
        let texts = texts.iter().map(|(name, text)| Secret::of_text(region, account, name, text));
        let files = files.iter().map(|(name, path)| Secret::of_file(region, account, name, path));
        Secrets(Mutex::new(texts.chain(files).collect()))
    }

    fn with<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.iter_mut().find(|secret| secret.is(id)).ok_or_else(no_secret)?;
        secret.renew()?;
        act(secret)
    }

    /// As [`Secrets::with`], of a secret that is not marked for deletion.
    fn with_live<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        self.with(id, |secret| {
            if secret.deletion.is_some() { Err(marked_for_deletion()) } else { act(secret) }
        })
    }

    /// Deletes a secret for good.
    fn remove(&self, id: &str) {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.retain(|secret| !secret.is(id));
    }
}

/// Carries out an operation.
pub(crate) fn answer(secrets: &Secrets, operation: &str, body: &[u8]) -> Result<Answer, ApiError> {
    let value: Value = match operation {
        "DeleteSecret" => deletion::delete(secrets, &input(body)?),
        "RestoreSecret" => deletion::restore(secrets, &input(body)?),
        "DescribeSecret" => operations::describe(secrets, &input(body)?),
        "GetSecretValue" => operations::get_value(secrets, &input(body)?),
        "PutSecretValue" => operations::put_value(secrets, input(body)?),
        "UpdateSecretVersionStage" => operations::move_stage(secrets, &input(body)?),
        _ => Err(ApiError::unknown_operation(operation)),
    }?;
    Ok(wire::success(value))
}

/// What every operation but those on deletions, and `DescribeSecret`, answers about such a secret.
pub(crate) fn marked_for_deletion() -> ApiError {
    ApiError::new(
        "InvalidRequestException",
        "You can't perform this operation on the secret because it was marked for deletion.",
    )
}

fn no_secret() -> ApiError {
    not_found("Secrets Manager can't find the specified secret.")
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}
