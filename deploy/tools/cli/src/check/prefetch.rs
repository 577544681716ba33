//! `--prefetch`: images of pull-through caches are pulled first, and their scans waited for.
//!
//! Amazon ECR imports an image when it is first pulled, and scans it then. Until both are done, the webhooks deny it:
//! what they would say of a new version of a chart is known only after somebody pulled its images.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecr_admission::inspect::{Budget, InspectImage};
use ecr_admission::manifest::{self, Kind};
use ecr_admission_policy::image::{EcrImage, EcrReference, ImageId};
use ecr_admission_policy::index::{MAX_CHILDREN, MAX_DEPTH};
use ecr_admission_policy::names::{AccountId, Digest, Region};
use ecr_admission_policy::text::{QUOTED, quote};
use ecr_admission_policy::{ImageReference, Policy, Reason};
use futures_util::future::join_all;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use super::aws::{PullProblem, PulledManifest, RegistryApi};
use super::facts::Facts;
use super::progress::{Step, beside};

pub(super) mod pending;

/// How many images are pulled at a time: each makes Amazon ECR pull it from the upstream registry.
const PULLS: usize = 4;

/// The first wait for scans. Each further one is half as long again.
const FIRST_PAUSE: Duration = Duration::from_secs(3);

/// The longest wait between two looks at the scans.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How to pull, and for how long.
#[derive(Debug)]
pub struct Prefetch {
    /// The registries.
    pub registries: RegistryApi,
    /// How long pulls and scans may take together.
    pub timeout: Duration,
}

/// The images that would run, each once, by the text of its reference.
#[derive(Debug, Default)]
pub(super) struct Wanted(BTreeMap<String, WantedImage>);

#[derive(Debug)]
struct WantedImage {
    reference: EcrReference,
    /// Whether the policy document says that a pull-through cache has it.
    in_document: bool,
}

impl Wanted {
    /// Adds an image as it would run. One that is not looked up in an allowed registry is left out.
    pub(super) fn add(&mut self, image: &str, policy: &Policy) {
        let Ok(ImageReference::Ecr(reference)) = image.parse() else { return };
        let looked_up = reference.image();
        if !policy.inspects(&looked_up) {
            return;
        }
        let in_document = policy.pull_through_caches.iter().any(|it| it.fills(&looked_up));
        let wanted = self.0.entry(image.to_owned());
        wanted.or_insert(WantedImage { reference, in_document }).in_document |= in_document;
    }
}

/// The result for the images of pull-through caches.
#[derive(Debug, Default)]
pub(super) struct Prefetched {
    /// What is to be said of it.
    pub(super) notices: Vec<String>,
    /// The images that Amazon ECR holds now, or will soon, as they are looked up.
    pulled: BTreeSet<EcrImage>,
    /// The images of which it is not known what would be said once they are imported and scanned.
    unsettled: BTreeSet<EcrImage>,
}

impl Prefetched {
    /// Whether a violation may be due to the image not being imported or scanned yet, and that is not a fact about it.
    pub(super) fn leaves_open(&self, image: &str, reason: &Reason) -> bool {
        if self.unsettled.is_empty() || !pending::may_pass(reason) {
            return false;
        }
        let Ok(ImageReference::Ecr(reference)) = image.parse() else { return false };
        let names = [Some(reference.image()), reference.by_tag()];
        names.iter().flatten().any(|name| self.unsettled.contains(name))
    }

    fn note(&mut self, notice: String) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    fn leave_open(&mut self, image: &EcrReference) {
        self.unsettled.insert(image.image());
        self.unsettled.extend(image.by_tag());
    }
}

/// A prefetch with the end of its time.
#[derive(Debug)]
pub(super) struct Prefetching<'a> {
    registries: &'a RegistryApi,
    timeout: Duration,
    deadline: Instant,
}

impl<'a> Prefetching<'a> {
    /// Its time begins now.
    pub(super) fn begin(prefetch: &'a Prefetch) -> Self {
        let Prefetch { registries, timeout } = prefetch;
        Self { registries, timeout: *timeout, deadline: Instant::now() + *timeout }
    }

    /// Pulls those of the images that a pull-through cache has.
    pub(super) async fn pull<W: Future<Output = ()>>(
        &self,
        wanted: Wanted,
        watch: &impl Fn(Step) -> W,
    ) -> Prefetched {
        let mut prefetched = Prefetched::default();
        let images = self.of_caches(wanted, &mut prefetched).await;
        let done = Arc::<AtomicUsize>::default();
        let step = Step::Pull { images: images.len(), done: Arc::clone(&done) };
        let pulls = self.pull_all(&images, &done, &mut prefetched);
        beside(watch(step), pulls).await;
        prefetched
    }

    /// Looks at the pulled images again until all of them are imported and scanned, or until time is up.
    pub(super) async fn wait<I: InspectImage, W: Future<Output = ()>>(
        &self,
        prefetched: &mut Prefetched,
        facts: &Facts<I>,
        budget: &Budget,
        watch: &impl Fn(Step) -> W,
    ) {
        let waiting = Arc::<AtomicUsize>::default();
        let step = Step::Wait { images: Arc::clone(&waiting), limit: self.timeout };
        let scans = prefetched.wait(facts, budget, self.deadline, &waiting);
        beside(watch(step), scans).await;
    }

    /// The images that a pull-through cache has. Where Amazon ECR does not say which caches there are, those of the
    /// policy document count alone.
    async fn of_caches(
        &self,
        wanted: Wanted,
        prefetched: &mut Prefetched,
    ) -> BTreeMap<String, EcrReference> {
        let registry = |image: &WantedImage| {
            let registry = image.reference.registry();
            (registry.account().clone(), registry.region().clone())
        };
        let registries: BTreeSet<(AccountId, Region)> = wanted.0.values().map(registry).collect();
        let mut prefixes = BTreeMap::new();
        for (account, region) in registries {
            match self.registries.cache_prefixes(&account, &region).await {
                Ok(found) => _ = prefixes.insert((account, region), found),
                Err(problem) => prefetched.note(format!(
                    "prefetch: only the pullThroughCachePrefixes of the policy document count for account {account} in {region}: {problem}"
                )),
            }
        }
        let has_rule = |image: &WantedImage| {
            let repository = image.reference.image().repository;
            let prefixes = prefixes.get(&registry(image));
            prefixes.is_some_and(|prefixes| is_under(repository.as_str(), prefixes))
        };
        let images = wanted.0.into_iter();
        let cached: BTreeMap<String, EcrReference> = images
            .filter(|(_, image)| image.in_document || has_rule(image))
            .map(|(text, image)| (text, image.reference))
            .collect();
        if cached.is_empty() {
            prefetched.note(
                "prefetch: no image is in a repository of a pull-through cache, so nothing was pulled"
                    .to_owned(),
            );
        }
        cached
    }

    /// Pulls images, a few at a time. `done` counts them.
    async fn pull_all(
        &self,
        images: &BTreeMap<String, EcrReference>,
        done: &AtomicUsize,
        prefetched: &mut Prefetched,
    ) {
        let room = Semaphore::new(PULLS);
        let pulls = images.values().map(async |image| {
            // Nothing closes the semaphore.
            let _turn = room.acquire().await;
            let pulled = self.pull_one(image).await;
            done.fetch_add(1, Ordering::Relaxed);
            pulled
        });
        for ((text, image), result) in images.iter().zip(join_all(pulls).await) {
            let Err(problem) = result else {
                prefetched.pulled.insert(image.image());
                continue;
            };
            if !problem.is_about_image() {
                prefetched.leave_open(image);
            }
            // Nothing of it is about this image.
            if let PullProblem::NoPassword(problem) = &problem {
                prefetched.note(format!("prefetch: {problem}"));
            } else {
                prefetched.note(format!("prefetch of {}: {problem}", quote(text, QUOTED)));
            }
        }
    }

    /// Pulls the manifest of an image and, of an index, those of its children that could run.
    async fn pull_one(&self, image: &EcrReference) -> Result<(), PullProblem> {
        let root = match (self.manifest(image, &image.image()).await, image.by_tag()) {
            // Only a tag is imported.
            (Err(PullProblem::NotImported), Some(by_tag)) => {
                let pulled = self.manifest(image, &by_tag).await?;
                match (image.image().id, by_tag.id) {
                    (ImageId::Digest(expected), ImageId::Tag(tag)) if expected != pulled.digest => {
                        return Err(PullProblem::TagMoved { tag, to: pulled.digest });
                    }
                    _ => pulled,
                }
            }
            (root, _) => root?,
        };
        let mut level = children(&root);
        let mut seen = BTreeSet::new();
        for _ in 0..=MAX_DEPTH {
            let mut inner = vec![];
            for digest in level {
                // An index with more is denied, whatever they are.
                if seen.len() > MAX_CHILDREN || !seen.insert(digest.clone()) {
                    continue;
                }
                let child = EcrImage { id: ImageId::Digest(digest), ..image.image() };
                match self.manifest(image, &child).await {
                    Ok(child) => inner.extend(children(&child)),
                    // The look-ups say so, and of which platform.
                    Err(problem) if problem.is_about_image() => {}
                    Err(problem) => return Err(problem),
                }
            }
            level = inner;
        }
        Ok(())
    }

    async fn manifest(
        &self,
        of: &EcrReference,
        image: &EcrImage,
    ) -> Result<PulledManifest, PullProblem> {
        self.registries.manifest(of.registry(), image, self.deadline).await
    }
}

impl Prefetched {
    /// Waits for the pulled images. `waiting` is how many are not imported and scanned.
    async fn wait<I: InspectImage>(
        &mut self,
        facts: &Facts<I>,
        budget: &Budget,
        deadline: Instant,
        waiting: &AtomicUsize,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            let pending = facts.pending(&self.pulled);
            waiting.store(pending.len(), Ordering::Relaxed);
            if pending.is_empty() {
                return;
            }
            let now = Instant::now();
            if now >= deadline {
                self.give_up(pending);
                return;
            }
            sleep_until(deadline.min(now + pause)).await;
            facts.ask_again(&pending, budget).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn give_up(&mut self, pending: BTreeSet<EcrImage>) {
        let names: Vec<String> = pending.iter().map(|image| format!("\"{image}\"")).collect();
        self.note(format!(
            "prefetch: not imported and scanned in time: {}; check again later, or raise --prefetch-timeout",
            names.join(", ")
        ));
        self.unsettled.extend(pending);
    }
}

/// Whether a repository is under one of the prefixes of pull-through cache rules. The rule `ROOT` is for all
/// repositories.
fn is_under(repository: &str, prefixes: &[String]) -> bool {
    let is_under = |prefix: &String| {
        let rest = repository.strip_prefix(prefix.as_str());
        prefix == "ROOT" || rest.is_some_and(|rest| rest.starts_with('/'))
    };
    prefixes.iter().any(is_under)
}

/// The children of an index that a runtime could choose; none of anything else.
fn children(manifest: &PulledManifest) -> Vec<Digest> {
    match manifest::read(&manifest.media_type, &manifest.text) {
        Ok(manifest::Manifest { kind: Kind::Index(entries), .. }) => {
            let chosen = entries.into_iter().filter(|entry| !entry.never_chosen);
            chosen.map(|entry| entry.digest).collect()
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_whole_components_and_root_is_everything() {
        let prefixes = ["docker-hub".to_owned(), "quay/team".to_owned()];
        for (repository, expected) in [
            ("docker-hub/library/nginx", true),
            ("quay/team/app", true),
            ("quay/other/app", false),
            ("docker-hub", false),
            ("docker-hubs/nginx", false),
        ] {
            assert_eq!(is_under(repository, &prefixes), expected, "{repository}");
        }
        assert!(is_under("anything", &["ROOT".to_owned()]));
        assert!(!is_under("anything", &[]));
    }
}
