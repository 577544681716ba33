//! The versions of a policy secret, and the staging labels that say which one is in force.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::DateTime;
use ecr_admission_policy::Timestamp;
use ecr_admission_policy::names::Region;

use super::Aws;
use super::problem::{Call, problem};

/// The label of the version that the admission function reads.
pub const CURRENT: &str = "AWSCURRENT";

/// The label that Secrets Manager gives to the version before.
pub const PREVIOUS: &str = "AWSPREVIOUS";

/// A version, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// `VersionId`.
    pub id: String,
    /// When it was put.
    pub created: Timestamp,
    /// Its staging labels, sorted. Secrets Manager may delete a version without one.
    pub labels: Vec<String>,
}

impl SecretVersion {
    /// Whether it has this label.
    pub fn has(&self, label: &str) -> bool {
        self.labels.iter().any(|it| it == label)
    }
}

/// A policy secret.
#[derive(Debug)]
pub struct PolicyVersions {
    client: Client,
    region: Region,
    /// Its name or ARN.
    pub id: String,
}

impl Aws {
    /// The secret with this name or ARN.
    pub fn policy_versions(&self, id: &str) -> PolicyVersions {
        let client = Client::new(&self.config);
        PolicyVersions { client, region: self.region.clone(), id: id.to_owned() }
    }
}

const SERVICE: &str = "AWS Secrets Manager";

impl PolicyVersions {
    /// All versions, the newest first.
    pub async fn list(&self) -> Result<Vec<SecretVersion>, String> {
        let call = Call { action: "secretsmanager:ListSecretVersionIds", service: SERVICE };
        let mut versions = vec![];
        let mut next = None;
        loop {
            let request = self.client.list_secret_version_ids().secret_id(&self.id);
            let request = request.include_deprecated(true).set_next_token(next);
            let page = request.send().await;
            let page = page.map_err(|error| self.named(&problem(error, call, &self.region)))?;
            for version in page.versions() {
                let mut labels = version.version_stages().to_vec();
                labels.sort();
                versions.push(SecretVersion {
                    id: version.version_id().unwrap_or_default().to_owned(),
                    created: Timestamp::from_seconds(
                        version.created_date().map_or(0, DateTime::secs),
                    ),
                    labels,
                });
            }
            next = page.next_token().map(ToOwned::to_owned);
            if next.is_none() {
                break;
            }
        }
        // Of two in one second, the one in force was the later one.
        versions.sort_by_key(|version| {
            std::cmp::Reverse((version.created, version.has(CURRENT), version.has(PREVIOUS)))
        });
        Ok(versions)
    }

    /// The text of a version.
    pub async fn text(&self, version: &str) -> Result<String, String> {
        let call = Call { action: "secretsmanager:GetSecretValue", service: SERVICE };
        let request = self.client.get_secret_value().secret_id(&self.id).version_id(version);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.named(&problem(error, call, &self.region)))?;
        let text = answer.secret_string;
        text.ok_or_else(|| self.named("expected text, got binary data; put the document as text"))
    }

    /// Puts a version that has this label alone, so that it is not in force. The same text under the same id is put
    /// once.
    pub async fn put(&self, id: &str, text: &str, label: &str) -> Result<(), String> {
        let call = Call { action: "secretsmanager:PutSecretValue", service: SERVICE };
        let request = self.client.put_secret_value().secret_id(&self.id).secret_string(text);
        let request = request.client_request_token(id).version_stages(label);
        let answer = request.send().await;
        answer.map_err(|error| self.named(&problem(error, call, &self.region)))?;
        Ok(())
    }

    /// Moves a label between two versions. Secrets Manager refuses it where another version than `from` has the label.
    pub async fn move_label(
        &self,
        label: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<(), String> {
        let call = Call { action: "secretsmanager:UpdateSecretVersionStage", service: SERVICE };
        let request = self.client.update_secret_version_stage().secret_id(&self.id);
        let request = request.version_stage(label);
        let request = request.set_remove_from_version_id(from.map(ToOwned::to_owned));
        let request = request.set_move_to_version_id(to.map(ToOwned::to_owned));
        let answer = request.send().await;
        answer.map_err(|error| self.named(&problem(error, call, &self.region)))?;
        Ok(())
    }

    fn named(&self, problem: &str) -> String {
        format!("the policy secret {}: {problem}", self.id)
    }
}
