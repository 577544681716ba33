//! `DescribeRepositories`, for as many names as the API takes at once.
//!
//! One name that does not exist fails the whole call, and its answer does not say reliably which. Few names are
//! then asked for one by one, all at once, so that the review waits for one more round trip. Many never are: an
//! author who invents a hundred would use up what ECR allows the account, and with it the reviews of everybody
//! else.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use aws_sdk_ecr::types::{ImageScanningConfiguration, Repository};
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::mutability::{ExclusionFilter, TagMutability};
use ecr_admission_policy::names::RepositoryName;
use futures_util::future::join_all;

use super::asker::{Asker, Found};
use crate::ecr::call::{Failure, NotFound, call};
use crate::inspect::Missing;

/// What is asked here.
pub(super) const OPERATION: &str = "ecr:DescribeRepositories";

/// The most names in one call (API reference).
const BATCH: usize = 100;

/// The most further calls for one registry, once a batch has failed for a name in it. Two calls halve a batch,
/// until so few names are left that each can have a call: one missing name among a hundred is found by 15.
const FURTHER_CALLS: usize = 16;

/// What ECR says of a repository.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) mutability: TagMutability,
    pub(super) scan_on_push: bool,
}

/// Names that are asked for in one call.
type Group<'a> = Vec<&'a RepositoryName>;

/// What is known up to now of the names of a registry.
pub(super) struct Describing<'a> {
    asker: Asker<'a>,
    found: Found<Described>,
    /// Groups of which at least one name does not exist, or was not recorded, and those that no call was left for.
    open: Vec<Group<'a>>,
    calls_left: usize,
}

impl<'a> Describing<'a> {
    /// Asks for all names, once each.
    pub(super) async fn begin(asker: Asker<'a>, names: &[&'a RepositoryName]) -> Self {
        let mut this = Self { asker, found: Found::new(), open: vec![], calls_left: usize::MAX };
        this.ask(names.chunks(BATCH).map(<[_]>::to_vec).collect()).await;
        this.calls_left = FURTHER_CALLS;
        this
    }

    /// Tells apart the names of the groups that failed: first without those that are known to be
    /// `missing`, then one by one, or by halves while there are more names than calls. What is open when no
    /// call is left stays unknown.
    pub(super) async fn finish(mut self, missing: &BTreeSet<&RepositoryName>) -> Found<Described> {
        let groups = self.without(missing);
        self.ask(groups).await;
        while self.calls_left > 0 && !self.open.is_empty() {
            let mut groups = std::mem::take(&mut self.open);
            let names: usize = groups.iter().map(Vec::len).sum();
            let smaller = if names <= self.calls_left {
                groups.into_iter().flatten().map(|name| vec![name]).collect()
            } else {
                // The largest first, so that few names stay unknown where the calls do not reach.
                groups.sort_by_key(|group| Reverse(group.len()));
                groups.into_iter().flat_map(halves).collect()
            };
            self.ask(smaller).await;
        }
        let not_asked = Missing::unavailable(OPERATION, Cause::NotAsked);
        let unknown = self.open.into_iter().flatten();
        self.found.extend(unknown.map(|name| (name.clone(), Err(not_asked.clone()))));
        self.found
    }

    /// Takes out the open groups that hold a `missing` name, and gives what is left of them.
    fn without(&mut self, missing: &BTreeSet<&RepositoryName>) -> Vec<Group<'a>> {
        let mut rests = vec![];
        for group in std::mem::take(&mut self.open) {
            let (gone, rest): (Group<'_>, Group<'_>) =
                group.iter().partition(|name| missing.contains(*name));
            if gone.is_empty() {
                self.open.push(group);
            } else if !rest.is_empty() {
                rests.push(rest);
            }
            self.found
                .extend(gone.into_iter().map(|name| (name.clone(), Err(Missing::Repository))));
        }
        rests
    }

    /// Asks for every group at once, as far as calls are left.
    async fn ask(&mut self, mut groups: Vec<Group<'a>>) {
        let unasked = groups.split_off(groups.len().min(self.calls_left));
        self.calls_left -= groups.len();
        let asker = self.asker;
        let answers = join_all(groups.iter().map(|names| describe(asker, names))).await;
        for (names, answer) in groups.into_iter().zip(answers) {
            match answer {
                Err(
                    Failure::NotFound(NotFound::Repository) | Failure::Failed(Cause::NotRecorded),
                ) if names.len() > 1 => self.open.push(names),
                Err(failure) => {
                    let missing = failure.missing(OPERATION);
                    let names = names.into_iter().map(|name| (name.clone(), Err(missing.clone())));
                    self.found.extend(names);
                }
                Ok(repositories) => {
                    let found = repositories.iter().filter_map(|repository| {
                        let name = repository.repository_name()?.parse().ok()?;
                        Some((name, Ok(described(repository))))
                    });
                    self.found.extend(found);
                }
            }
        }
        self.open.extend(unasked);
    }
}

/// The two halves of a group, which has two names at least.
fn halves(mut group: Group<'_>) -> [Group<'_>; 2] {
    let second = group.split_off(group.len() / 2);
    [group, second]
}

async fn describe(asker: Asker<'_>, names: &[&RepositoryName]) -> Result<Vec<Repository>, Failure> {
    let Asker { ecr, registry, budget } = asker;
    let client =
        ecr.client(&registry.region, OPERATION).or(Err(Failure::Failed(Cause::Internal)))?;
    let request = client
        .describe_repositories()
        .registry_id(registry.account.as_str())
        .set_repository_names(Some(names.iter().map(ToString::to_string).collect()));
    let output = call(OPERATION, budget, ecr.log, || request.send()).await?;
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
