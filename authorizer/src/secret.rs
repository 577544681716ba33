//! The secret in AWS Secrets Manager. The only file that names its SDK.

use std::time::SystemTime;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Config;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use ecr_admission_lambda::log::causes;
use ecr_admission_lambda::{Sdk, Service};

use crate::read::{Cause, ReadSecret, Stage, Unreadable};
use crate::tokens::SecretVersion;

/// What IAM names when it does not let this function read the secret.
const READ_ACTION: &str = "secretsmanager:GetSecretValue";

/// The secret with the tokens.
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

    /// What went wrong, without anything of an answer that may hold the secret: an `SdkError` shows
    /// the whole answer in its `Debug`, and a parser quotes what it stumbled over.
    fn cause(&self, error: &SdkError<GetSecretValueError>) -> Cause {
        match error {
            SdkError::TimeoutError(_) => Cause::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Cause::TimedOut,
            // No answer has come yet, so nothing of one is in the text.
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

    /// By error code, since most of these are not in the SDK's model of the operation.
    fn refusal(&self, error: &GetSecretValueError) -> Cause {
        let Some(code) = error.code() else {
            return Cause::BadAnswer;
        };
        let text = error.message().unwrap_or(code);
        match code {
            "ResourceNotFoundException" => Cause::NotFound(self.id.clone()),
            // The text alone tells a secret that was deleted from the other reasons of this code.
            "InvalidRequestException" if text.contains("marked for deletion") => {
                Cause::MarkedForDeletion
            }
            // KMS answers with this code too, and then names no action, or one of its own.
            "AccessDeniedException" if text.contains(READ_ACTION) => {
                Cause::NotAuthorized(text.to_owned())
            }
            "AccessDeniedException" => Cause::AccessDenied(text.to_owned()),
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "RequestLimitExceeded" => Cause::Throttled,
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
