//! `BatchGetRepositoryScanningConfiguration`: when the images of the function's own repositories are
//! scanned, and which of them do not exist.

use aws_sdk_ecr::types::ScanningConfigurationFailureCode;
use ecr_admission_policy::facts::{Cause, ScanFrequency};
use ecr_admission_policy::names::RepositoryName;
use futures_util::future::join_all;

use super::asker::{Asker, Found};
use crate::ecr::call::{call, of_recording};
use crate::inspect::Missing;

/// What is asked here.
pub(super) const OPERATION: &str = "ecr:BatchGetRepositoryScanningConfiguration";

/// The most names in one call (API reference).
const BATCH: usize = 25;

/// Asks for all names. A name that does not exist does not fail the others: ECR reports it as missing.
pub(super) async fn frequencies(
    asker: Asker<'_>,
    names: &[&RepositoryName],
) -> Found<ScanFrequency> {
    let batches = join_all(names.chunks(BATCH).map(|names| batch(asker, names))).await;
    batches.into_iter().flatten().collect()
}

async fn batch(asker: Asker<'_>, names: &[&RepositoryName]) -> Found<ScanFrequency> {
    let Asker { ecr, registry, budget } = asker;
    let all = |missing: &Missing| -> Found<ScanFrequency> {
        names.iter().map(|name| ((*name).clone(), Err(missing.clone()))).collect()
    };
    let client = match ecr.client(&registry.region, OPERATION) {
        Ok(client) => client,
        Err(missing) => return all(&missing),
    };
    let request = client
        .batch_get_repository_scanning_configuration()
        .set_repository_names(Some(names.iter().map(ToString::to_string).collect()));
    let output = match call(OPERATION, budget, ecr.log, || request.send()).await {
        Ok(output) => output,
        Err(failure) => return all(&failure.missing(OPERATION)),
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
            code => {
                let cause = code.and_then(|code| of_recording(code.as_str()));
                Missing::unavailable(OPERATION, cause.unwrap_or(Cause::Internal))
            }
        };
        Some((name, Err(missing)))
    });
    found.chain(failed).collect()
}
