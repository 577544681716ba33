//! Repositories of a pull-through cache.

use serde::{Deserialize, Serialize};

/// How ECR answers `BatchGetImage` in a repository of a pull-through cache. It asks the upstream for a
/// tag that it does not hold, and once a day for one that it holds (ECR user guide, "Pull through cache
/// rules"); a digest is never asked for there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Upstream {
    /// The tags that ECR answers for without asking.
    #[serde(default)]
    pub(crate) imported: Vec<String>,
    /// What comes of asking for any other: a failure code of the image, or an exception of the call.
    pub(crate) others: String,
}
