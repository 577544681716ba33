//! Secrets Manager: versions of a secret, and the staging labels that move between them.
//!
//! The messages are the API's own; clients and people search for them. Secrets are strings only:
//! `SecretBinary` is refused. A secret that is a file is read at each call, and never written.

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
}

/// Carries out an operation.
pub(crate) fn answer(secrets: &Secrets, operation: &str, body: &[u8]) -> Result<Answer, ApiError> {
    let value: Value = match operation {
        "DescribeSecret" => operations::describe(secrets, &input(body)?),
        "GetSecretValue" => operations::get_value(secrets, &input(body)?),
        "PutSecretValue" => operations::put_value(secrets, input(body)?),
        "UpdateSecretVersionStage" => operations::move_stage(secrets, &input(body)?),
        _ => Err(ApiError::unknown_operation(operation)),
    }?;
    Ok(wire::success(value))
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
