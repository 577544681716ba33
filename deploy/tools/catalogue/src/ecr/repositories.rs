//! `DescribeRepositories` and `BatchGetRepositoryScanningConfiguration`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{page, size, unpaged};
use super::parameter::check_length;
use super::store::{Registries, Repository, repository_not_found};
use crate::arn;
use crate::caller::Caller;
use crate::catalogue::refusal::{Code, NOT_RECORDED, Operation};
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
        return named(registries, account, region, names);
    }
    let registry = registries.registry(account, region);
    let all: Vec<_> = registry
        .iter()
        .flat_map(|registry| registry.repositories.values())
        .filter(|it| it.exists())
        .collect();
    let list = format!("repositories {account} {region}");
    let (part, next) = page(&all, &list, token, size(input.max_results)?)?;
    let part: Vec<Value> = part.iter().map(|it| shown(it, account, region)).collect();
    Ok(json!({"repositories": part, "nextToken": next}))
}

/// One name that is refused or does not exist fails the call. What is refused comes first, then what is not recorded:
/// only a name that is known not to exist may be said to.
fn named(
    registries: &Registries,
    account: &str,
    region: &str,
    names: &[String],
) -> Result<Value, EcrError> {
    let one = |name: &String| {
        let (_, repository) = registries.repository(account, region, name)?;
        repository.check(Operation::DescribeRepositories, None)?;
        Ok(shown(repository, account, region))
    };
    let (mut shown, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        match one(name) {
            Ok(repository) => shown.push(repository),
            Err(error) => errors.push(error),
        }
    }
    let rank = |error: &EcrError| match error.code {
        "RepositoryNotFoundException" => 2,
        NOT_RECORDED => 1,
        _ => 0,
    };
    match errors.into_iter().min_by_key(rank) {
        None => Ok(json!({"repositories": shown})),
        Some(error) => Err(error),
    }
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

const OPERATION: Operation = Operation::BatchGetRepositoryScanningConfiguration;

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
        let failed = |code: &str, reason: &str| json!({"repositoryName": name, "failureCode": code, "failureReason": reason});
        let not_recorded = || failed(NOT_RECORDED, "The recording does not hold the answer");
        match registries.repository(account, region, name) {
            Ok((_, repository)) => {
                let refusal = repository.refusal(OPERATION, None);
                match refusal.map(|refusal| &refusal.code) {
                    None if registries.has_scanning_of(account) => {
                        configurations.push(configuration(repository, account, region));
                    }
                    None | Some(Code::NotRecorded) => failures.push(not_recorded()),
                    Some(Code::Failure(code)) => failures.push(failed(code, "")),
                    Some(Code::Exception(_)) => repository.check(OPERATION, None)?,
                }
            }
            Err(error) if error.code == NOT_RECORDED => failures.push(not_recorded()),
            Err(_) => {
                let reason = repository_not_found(account, name);
                failures.push(failed("REPOSITORY_NOT_FOUND", &reason));
            }
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
        "scanFrequency": facts.scan_frequency.or(followed),
        "appliedScanFilters": filters,
    })
}
