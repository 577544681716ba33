//! `DescribeImageSigningStatus`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::findings::image_not_found;
use super::image_id::ImageId;
use super::store::Registries;
use crate::caller::Caller;
use crate::catalogue::refusal::Operation;
use crate::catalogue::signing::Signing;
use crate::error::EcrError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Describe {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageId,
}

/// All statuses at once: the operation has no pages.
pub(super) fn describe(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Describe,
) -> Result<Value, EcrError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let (name, id) = (&input.repository_name, &input.image_id);
    let (_, repository) = registries.repository(account, caller.region, name)?;
    repository.check(Operation::DescribeImageSigningStatus, id.name())?;
    let image = id.find(repository);
    let image = image.map_err(|missing| image_not_found(missing, id, name, account))?;
    let signing = image.signing.as_ref().ok_or_else(EcrError::not_recorded)?;
    Ok(json!({
        "registryId": account,
        "repositoryName": name,
        "imageId": id.echo(&image.digest),
        "signingStatuses": signing.iter().map(status).collect::<Vec<_>>(),
    }))
}

fn status(signing: &Signing) -> Value {
    let Signing { profile, status, failure_code, failure_reason } = signing;
    json!({
        "signingProfileArn": profile,
        "status": status,
        "failureCode": failure_code,
        "failureReason": failure_reason,
    })
}
