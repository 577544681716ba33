//! `GetDownloadUrlForLayer`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::store::Registries;
use crate::caller::Caller;
use crate::catalogue::refusal::Operation;
use crate::error::EcrError;

/// The path of the blobs that `GetDownloadUrlForLayer` names; a digest follows.
pub const BLOBS: &str = "/blobs/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Url {
    registry_id: Option<String>,
    repository_name: String,
    layer_digest: String,
}

/// The address is on the host that was called, and is good without a signature.
pub(super) fn url(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Url,
) -> Result<Value, EcrError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let (name, digest) = (&input.repository_name, &input.layer_digest);
    let (_, repository) = registries.repository(account, caller.region, name)?;
    repository.check(Operation::GetDownloadUrlForLayer, Some(digest))?;
    if !repository.blobs.contains(digest) {
        if repository.recorded {
            return Err(EcrError::not_recorded());
        }
        return Err(EcrError::new(
            "LayersNotFoundException",
            format!(
                "The layer with digest '{digest}' does not exist within the repository with name \
                 '{name}' in the registry with id '{account}'"
            ),
        ));
    }
    Ok(json!({
        "downloadUrl": format!("https://{}{BLOBS}{digest}", caller.host),
        "layerDigest": digest,
    }))
}
