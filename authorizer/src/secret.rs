//! The token secret in AWS Secrets Manager. The only file that names its SDK.

use std::time::SystemTime;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Config;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use ecr_admission_lambda::log::causes;
use ecr_admission_lambda::{AwsError, Sdk, Service};

use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::tokens::SecretVersion;

/// The action that IAM names when it does not allow this function to read the secret.
const READ_ACTION: &str = "secretsmanager:GetSecretValue";

/// The token secret.
#[derive(Clone, Debug)]
pub struct TokenSecret {
    client: Client,
    id: String,
}

impl TokenSecret {
    /// The secret with the name or ARN `id`.
    pub fn new(sdk: &Sdk, id: String) -> Self {
        Self::with_config(Config::from(&sdk.config_for(Service::SecretsManager)), id)
    }

    fn with_config(config: Config, id: String) -> Self {
        Self { client: Client::from_conf(config), id }
    }

    async fn get(&self, stage: Stage) -> Result<SecretVersion, Cause> {
        let request =
            self.client.get_secret_value().secret_id(&self.id).version_stage(stage.label());
        let answer = request.send().await.map_err(|error| self.cause(&error))?;
        let created = answer.created_date().and_then(|created| SystemTime::try_from(*created).ok());
        let id = answer.version_id().unwrap_or_default().to_owned();
        let Some(text) = answer.secret_string() else {
            return Err(Cause::NotTokens);
        };
        Ok(SecretVersion::parse(id, created, text)?)
    }

    /// What went wrong, without any part of an answer that may hold the secret: an `SdkError` shows the
    /// whole answer in its `Debug`, and a parser quotes what it could not read.
    fn cause(&self, error: &SdkError<GetSecretValueError>) -> Cause {
        match error {
            _ if AwsError::of(error) == AwsError::TimedOut => Cause::TimedOut,
            // No answer has come yet, so the text holds no part of one.
            SdkError::DispatchFailure(failure) => Cause::Unreachable(
                failure.as_connector_error().map_or_else(String::new, |error| causes(error)),
            ),
            SdkError::ServiceError(refusal) => self.refusal(refusal.err()),
            SdkError::ConstructionFailure(_) => {
                Cause::Refused("the request could not be made".to_owned())
            }
            _ => Cause::BadAnswer,
        }
    }

    /// By the error code. Without one the answer is not from Secrets Manager.
    fn refusal(&self, error: &GetSecretValueError) -> Cause {
        let Some(code) = error.code() else {
            return Cause::BadAnswer;
        };
        let text = error.message().unwrap_or(code);
        match (code, AwsError::from_code(code)) {
            ("ResourceNotFoundException", _) => Cause::NotFound(self.id.clone()),
            // Only the text distinguishes a secret that was deleted from the other reasons of this code.
            ("InvalidRequestException", _) if text.contains("marked for deletion") => {
                Cause::MarkedForDeletion
            }
            // KMS denies access with the same code, and then names no action, or one of its own.
            (_, Some(AwsError::AccessDenied)) if text.contains(READ_ACTION) => {
                Cause::NotAuthorized(text.to_owned())
            }
            (_, Some(AwsError::AccessDenied)) => Cause::AccessDenied(text.to_owned()),
            (_, Some(AwsError::Throttled)) => Cause::Throttled,
            _ => Cause::Refused(format!("{code}: {text}")),
        }
    }
}

impl ReadSecret for TokenSecret {
    async fn read(&self, stage: Stage) -> Result<SecretVersion, Unreadable> {
        self.get(stage).await.map_err(|cause| Unreadable { stage, cause })
    }
}

#[cfg(test)]
mod tests;
