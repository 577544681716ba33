//! Registries and their repositories.

use serde::{Deserialize, Serialize};

use super::filter::ExclusionFilter;
use super::id::Account;
use super::image::Image;
use super::on_pull::CacheRule;
use super::refusal::Refusal;
use super::signing::Signing;
use super::upstream::Upstream;
use super::word::Word;

/// The private registry of one account in one Region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Registry {
    pub(crate) account: Account,
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) scan_type: ScanType,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pull_through_cache_rules: Vec<CacheRule>,
    /// Repositories that ECR said do not exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_found: Vec<String>,
    #[serde(default)]
    pub(crate) repositories: Vec<Repository>,
}

/// Who scans: decides the shape of the findings, and their page size.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ScanType {
    #[default]
    Basic,
    Enhanced,
}

/// One repository.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Repository {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tag_mutability: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scan_on_push: Option<bool>,
    #[serde(default, skip_serializing_if = "Word::follows")]
    pub(crate) scan_frequency: Word,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) applied_scan_filters: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream: Option<Upstream>,
    /// What ECR answers instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Refusal>,
    /// Tags and digests that ECR said it does not hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_found: Vec<String>,
    /// Of every image that has none itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) signing: Vec<Signing>,
    #[serde(default)]
    pub(crate) images: Vec<Image>,
}
