//! The secret that holds the operator's policy document: the only file that names its SDK.

use std::fmt;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Config;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use ecr_admission_lambda::{AwsError, Sdk, Service, error_text};
use ecr_admission_policy::facts::Cause;
use tokio::time::{Instant, timeout_at};

use crate::ecr::cause;

/// How long one reading may take, all tries together, where the review leaves it that long.
pub const LONGEST_READ: Duration = Duration::from_secs(3);

/// How long a reading may take where a good copy is at hand: a Secrets Manager that hangs must not cost a
/// review much.
pub const LONGEST_RENEWAL: Duration = Duration::from_secs(1);

/// A version of the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// `VersionId`.
    pub id: String,
    /// The document.
    pub text: String,
}

/// Without the text, which may be that of another secret.
impl fmt::Debug for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyVersion").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why the secret could not be read: in `cause` for the author of a Pod, in `detail` for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// For the author.
    pub cause: UnreadableCause,
    /// What AWS said.
    pub detail: String,
}

/// Why the secret could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadableCause {
    /// There is no such secret, or it has no AWSCURRENT version.
    Missing,
    /// It is binary.
    Binary,
    /// The call failed.
    Failed(Cause),
}

impl fmt::Display for UnreadableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "its secret does not exist",
            Self::Binary => "its secret is binary, not text",
            Self::Failed(Cause::Throttled) => "reading its secret was throttled",
            Self::Failed(Cause::AccessDenied | Cause::ActionDenied(_)) => {
                "access to its secret was denied"
            }
            Self::Failed(Cause::TimedOut) => "reading its secret timed out",
            Self::Failed(
                Cause::Internal | Cause::NotAsked | Cause::NotRecorded | Cause::Outdated,
            ) => "reading its secret failed",
        })
    }
}

/// Reads the secret. Implemented over Secrets Manager, and over plain data in tests.
pub trait ReadPolicy {
    /// The name or ARN of the secret, for the log.
    fn secret(&self) -> &str;

    /// The current version, read by `deadline`.
    fn read(&self, deadline: Instant) -> impl Future<Output = Result<PolicyVersion, Unreadable>>;
}

/// The secret in AWS Secrets Manager.
#[derive(Debug)]
pub struct PolicySecret {
    client: Client,
    id: String,
}

impl PolicySecret {
    /// The secret with the ARN `id`.
    pub fn new(sdk: &Sdk, id: String) -> Self {
        let config = Config::from(&sdk.config_for(Service::SecretsManager));
        Self::with_client(Client::from_conf(config), id)
    }

    /// The secret with the ARN `id`, read through this client.
    pub fn with_client(client: Client, id: String) -> Self {
        Self { client, id }
    }
}

impl ReadPolicy for PolicySecret {
    fn secret(&self) -> &str {
        &self.id
    }

    async fn read(&self, deadline: Instant) -> Result<PolicyVersion, Unreadable> {
        let unreadable = |cause, detail| Unreadable { cause, detail };
        let request = self.client.get_secret_value().secret_id(&self.id);
        let deadline = deadline.min(Instant::now() + LONGEST_READ);
        let answer = timeout_at(deadline, request.send()).await.map_err(|elapsed| {
            unreadable(UnreadableCause::Failed(Cause::TimedOut), elapsed.to_string())
        })?;
        let answer = answer.map_err(|error| {
            let missing = error.code() == Some("ResourceNotFoundException");
            let failed = || UnreadableCause::Failed(cause(AwsError::of(&error)));
            let cause = if missing { UnreadableCause::Missing } else { failed() };
            unreadable(cause, error_text(error))
        })?;
        let Some(text) = answer.secret_string else {
            return Err(unreadable(UnreadableCause::Binary, "it has no SecretString".to_owned()));
        };
        Ok(PolicyVersion { id: answer.version_id.unwrap_or_default(), text })
    }
}
