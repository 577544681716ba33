//! Repository facts: `DescribeRepositories` and `BatchGetRepositoryScanningConfiguration`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecr::types::{
    ImageScanningConfiguration, Repository, ScanningConfigurationFailureCode,
};
use ecr_admission_policy::facts::{Cause, RepositoryFacts, ScanFrequency, Scanning};
use ecr_admission_policy::mutability::{ExclusionFilter, TagMutability};
use ecr_admission_policy::names::RepositoryName;
use futures_util::future::{join, join_all};

use super::EcrInspector;
use super::call::{Failure, NotFound, call};
use crate::inspect::{Budget, Missing, Registry};

/// The most names in one `DescribeRepositories` (API reference).
const DESCRIBED: usize = 100;

/// The most names in one `BatchGetRepositoryScanningConfiguration` (API reference).
const CONFIGURED: usize = 25;

const DESCRIBE: &str = "ecr:DescribeRepositories";
const CONFIGURATION: &str = "ecr:BatchGetRepositoryScanningConfiguration";

type Found<T> = BTreeMap<RepositoryName, Result<T, Missing>>;

/// What `DescribeRepositories` says of a repository.
#[derive(Debug, Clone)]
struct Described {
    mutability: TagMutability,
    scan_on_push: bool,
}

/// Both calls at once, for all `names`.
pub(super) async fn facts(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &BTreeSet<RepositoryName>,
    budget: &Budget,
) -> Found<RepositoryFacts> {
    let names: Vec<&RepositoryName> = names.iter().collect();
    let described = describe(ecr, registry, &names, budget);
    let frequencies = async {
        // The call has no registryId: it always answers for the caller's own account.
        if registry.own { Some(frequencies(ecr, registry, &names, budget).await) } else { None }
    };
    let (mut described, mut frequencies) = join(described, frequencies).await;
    let mut facts = |name: &RepositoryName| {
        // Neither found nor missed: an answer that this version cannot read.
        let unanswered = |operation| Missing::unavailable(operation, Cause::Internal);
        let described = described.remove(name).ok_or_else(|| unanswered(DESCRIBE))??;
        let scanning = match &mut frequencies {
            Some(found) => {
                Scanning::Effective(found.remove(name).ok_or_else(|| unanswered(CONFIGURATION))??)
            }
            None => Scanning::RepositoryFlag(described.scan_on_push),
        };
        Ok(RepositoryFacts { mutability: described.mutability, scanning })
    };
    names.into_iter().map(|name| (name.clone(), facts(name))).collect()
}

async fn describe(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &[&RepositoryName],
    budget: &Budget,
) -> Found<Described> {
    let batches = names.chunks(DESCRIBED).map(|names| async move {
        match describe_batch(ecr, registry, names, budget).await {
            // One missing name fails the whole batch, and does not say reliably which it was.
            Err(Failure::NotFound(NotFound::Repository)) if names.len() > 1 => {
                let each = names.chunks(1).map(|one| describe_batch(ecr, registry, one, budget));
                let each = join_all(each).await;
                names.chunks(1).zip(each).flat_map(|(one, found)| spread(one, found)).collect()
            }
            found => spread(names, found),
        }
    });
    join_all(batches).await.into_iter().flatten().collect()
}

/// Gives every name of a batch its own answer.
fn spread(names: &[&RepositoryName], found: Result<Vec<Repository>, Failure>) -> Found<Described> {
    match found {
        Err(failure) => {
            names.iter().map(|name| ((*name).clone(), Err(failure.missing(DESCRIBE)))).collect()
        }
        Ok(repositories) => repositories
            .into_iter()
            .filter_map(|repository| {
                let name = repository.repository_name()?.parse().ok()?;
                Some((name, Ok(described(&repository))))
            })
            .collect(),
    }
}

async fn describe_batch(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &[&RepositoryName],
    budget: &Budget,
) -> Result<Vec<Repository>, Failure> {
    let client =
        ecr.client(&registry.region, DESCRIBE).or(Err(Failure::Failed(Cause::Internal)))?;
    let request = client
        .describe_repositories()
        .registry_id(registry.account.as_str())
        .set_repository_names(Some(names.iter().map(ToString::to_string).collect()));
    let output = call(DESCRIBE, budget, ecr.log, || request.send()).await?;
    Ok(output.repositories.unwrap_or_default())
}

fn described(repository: &Repository) -> Described {
    let filters = repository
        .image_tag_mutability_exclusion_filters()
        .iter()
        .map(|filter| ExclusionFilter::new(filter.filter_type().as_str(), filter.filter()))
        .collect();
    // An absent word is an unknown one: it passes no rule.
    let word = repository.image_tag_mutability().map_or("", |mutability| mutability.as_str());
    Described {
        mutability: TagMutability::new(word, filters),
        scan_on_push: repository
            .image_scanning_configuration()
            .is_some_and(ImageScanningConfiguration::scan_on_push),
    }
}

async fn frequencies(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &[&RepositoryName],
    budget: &Budget,
) -> Found<ScanFrequency> {
    let batches =
        names.chunks(CONFIGURED).map(|names| frequencies_batch(ecr, registry, names, budget));
    join_all(batches).await.into_iter().flatten().collect()
}

async fn frequencies_batch(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &[&RepositoryName],
    budget: &Budget,
) -> Found<ScanFrequency> {
    let all = |missing: &Missing| -> Found<ScanFrequency> {
        names.iter().map(|name| ((*name).clone(), Err(missing.clone()))).collect()
    };
    let client = match ecr.client(&registry.region, CONFIGURATION) {
        Ok(client) => client,
        Err(missing) => return all(&missing),
    };
    let request = client
        .batch_get_repository_scanning_configuration()
        .set_repository_names(Some(names.iter().map(ToString::to_string).collect()));
    let output = match call(CONFIGURATION, budget, ecr.log, || request.send()).await {
        Ok(output) => output,
        Err(failure) => return all(&failure.missing(CONFIGURATION)),
    };
    let found = output.scanning_configurations().iter().filter_map(|configuration| {
        let name = configuration.repository_name()?.parse().ok()?;
        let word = configuration.scan_frequency().map_or("", |frequency| frequency.as_str());
        Some((name, Ok(word.into())))
    });
    let failed = output.failures().iter().filter_map(|failure| {
        let name = failure.repository_name()?.parse().ok()?;
        let missing = match failure.failure_code() {
            Some(ScanningConfigurationFailureCode::RepositoryNotFound) => Missing::Repository,
            _ => Missing::unavailable(CONFIGURATION, Cause::Internal),
        };
        Some((name, Err(missing)))
    });
    found.chain(failed).collect()
}
