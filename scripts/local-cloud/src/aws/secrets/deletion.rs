//! Deleting a secret, at once or after a time in which it can be restored.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::operations::seconds;
use super::refusal::invalid_parameter;
use super::secret::Secret;
use super::store::Secrets;
use crate::aws::error::ApiError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Delete {
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

/// Marks a secret for deletion, or deletes it for good where that is forced.
pub(super) fn delete(secrets: &Secrets, input: &Delete) -> Result<Value, ApiError> {
    let days = input.recovery_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid_parameter(
            "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    let act = |secret: &mut Secret| {
        secret.check_deletable()?;
        let now = Timestamp::now();
        let end = if input.force_delete_without_recovery {
            now
        } else {
            now + SignedDuration::from_hours(24 * days)
        };
        secret.deletion = Some(end);
        Ok(json!({"ARN": secret.arn, "Name": secret.name, "DeletionDate": seconds(end)}))
    };
    if !input.force_delete_without_recovery {
        return secrets.with_live(&input.secret_id, act);
    }
    if input.recovery_window_in_days.is_some() {
        return Err(invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let answer = secrets.with(&input.secret_id, act)?;
    secrets.remove(&input.secret_id);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Restore {
    secret_id: String,
}

/// Takes the mark away.
pub(super) fn restore(secrets: &Secrets, input: &Restore) -> Result<Value, ApiError> {
    secrets.with(&input.secret_id, |secret| {
        secret.deletion = None;
        Ok(json!({"ARN": secret.arn, "Name": secret.name}))
    })
}
