//! Requests and answers of the ECR API, as far as a catalogue holds them.
#![allow(clippy::struct_field_names, reason = "the names are those of the API")]

use std::collections::BTreeMap;

use serde::Deserialize;

use super::heard::Manifest;
use crate::catalogue::filter::ExclusionFilter;
use crate::catalogue::id::Digest;
use crate::catalogue::signing::Signing;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageId {
    image_tag: Option<String>,
    image_digest: Option<String>,
}

impl ImageId {
    /// The tag, or else the digest.
    pub(super) fn name(&self) -> Option<String> {
        self.image_tag.clone().or_else(|| self.image_digest.clone())
    }

    pub(super) fn digest(&self) -> Option<&str> {
        self.image_digest.as_deref()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeRepositories {
    pub(super) registry_id: Option<String>,
    pub(super) repository_names: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repositories {
    #[serde(default)]
    pub(super) repositories: Vec<Described>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    pub(super) repository_name: String,
    pub(super) image_tag_mutability: Option<String>,
    #[serde(default)]
    pub(super) image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    pub(super) image_scanning_configuration: Option<OnPush>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnPush {
    pub(super) scan_on_push: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetScanning {
    pub(super) repository_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scanning {
    #[serde(default)]
    pub(super) scanning_configurations: Vec<Configuration>,
    #[serde(default)]
    pub(super) failures: Vec<RepositoryFailure>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Configuration {
    pub(super) repository_name: String,
    pub(super) scan_frequency: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryFailure {
    pub(super) repository_name: String,
    pub(super) failure_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchGetImage {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
    pub(super) image_ids: Vec<ImageId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Images {
    #[serde(default)]
    pub(super) images: Vec<Image>,
    #[serde(default)]
    pub(super) failures: Vec<ImageFailure>,
}

#[allow(clippy::struct_field_names, reason = "the names are those of the API")]
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    image_id: Option<ImageId>,
    image_manifest: Option<String>,
    image_manifest_media_type: Option<String>,
}

impl Image {
    /// Its digest, the tag that it was asked for by, and its manifest, if the answer has all that is needed.
    pub(super) fn read(self) -> Option<(String, Option<String>, Manifest)> {
        let id = self.image_id?;
        Digest::try_from(id.image_digest.clone()?).ok()?;
        let manifest =
            Manifest { text: self.image_manifest?, media_type: self.image_manifest_media_type };
        Some((id.image_digest?, id.image_tag, manifest))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImageFailure {
    pub(super) image_id: Option<ImageId>,
    pub(super) failure_code: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeFindings {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
    pub(super) image_id: ImageId,
    pub(super) next_token: Option<String>,
}

/// A page of findings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) image_id: Option<ImageId>,
    pub(super) image_scan_status: Option<Status>,
    pub(super) image_scan_findings: Option<Findings>,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) status: Option<String>,
    pub(super) description: Option<String>,
}

#[allow(clippy::struct_field_names, reason = "the names are those of the API")]
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Findings {
    pub(super) image_scan_completed_at: Option<f64>,
    pub(super) vulnerability_source_updated_at: Option<f64>,
    pub(super) finding_severity_counts: Option<BTreeMap<String, u64>>,
    pub(super) findings: Option<Vec<Basic>>,
    pub(super) enhanced_findings: Option<Vec<Enhanced>>,
}

#[derive(Deserialize)]
pub(super) struct Basic {
    pub(super) name: Option<String>,
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
pub(super) struct Attribute {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enhanced {
    pub(super) severity: Option<String>,
    pub(super) status: Option<String>,
    pub(super) fix_available: Option<String>,
    pub(super) first_observed_at: Option<f64>,
    pub(super) package_vulnerability_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    pub(super) vulnerability_id: Option<String>,
    #[serde(default)]
    pub(super) vulnerable_packages: Vec<VulnerablePackage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VulnerablePackage {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) fixed_in_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Url {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
    pub(super) layer_digest: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DownloadUrl {
    pub(super) download_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeSigning {
    pub(super) registry_id: Option<String>,
    pub(super) repository_name: String,
    pub(super) image_id: ImageId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SigningStatuses {
    image_id: Option<ImageId>,
    #[serde(default)]
    signing_statuses: Vec<SigningStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SigningStatus {
    signing_profile_arn: Option<String>,
    status: Option<String>,
    failure_code: Option<String>,
    failure_reason: Option<String>,
}

impl SigningStatuses {
    /// The digest of the image, and the statuses.
    pub(super) fn read(self) -> Option<(String, Vec<Signing>)> {
        let statuses = self.signing_statuses.into_iter().map(|it| Signing {
            profile: it.signing_profile_arn,
            status: it.status,
            failure_code: it.failure_code,
            failure_reason: it.failure_reason,
        });
        Some((self.image_id?.image_digest?, statuses.collect()))
    }
}
