//! The operations on versions and their labels.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::invalid_parameter;
use super::secret::{CURRENT, Version};
use super::store::Secrets;
use crate::aws::error::ApiError;

/// Epoch seconds with a fraction, as JSON 1.1 has it.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_duration().as_secs_f64()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Describe {
    secret_id: String,
}

pub(super) fn describe(secrets: &Secrets, input: &Describe) -> Result<Value, ApiError> {
    secrets.with(&input.secret_id, |secret| {
        // A version without a stage is deprecated, and not shown.
        let shown = secret.versions.iter().filter(|version| !version.stages.is_empty());
        let stages: BTreeMap<_, _> = shown.map(|it| (&it.id, &it.stages)).collect();
        Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "CreatedDate": seconds(secret.created),
            "LastChangedDate": seconds(secret.changed),
            "DeletedDate": secret.deletion.map(seconds),
            "VersionIdsToStages": stages,
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct ListVersions {
    secret_id: String,
    #[serde(default)]
    include_deprecated: bool,
    max_results: Option<usize>,
    /// The number of versions on the pages before.
    next_token: Option<String>,
}

/// The versions in pages of at most 100, in no order that a client could rely on.
pub(super) fn list_versions(secrets: &Secrets, input: &ListVersions) -> Result<Value, ApiError> {
    let most = input.max_results.unwrap_or(100);
    if !(1..=100).contains(&most) {
        return Err(invalid_parameter("MaxResults must be between 1 and 100."));
    }
    let before = input.next_token.as_deref().map_or(Ok(0), str::parse::<usize>);
    let before = before.or(Err(invalid_parameter("NextToken is not one of this list.")))?;
    secrets.with(&input.secret_id, |secret| {
        // A version without a stage is deprecated.
        let is_listed = |it: &&Version| input.include_deprecated || !it.stages.is_empty();
        let listed: Vec<_> = secret.versions.iter().filter(is_listed).skip(before).collect();
        let next = (listed.len() > most).then(|| (before + most).to_string());
        let versions = listed.iter().take(most).map(|version| {
            json!({
                "VersionId": version.id,
                "VersionStages": version.stages,
                "CreatedDate": seconds(version.created),
            })
        });
        Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "Versions": versions.collect::<Vec<_>>(),
            "NextToken": next,
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct GetValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

pub(super) fn get_value(secrets: &Secrets, input: &GetValue) -> Result<Value, ApiError> {
    secrets.with_live(&input.secret_id, |secret| {
        let (id, stage) = (input.version_id.as_deref(), input.version_stage.as_deref());
        let version = secret.find(id, stage)?;
        Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": version.id,
            "SecretString": version.text,
            "VersionStages": version.stages,
            "CreatedDate": seconds(version.created),
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct PutValue {
    secret_id: String,
    secret_string: String,
    client_request_token: String,
    version_stages: Option<BTreeSet<String>>,
}

/// The token becomes the version's id; the same token with the same text does nothing twice.
pub(super) fn put_value(secrets: &Secrets, input: PutValue) -> Result<Value, ApiError> {
    let id = input.client_request_token;
    if !(32..=64).contains(&id.len()) {
        return Err(invalid_parameter("ClientRequestToken must be 32-64 characters long."));
    }
    let stages = input.version_stages.unwrap_or_else(|| BTreeSet::from([CURRENT.to_owned()]));
    if stages.is_empty() || stages.len() > 20 {
        return Err(invalid_parameter("VersionStages must hold 1 to 20 staging labels."));
    }
    secrets.with_live(&input.secret_id, |secret| {
        match secret.version(&id) {
            Some(version) if version.text == input.secret_string => {}
            Some(_) => {
                return Err(ApiError::new(
                    "ResourceExistsException",
                    format!(
                        "You can't use ClientRequestToken {id} because that value is already in \
                         use for a version of secret {}.",
                        secret.arn
                    ),
                ));
            }
            None => {
                secret.check_room(&stages)?;
                secret.versions.push(Version {
                    id: id.clone(),
                    text: input.secret_string,
                    created: Timestamp::now(),
                    stages: BTreeSet::new(),
                });
                for stage in &stages {
                    secret.attach(stage, &id);
                }
            }
        }
        Ok(json!({
            "ARN": secret.arn,
            "Name": secret.name,
            "VersionId": id,
            "VersionStages": secret.known(&id)?.stages,
        }))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct MoveStage {
    secret_id: String,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

pub(super) fn move_stage(secrets: &Secrets, input: &MoveStage) -> Result<Value, ApiError> {
    secrets.with_live(&input.secret_id, |secret| {
        let stage = &input.version_stage;
        let from = input.remove_from_version_id.as_deref();
        let to = input.move_to_version_id.as_deref();
        for id in [from, to].into_iter().flatten() {
            secret.known(id)?;
        }
        secret.check_loser(stage, from, to)?;
        match (to, from) {
            (Some(to), _) => {
                secret.check_room(&BTreeSet::from([stage.clone()]))?;
                secret.attach(stage, to);
            }
            (None, Some(_)) if stage == CURRENT => {
                return Err(invalid_parameter(format!(
                    "You can only move staging label {CURRENT} to a different secret version. It \
                     can't be completely removed."
                )));
            }
            (None, Some(_)) => secret.detach(stage),
            (None, None) => {
                return Err(invalid_parameter(
                    "You must specify at least one of MoveToVersionId and RemoveFromVersionId.",
                ));
            }
        }
        Ok(json!({"ARN": secret.arn, "Name": secret.name}))
    })
}
