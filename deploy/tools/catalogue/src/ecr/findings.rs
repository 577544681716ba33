//! `DescribeImageScanFindings`.

mod shape;

use serde::Deserialize;
use serde_json::{Value, json};

use super::image_id::{ImageId, Missing};
use super::page::{beginning, page, size};
use super::parameter::invalid;
use super::store::{Image, Registries, Repository};
use crate::caller::Caller;
use crate::catalogue::ScanType;
use crate::catalogue::refusal::Operation;
use crate::catalogue::scan::{Finding, Scan};
use crate::error::EcrError;

/// Enhanced findings come in pages of 100, whatever is asked.
const ENHANCED_SIZE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Describe {
    registry_id: Option<String>,
    repository_name: String,
    image_id: ImageId,
    max_results: Option<u32>,
    next_token: Option<String>,
}

pub(super) fn describe(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Describe,
) -> Result<Value, EcrError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let name = &input.repository_name;
    let (registry, repository) = registries.repository(account, caller.region, name)?;
    let asked_size = size(input.max_results)?;
    repository.check(Operation::DescribeImageScanFindings, input.image_id.name())?;
    let image = image(repository, account, input)?;
    let scan = image.scan();
    let scan = scan.as_deref().ok_or_else(|| {
        EcrError::new(
            "ScanNotFoundException",
            format!(
                "Image scan does not exist for the image with '{}' in the repository with name \
                 '{name}' in the registry with id '{account}'",
                input.image_id.text()
            ),
        )
    })?;
    let scan_type = scan.kind.unwrap_or(registry.scan_type);
    let page_size = match scan_type {
        ScanType::Basic => asked_size,
        ScanType::Enhanced => ENHANCED_SIZE,
    };
    let all = scan.all_findings();
    let list = format!("findings {account} {} {name} {}", caller.region, image.digest);
    let token = input.next_token.as_deref();
    let all_or_none = all.as_deref().unwrap_or_default();
    let (part, next) = if scan.incomplete {
        beginning(all_or_none, &list, token, page_size)?
    } else {
        page(all_or_none, &list, token, page_size)?
    };
    let part: Vec<Value> = match scan_type {
        ScanType::Basic => part.iter().map(shape::basic).collect(),
        ScanType::Enhanced => {
            let place = shape::Place { account, region: caller.region, repository: name, image };
            part.iter().map(|finding| place.enhanced(finding)).collect()
        }
    };
    Ok(json!({
        "registryId": account,
        "repositoryName": name,
        "imageId": input.image_id.echo(&image.digest),
        "imageScanStatus": {"status": scan.status, "description": scan.description},
        "imageScanFindings": findings(scan, all.as_deref(), part, scan_type),
        "nextToken": next,
    }))
}

fn image<'a>(
    repository: &'a Repository,
    account: &str,
    input: &Describe,
) -> Result<&'a Image, EcrError> {
    let id = &input.image_id;
    let found = id.find(repository);
    found.map_err(|missing| image_not_found(missing, id, &input.repository_name, account))
}

/// The error for an image that cannot be had, where one image is asked for.
pub(super) fn image_not_found(
    missing: Missing,
    id: &ImageId,
    repository: &str,
    account: &str,
) -> EcrError {
    match missing {
        Missing::NotFound | Missing::TagOfAnotherDigest => EcrError::new(
            "ImageNotFoundException",
            format!(
                "The image with imageId {} does not exist within the repository with name \
                 '{repository}' in the registry with id '{account}'",
                id.text()
            ),
        ),
        Missing::NeitherTagNorDigest => {
            invalid("imageId", "Either imageDigest or imageTag must be given")
        }
        Missing::NotRecorded => EcrError::not_recorded(),
        Missing::InvalidDigest => invalid(
            "imageDigest",
            "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        ),
        Missing::InvalidTag => invalid(
            "imageTag",
            "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'",
        ),
    }
}

/// Counts are those of the whole scan on every page. A scan that says nothing of its result sends
/// no `imageScanFindings` at all.
fn findings(scan: &Scan, all: Option<&[Finding]>, part: Vec<Value>, scan_type: ScanType) -> Value {
    let seconds = |time: Option<jiff::Timestamp>| time.map(|time| time.as_duration().as_secs_f64());
    let completed = seconds(scan.completed_at);
    let updated = seconds(scan.vulnerability_source_updated_at);
    let counts = scan.severity_counts.of(all);
    if all.is_none() && counts.is_none() && completed.is_none() && updated.is_none() {
        return Value::Null;
    }
    let (basic, enhanced) = match scan_type {
        ScanType::Basic => (all.map(|_| part), None),
        ScanType::Enhanced => (None, all.map(|_| part)),
    };
    json!({
        "imageScanCompletedAt": completed,
        "vulnerabilitySourceUpdatedAt": updated,
        "findingSeverityCounts": counts,
        "findings": basic,
        "enhancedFindings": enhanced,
    })
}
