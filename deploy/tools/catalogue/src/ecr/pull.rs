//! Manifests, as the HTTP API of a registry gives them: the one way by which an image comes into a pull-through cache.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::parameter::invalid;
use super::store::{Registries, repository_not_found};
use crate::caller::Caller;
use crate::catalogue::on_pull::OnPull;
use crate::error::EcrError;

/// The import of an image, and of all that an index holds with it.
#[derive(Debug)]
pub(crate) struct Import {
    on_pull: OnPull,
    since: OnceLock<Instant>,
}

/// A scan that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    NotBegun,
    Begun,
}

impl Import {
    pub(crate) fn new(on_pull: OnPull) -> Import {
        Import { on_pull, since: OnceLock::new() }
    }

    /// Whether the image was pulled.
    pub(crate) fn is_done(&self) -> bool {
        self.since.get().is_some()
    }

    /// How far the scan is; `None` when it is over.
    pub(crate) fn scanning(&self) -> Option<Unfinished> {
        let takes = Duration::from_secs(self.on_pull.scan_seconds);
        match self.since.get()?.elapsed() {
            elapsed if elapsed < takes / 2 => Some(Unfinished::NotBegun),
            elapsed if elapsed < takes => Some(Unfinished::Begun),
            _ => None,
        }
    }
}

/// A manifest, as the registry API sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledManifest {
    /// `Docker-Content-Digest`.
    pub digest: String,
    /// `Content-Type`.
    pub media_type: String,
    /// The body.
    pub content: Bytes,
}

/// An error of the registry API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRefusal {
    /// The HTTP status.
    pub status: u16,
    /// The code, as in `MANIFEST_UNKNOWN`.
    pub code: String,
    /// What ECR says.
    pub message: String,
}

/// `GET /v2/<repository>/manifests/<reference>`. By its tag, an image that only the upstream has is imported.
pub fn manifest(
    registries: &Registries,
    account: &str,
    region: &str,
    repository: &str,
    reference: &str,
) -> Result<PulledManifest, PullRefusal> {
    let refusal = |code: &str, message: &str| PullRefusal {
        status: 404,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let unknown = || refusal("MANIFEST_UNKNOWN", "Requested image not found");
    let name_unknown = || refusal("NAME_UNKNOWN", &repository_not_found(account, repository));
    let registry = registries.registry(account, region).ok_or_else(name_unknown)?;
    let found = registry.repositories.get(repository).ok_or_else(name_unknown)?;
    let image = if reference.starts_with("sha256:") {
        found.by_digest(reference).ok_or_else(unknown)?
    } else {
        let image = found.by_tag_here_or_upstream(reference).ok_or_else(unknown)?;
        if let Some(import) = &image.import {
            if let Some(refused) = &import.on_pull.refused {
                return Err(PullRefusal {
                    status: refused.status,
                    code: refused.code.clone(),
                    message: refused.message.clone(),
                });
            }
            import.since.get_or_init(Instant::now);
        }
        image
    };
    Ok(PulledManifest {
        digest: image.digest.clone(),
        media_type: image.media_type.clone().unwrap_or_default(),
        content: image.manifest.clone(),
    })
}

/// `DescribePullThroughCacheRules`, all on one page.
pub(super) fn rules(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Value,
) -> Result<Value, EcrError> {
    let asked = input.get("registryId").and_then(Value::as_str);
    let account = asked.unwrap_or(caller.account);
    if input.get("ecrRepositoryPrefixes").is_some() || input.get("nextToken").is_some() {
        return Err(invalid("ecrRepositoryPrefixes", "the catalogue lists all rules at once"));
    }
    let registry = registries.registry(account, caller.region);
    let rules = registry.map(|registry| registry.cache_rules.as_slice()).unwrap_or_default();
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "registryId": account,
                "ecrRepositoryPrefix": rule.prefix,
                "upstreamRegistryUrl": rule.upstream,
            })
        })
        .collect();
    Ok(json!({"pullThroughCacheRules": rules}))
}
