//! Repository facts: `DescribeRepositories` and `BatchGetRepositoryScanningConfiguration`.

use std::collections::BTreeSet;

use ecr_admission_policy::facts::{Cause, RepositoryFacts, Scanning};
use ecr_admission_policy::names::RepositoryName;
use futures_util::future::join;

use super::inspector::EcrInspector;
use crate::inspect::{Budget, Missing, Registry};

mod asker;
mod describe;
mod frequencies;

use asker::{Asker, Found};
use describe::Describing;
use frequencies::frequencies;

/// Both calls at once, for all `names`.
pub(super) async fn facts(
    ecr: &EcrInspector,
    registry: &Registry,
    names: &BTreeSet<RepositoryName>,
    budget: &Budget,
) -> Found<RepositoryFacts> {
    let asker = Asker { ecr, registry, budget };
    let names: Vec<&RepositoryName> = names.iter().collect();
    let frequencies = async {
        // The call has no registryId: it always answers for the caller's own account.
        if ecr.is_of_caller(registry) { Some(frequencies(asker, &names).await) } else { None }
    };
    let (describing, mut frequencies) = join(Describing::begin(asker, &names), frequencies).await;
    let missing = |(name, found)| matches!(found, &Err(Missing::Repository)).then_some(name);
    let missing: BTreeSet<_> = frequencies.iter().flatten().filter_map(missing).collect();
    let mut described = describing.finish(&missing).await;
    let mut facts = |name: &RepositoryName| {
        // Neither found nor missed: an answer that this version cannot read.
        let unanswered = |operation| Missing::unavailable(operation, Cause::Internal);
        let described = described.remove(name).ok_or_else(|| unanswered(describe::OPERATION))??;
        let scanning = match &mut frequencies {
            Some(found) => Scanning::Effective(
                found.remove(name).ok_or_else(|| unanswered(frequencies::OPERATION))??,
            ),
            None => Scanning::RepositoryFlag(described.scan_on_push),
        };
        Ok(RepositoryFacts { mutability: described.mutability, scanning })
    };
    names.into_iter().map(|name| (name.clone(), facts(name))).collect()
}
