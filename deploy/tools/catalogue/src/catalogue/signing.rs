//! What ECR says about its signing of an image.

use serde::Deserialize;

/// The status for one signing profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Signing {
    pub(crate) profile: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) failure_code: Option<String>,
    pub(crate) failure_reason: Option<String>,
}
