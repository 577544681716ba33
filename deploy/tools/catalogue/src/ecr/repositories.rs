//! `DescribeRepositories` and `BatchGetRepositoryScanningConfiguration`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{page, size, unpaged};
use super::parameter::check_length;
use super::store::{Registries, Repository, repository_not_found};
use crate::arn;
use crate::caller::Caller;
use crate::error::EcrError;

/// The most names in one `DescribeRepositories`.
const MOST_NAMES: usize = 100;
/// The most names in one `BatchGetRepositoryScanningConfiguration`.
const MOST_SCANNING_NAMES: usize = 25;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Describe {
    registry_id: Option<String>,
    repository_names: Option<Vec<String>>,
    max_results: Option<u32>,
    next_token: Option<String>,
}

pub(super) fn describe(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Describe,
) -> Result<Value, EcrError> {
    let account = input.registry_id.as_deref().unwrap_or(caller.account);
    let region = caller.region;
    let token = input.next_token.as_deref();
    if let Some(names) = &input.repository_names {
        check_length("repositoryNames", names.len(), MOST_NAMES)?;
        unpaged("repositoryNames", input.max_results, token)?;
        let named = |name: &String| {
            Ok(shown(registries.repository(account, region, name)?.1, account, region))
        };
        let named: Result<Vec<Value>, EcrError> = names.iter().map(named).collect();
        return Ok(json!({"repositories": named?}));
    }
    let registry = registries.registry(account, region);
    let all: Vec<_> = registry.iter().flat_map(|registry| registry.repositories.values()).collect();
    let list = format!("repositories {account} {region}");
    let (part, next) = page(&all, &list, token, size(input.max_results)?)?;
    let part: Vec<Value> = part.iter().map(|it| shown(it, account, region)).collect();
    Ok(json!({"repositories": part, "nextToken": next}))
}

fn shown(repository: &Repository, account: &str, region: &str) -> Value {
    let facts = &repository.facts;
    let filters = &facts.image_tag_mutability_exclusion_filters;
    json!({
        "repositoryArn": arn::repository(region, account, &facts.name),
        "registryId": account,
        "repositoryName": facts.name,
        "repositoryUri": arn::repository_uri(region, account, &facts.name),
        "imageTagMutability": facts.image_tag_mutability,
        "imageTagMutabilityExclusionFilters": if filters.is_empty() { Value::Null } else { json!(filters) },
        "imageScanningConfiguration": facts.scan_on_push.map(|flag| json!({"scanOnPush": flag})),
        "encryptionConfiguration": {"encryptionType": "AES256"},
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Scanning {
    repository_names: Vec<String>,
}

/// Has no `registryId`: it can be asked for the caller's own account alone.
pub(super) fn scanning(
    registries: &Registries,
    caller: Caller<'_>,
    input: &Scanning,
) -> Result<Value, EcrError> {
    let (account, region) = (caller.account, caller.region);
    check_length("repositoryNames", input.repository_names.len(), MOST_SCANNING_NAMES)?;
    let (mut configurations, mut failures) = (Vec::new(), Vec::new());
    for name in &input.repository_names {
        match registries.repository(account, region, name) {
            Ok((_, repository)) => configurations.push(configuration(repository, account, region)),
            Err(_) => failures.push(json!({
                "repositoryName": name,
                "failureCode": "REPOSITORY_NOT_FOUND",
                "failureReason": repository_not_found(account, name),
            })),
        }
    }
    Ok(json!({"scanningConfigurations": configurations, "failures": failures}))
}

fn configuration(repository: &Repository, account: &str, region: &str) -> Value {
    let facts = &repository.facts;
    let followed = facts.scan_on_push.map(|flag| if flag { "SCAN_ON_PUSH" } else { "MANUAL" });
    let filters: Vec<Value> = facts
        .applied_scan_filters
        .iter()
        .map(|filter| json!({"filter": filter, "filterType": "WILDCARD"}))
        .collect();
    json!({
        "repositoryArn": arn::repository(region, account, &facts.name),
        "repositoryName": facts.name,
        "scanOnPush": facts.scan_on_push,
        "scanFrequency": facts.scan_frequency.as_deref().or(followed),
        "appliedScanFilters": filters,
    })
}
