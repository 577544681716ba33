//! Image facts: scans and manifests in parallel, level by level.
//!
//! The manifest says what an image is, so it is always read. What it names is looked up as soon as it is
//! known: an image takes one round trip, an index two, a nested index three. The images of a repository
//! share their calls. Where signing statuses are needed, they are asked for beside the first manifests.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::policy::Needs;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::config;
use super::inspector::EcrInspector;
use super::manifests::manifests;
use super::place::Repository;
use super::scan::scan;
use super::signing::signing;
use crate::inspect::{Budget, Found, MOST_CALLS, Missing};

mod facts;
mod look;
mod task;

use look::Look;
use task::{Answer, Task};

/// Looks images up, with what `needs` asks for.
pub(super) async fn look_up(
    ecr: &EcrInspector,
    images: &BTreeSet<EcrImage>,
    needs: &Needs,
    budget: &Budget,
) -> BTreeMap<EcrImage, Result<Found, Missing>> {
    let mut by_repository: BTreeMap<Repository, Vec<ImageId>> = BTreeMap::new();
    for image in images {
        by_repository.entry(Repository::of(image)).or_default().push(image.id.clone());
    }
    let mut looks: Vec<Look> =
        by_repository.into_iter().map(|(repository, ids)| Look::new(repository, ids)).collect();
    let mut queue = Queue::default();
    for (place, look) in looks.iter_mut().enumerate() {
        queue.add(place, look.start(*needs));
    }
    // A task becomes a future only when its turn comes: a review may name hundreds of indexes.
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < MOST_CALLS
            && let Some((place, task)) = queue.next()
        {
            let Some(look) = looks.get(place) else { continue };
            let answer = run(ecr, look.repository().clone(), task, needs, budget);
            running.push(async move { (place, answer.await) });
        }
        let Some((place, answer)) = running.next().await else { break };
        let Some(look) = looks.get_mut(place) else { continue };
        queue.add(place, look.take(answer, *needs));
    }
    looks.into_iter().flat_map(Look::finish).collect()
}

/// Makes the call of a task. On the heap, because a look-up has many of these in flight.
fn run<'a>(
    ecr: &'a EcrInspector,
    repository: Repository,
    task: Task,
    needs: &'a Needs,
    budget: &'a Budget,
) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
    match task {
        Task::Scan(id) => Box::pin(async move {
            let image = repository.image(id);
            let found = scan(ecr, &image, needs, budget).await;
            Answer::Scan(image.id, found)
        }),
        Task::Manifests(ids) => {
            Box::pin(
                async move { Answer::Manifests(manifests(ecr, &repository, ids, budget).await) },
            )
        }
        Task::Config(of, blob) => Box::pin(async move {
            let image = repository.image(ImageId::Digest(of.clone()));
            Answer::Config(of, config::read(ecr, &image, blob.as_ref(), budget).await)
        }),
        Task::Signing(id) => Box::pin(async move {
            let image = repository.image(id);
            let found = signing(ecr, &image, budget).await;
            Answer::Signing(image.id, found)
        }),
    }
}

/// The tasks that wait. Manifests come first: others wait for them.
#[derive(Default)]
struct Queue {
    manifests: VecDeque<(usize, Task)>,
    others: VecDeque<(usize, Task)>,
}

impl Queue {
    fn add(&mut self, place: usize, tasks: impl IntoIterator<Item = Task>) {
        for task in tasks {
            let queue = match task {
                Task::Manifests(_) => &mut self.manifests,
                Task::Scan(_) | Task::Config(..) | Task::Signing(_) => &mut self.others,
            };
            queue.push_back((place, task));
        }
    }

    fn next(&mut self) -> Option<(usize, Task)> {
        self.manifests.pop_front().or_else(|| self.others.pop_front())
    }
}
