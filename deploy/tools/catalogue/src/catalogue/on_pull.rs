//! Images that the upstream registry of a pull-through cache has, until they are pulled.

use serde::{Deserialize, Serialize};

/// The prefix of a pull-through cache rule, and where it pulls from.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct CacheRule {
    pub(crate) prefix: String,
    pub(crate) upstream: String,
}

/// What happens when the manifest of an image is pulled by its tag. Until then, ECR does not hold the image.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct OnPull {
    /// How long its scan takes from then on.
    #[serde(default)]
    pub(crate) scan_seconds: u64,
    /// Instead of a manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<RefusedPull>,
}

/// How a pull is refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RefusedPull {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The error code of the registry API.
    pub(crate) code: String,
    pub(crate) message: String,
}
