//! Registries as plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Content, ImageScan, RepositoryFacts};
use ecr_admission_policy::names::{Digest, RepositoryName};
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::testing::{self, digest, platform, scan};

/// A registry as plain data. Whatever is not in it does not exist.
#[derive(Debug, Clone, Default)]
pub struct Registries {
    /// By repository name.
    pub repositories: BTreeMap<String, Result<RepositoryFacts, Missing>>,
    /// By `repository:tag` or `repository@digest`.
    pub images: BTreeMap<String, Result<(Digest, Content), Missing>>,
    /// What was looked up.
    pub asked: Arc<Mutex<Vec<String>>>,
    /// Whether what is not in it is there all the same, and compliant.
    pub any: bool,
}

fn compliant() -> RepositoryFacts {
    testing::repository("IMMUTABLE", "SCAN_ON_PUSH")
}

impl Registries {
    /// Adds a repository.
    #[must_use]
    pub fn repository(mut self, name: &str, mutability: &str, frequency: &str) -> Self {
        self.repositories.insert(name.to_owned(), Ok(testing::repository(mutability, frequency)));
        self
    }

    /// Adds an image of one platform.
    #[must_use]
    pub fn image(mut self, name: &str, digit: char, scan: ImageScan) -> Self {
        self.images.insert(name.to_owned(), Ok((digest(digit), Content::Image(platform(scan)))));
        self
    }

    /// Makes every other image exist, and comply.
    #[must_use]
    pub fn with_any(mut self) -> Self {
        self.any = true;
        self
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

/// A registry with one compliant repository, `pay`, one that lets tags be overwritten, `web`, and one
/// image with a critical finding, `old:1`.
pub fn registries() -> Registries {
    Registries::default()
        .repository("pay", "IMMUTABLE", "SCAN_ON_PUSH")
        .image("pay:1", 'a', scan("COMPLETE", &[]))
        .repository("web", "MUTABLE", "SCAN_ON_PUSH")
        .image("web:1", 'b', scan("COMPLETE", &[]))
        .repository("old", "IMMUTABLE", "SCAN_ON_PUSH")
        .image("old:1", 'c', scan("COMPLETE", &[("CRITICAL", 2), ("HIGH", 1)]))
}

impl InspectImage for Registries {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        budget.count_call();
        let here = registry.account.as_str() == "123456789012";
        names
            .iter()
            .map(|name| {
                self.note(format!("{}/{}/{name}", registry.account, registry.region));
                let known = self.repositories.get(name.as_str()).filter(|_| here).cloned();
                let other = if self.any { Ok(compliant()) } else { Err(Missing::Repository) };
                (name.clone(), known.unwrap_or(other))
            })
            .collect()
    }

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        _: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        let found = |image: &EcrImage| {
            budget.count_call();
            self.note(image.to_string());
            let name = format!("{}{}", image.repository, image.id);
            let other = (digest('e'), Content::Image(platform(scan("COMPLETE", &[]))));
            let other = if self.any { Ok(other) } else { Err(Missing::Image) };
            let found = self.images.get(&name).cloned().unwrap_or(other);
            (image.clone(), found.map(Found::from))
        };
        images.iter().map(found).collect()
    }
}
