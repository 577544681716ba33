//! What Amazon ECR says of the images of all objects, asked for once.
//!
//! Everything is evaluated twice. The first time, every look-up is only noted, and the facts are missing. Then all of it
//! is asked of Amazon ECR together, in batches as large as the adapter makes them, and the second evaluation is
//! answered from memory. What is asked for only then is looked up at that time, once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, RepositoryFacts, Unavailable};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;
use futures_util::future::{join, join_all};

use super::prefetch::pending::is_pending;

/// An inspector that looks up what many reviews ask for, together.
#[derive(Debug)]
pub struct Facts<I> {
    inner: I,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether look-ups are answered; until then they are only noted.
    answers: bool,
    repositories: BTreeMap<Registry, Repositories>,
    images: Vec<Images>,
}

/// The repositories of a registry.
#[derive(Debug, Default)]
struct Repositories {
    noted: BTreeSet<RepositoryName>,
    known: HashMap<RepositoryName, Result<RepositoryFacts, Missing>>,
}

/// The images that were asked for with the same needs.
#[derive(Debug)]
struct Images {
    needs: Needs,
    noted: BTreeSet<EcrImage>,
    known: HashMap<EcrImage, Result<Found, Missing>>,
}

impl State {
    fn images(&mut self, needs: Needs) -> Option<&mut Images> {
        if !self.images.iter().any(|images| images.needs == needs) {
            let images = Images { needs, noted: BTreeSet::new(), known: HashMap::new() };
            self.images.push(images);
        }
        self.images.iter_mut().find(|images| images.needs == needs)
    }
}

impl Images {
    /// Remembers what was found, of a tag also under the digest that it stands for: that is how a pinned image is
    /// asked for.
    fn learn(&mut self, found: BTreeMap<EcrImage, Result<Found, Missing>>) {
        for (image, found) in found {
            if let (ImageId::Tag(_), Ok(facts)) = (&image.id, &found) {
                let id = ImageId::Digest(facts.digest.clone());
                // What was asked last is newest.
                self.known.insert(EcrImage { id, ..image.clone() }, found.clone());
            }
            // The digest may be known by its tag, which this look-up cannot unlearn.
            match self.known.get(&image) {
                Some(Ok(_)) if found.is_err() => {}
                Some(_) | None => _ = self.known.insert(image, found),
            }
        }
    }
}

impl<I: InspectImage> Facts<I> {
    /// What `inner` says. So far, look-ups are only noted.
    pub fn new(inner: I) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// How many images were noted.
    pub fn noted(&self) -> usize {
        self.state().images.iter().map(|images| images.noted.len()).sum()
    }

    /// Asks for all that was noted. From now on look-ups are answered.
    pub async fn ask(&self, budget: &Budget) {
        budget.prepare_for(self.noted());
        let (registries, images) = {
            let mut state = self.state();
            state.answers = true;
            let registries: Vec<(Registry, BTreeSet<RepositoryName>)> = state
                .repositories
                .iter_mut()
                .map(|(registry, names)| (registry.clone(), std::mem::take(&mut names.noted)))
                .collect();
            let images: Vec<(Needs, BTreeSet<EcrImage>)> = state
                .images
                .iter_mut()
                .map(|images| (images.needs, std::mem::take(&mut images.noted)))
                .collect();
            (registries, images)
        };
        let repositories = registries
            .iter()
            .map(|(registry, names)| self.ask_repositories(registry, names.clone(), budget));
        let images = images.iter().map(|(needs, images)| self.ask_images(images, needs, budget));
        join(join_all(repositories), join_all(images)).await;
    }

    /// Of many names that do not exist, the adapter finds only so many at a time, to leave ECR to other reviews. Here
    /// it is asked again for the rest while that brings anything.
    async fn ask_repositories(
        &self,
        registry: &Registry,
        mut names: BTreeSet<RepositoryName>,
        budget: &Budget,
    ) {
        loop {
            let found = self.inner.repositories(registry, &names, budget).await;
            let not_asked = |found: &Result<RepositoryFacts, Missing>| {
                matches!(
                    found,
                    Err(Missing::Unavailable(Unavailable { cause: Cause::NotAsked, .. }))
                )
            };
            let rest: BTreeSet<RepositoryName> = found
                .iter()
                .filter(|(_, found)| not_asked(found))
                .map(|(name, _)| name.clone())
                .collect();
            let brought_something = rest.len() < names.len();
            self.state().repositories.entry(registry.clone()).or_default().known.extend(found);
            if rest.is_empty() || !brought_something {
                return;
            }
            names = rest;
        }
    }

    /// Of these images, those that Amazon ECR is still importing or scanning.
    pub(super) fn pending(&self, images: &BTreeSet<EcrImage>) -> BTreeSet<EcrImage> {
        let state = self.state();
        let repository = |image: &EcrImage| {
            let is_its = |registry: &&Registry| {
                registry.account == image.account && registry.region == image.region
            };
            let registry = state.repositories.keys().find(is_its)?;
            state.repositories.get(registry)?.known.get(&image.repository)
        };
        let known = state.images.iter().flat_map(|images| &images.known);
        known
            .filter(|(image, found)| images.contains(image) && is_pending(repository(image), found))
            .map(|(image, _)| image.clone())
            .collect()
    }

    /// Asks again about images, and about their repositories where those did not exist.
    pub(super) async fn ask_again(&self, again: &BTreeSet<EcrImage>, budget: &Budget) {
        let (registries, images) = {
            let state = self.state();
            let absent = |(registry, repositories): (&Registry, &Repositories)| {
                let is_named = |name: &&RepositoryName| {
                    again.iter().any(|image| {
                        image.account == registry.account
                            && image.region == registry.region
                            && image.repository == **name
                    })
                };
                let absent = repositories.known.iter().filter(|(_, found)| found.is_err());
                let names = absent.map(|(name, _)| name).filter(is_named).cloned();
                (registry.clone(), names.collect::<BTreeSet<RepositoryName>>())
            };
            let registries: Vec<(Registry, BTreeSet<RepositoryName>)> =
                state.repositories.iter().map(absent).collect();
            let images: Vec<(Needs, BTreeSet<EcrImage>)> = state
                .images
                .iter()
                .map(|images| {
                    let known = images.known.keys().filter(|image| again.contains(image));
                    (images.needs, known.cloned().collect())
                })
                .collect();
            (registries, images)
        };
        let registries = registries.into_iter().filter(|(_, names)| !names.is_empty());
        let repositories = registries
            .map(async |(registry, names)| self.ask_repositories(&registry, names, budget).await);
        let images = images.iter().filter(|(_, images)| !images.is_empty());
        let images = images.map(|(needs, images)| self.ask_images(images, needs, budget));
        join(join_all(repositories), join_all(images)).await;
    }

    async fn ask_images(&self, images: &BTreeSet<EcrImage>, needs: &Needs, budget: &Budget) {
        let found = self.inner.images(images, needs, budget).await;
        if let Some(images) = self.state().images(*needs) {
            images.learn(found);
        }
    }

    /// A panic elsewhere must not take the facts with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: InspectImage> InspectImage for &Facts<I> {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        let unknown: BTreeSet<RepositoryName> = {
            let mut state = self.state();
            let answers = state.answers;
            let repositories = state.repositories.entry(registry.clone()).or_default();
            if !answers {
                repositories.noted.extend(names.iter().cloned());
                return BTreeMap::new();
            }
            let is_unknown = |name: &&RepositoryName| !repositories.known.contains_key(*name);
            names.iter().filter(is_unknown).cloned().collect()
        };
        if !unknown.is_empty() {
            self.ask_repositories(registry, unknown, budget).await;
        }
        let state = self.state();
        let Some(Repositories { known, .. }) = state.repositories.get(registry) else {
            return BTreeMap::new();
        };
        let found = |name: &RepositoryName| Some((name.clone(), known.get(name)?.clone()));
        names.iter().filter_map(found).collect()
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        needs: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        let unknown: BTreeSet<EcrImage> = {
            let mut state = self.state();
            let answers = state.answers;
            let Some(of_needs) = state.images(*needs) else { return BTreeMap::new() };
            if !answers {
                of_needs.noted.extend(images.iter().cloned());
                return BTreeMap::new();
            }
            let is_unknown = |image: &&EcrImage| !of_needs.known.contains_key(*image);
            images.iter().filter(is_unknown).cloned().collect()
        };
        if !unknown.is_empty() {
            self.ask_images(&unknown, needs, budget).await;
        }
        let mut state = self.state();
        let Some(Images { known, .. }) = state.images(*needs) else { return BTreeMap::new() };
        let found = |image: &EcrImage| Some((image.clone(), known.get(image)?.clone()));
        images.iter().filter_map(found).collect()
    }
}
