//! Registries and their repositories.

use serde::Deserialize;

use super::filter::ExclusionFilter;
use super::id::Account;
use super::image::Image;
use super::signing::Signing;
use super::upstream::Upstream;

/// The private registry of one account in one Region.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Registry {
    pub(crate) account: Account,
    pub(crate) region: String,
    #[serde(default)]
    pub(crate) scan_type: ScanType,
    #[serde(default)]
    pub(crate) repositories: Vec<Repository>,
}

/// Who scans: decides the shape of the findings, and their page size.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ScanType {
    #[default]
    Basic,
    Enhanced,
}

/// One repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) image_tag_mutability: Option<String>,
    #[serde(default)]
    pub(crate) image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    pub(crate) scan_on_push: Option<bool>,
    pub(crate) scan_frequency: Option<String>,
    #[serde(default)]
    pub(crate) applied_scan_filters: Vec<String>,
    pub(crate) upstream: Option<Upstream>,
    /// Of every image that has none itself.
    #[serde(default)]
    pub(crate) signing: Vec<Signing>,
    #[serde(default)]
    pub(crate) images: Vec<Image>,
}
