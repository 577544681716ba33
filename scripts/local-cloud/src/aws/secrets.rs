//! Secrets Manager: versions of a secret, and the staging labels that move between them.
//!
//! The messages are the API's own; clients and people search for them. Secrets are strings only:
//! `SecretBinary` is refused.

mod operations;
mod secret;

use std::collections::BTreeMap;
use std::fmt;
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
    /// Each text as the `AWSCURRENT` version of a secret that was made just now.
    pub(crate) fn new(region: &str, account: &str, texts: &BTreeMap<String, String>) -> Secrets {
        let secrets = texts.iter().map(|(name, text)| Secret::new(region, account, name, text));
        Secrets(Mutex::new(secrets.collect()))
    }

    fn with<T>(
        &self,
        id: &str,
        act: impl FnOnce(&mut Secret) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut secrets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = secrets.iter_mut().find(|secret| secret.is(id));
        act(secret.ok_or_else(|| not_found("Secrets Manager can't find the specified secret."))?)
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

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceNotFoundException", message)
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}
