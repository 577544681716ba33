//! The catalogue as ECR holds it: every image with its digest, manifest and place.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::manifest::{self, Blob};
use super::pull::{Import, Unfinished};
use crate::catalogue::on_pull::CacheRule;
use crate::catalogue::refusal::{Code, Operation, Refusal};
use crate::catalogue::scan::Scan;
use crate::catalogue::signing::Signing;
use crate::catalogue::{self, Catalogue, ScanType, image};
use crate::error::EcrError;

/// A catalogue as ECR holds it: all registries, of all accounts and Regions.
#[derive(Debug)]
pub struct Registries {
    all: Vec<Registry>,
    /// The account that asked, where this is a recording.
    recorded_by: Option<String>,
    /// Config blobs and layers by digest.
    blobs: BTreeMap<String, Bytes>,
}

/// The registry of one account in one Region.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) scan_type: ScanType,
    not_found: BTreeSet<String>,
    pub(crate) cache_rules: Vec<CacheRule>,
    pub(crate) repositories: BTreeMap<String, Repository>,
}

/// One repository.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) facts: catalogue::Repository,
    /// The children of an index come right after it.
    pub(crate) images: Vec<Image>,
    /// The digests of the blobs that can be had from this repository.
    pub(crate) blobs: BTreeSet<String>,
    /// Whether it is of a recording: silent about what it does not hold.
    pub(crate) recorded: bool,
    /// Where each digest and each tag is among the images.
    digests: HashMap<String, usize>,
    tags: HashMap<String, usize>,
}

/// One image, or image index.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) digest: String,
    pub(crate) tags: Vec<String>,
    /// What ECR says that it is.
    pub(crate) media_type: Option<String>,
    pub(crate) manifest: Bytes,
    scan: Option<Scan>,
    /// Of an image that only the upstream of a pull-through cache has, until it is pulled.
    pub(crate) import: Option<Arc<Import>>,
    /// `None` where it was not recorded.
    pub(crate) signing: Option<Vec<Signing>>,
    /// The digests of an index's children, attestations left out.
    pub(crate) children: Vec<String>,
}

impl Registries {
    /// Makes what the catalogue does not spell out: manifests, config blobs, digests.
    pub fn new(catalogue: &Catalogue) -> Registries {
        let mut blobs = BTreeMap::new();
        let recorded_by = catalogue.recorded().map(|recorded| recorded.account.to_owned());
        let recorded = recorded_by.is_some();
        let registries = catalogue.registries.iter().map(|registry| {
            let (account, region) = (registry.account.as_str(), registry.region.as_str());
            let repositories = registry.repositories.iter().map(|facts| {
                let seed = format!("{account}/{region}/{}", facts.name);
                (facts.name.clone(), Repository::new(facts, &seed, &mut blobs, recorded))
            });
            Registry {
                account: account.to_owned(),
                region: region.to_owned(),
                scan_type: registry.scan_type,
                cache_rules: registry.pull_through_cache_rules.clone(),
                not_found: registry.not_found.iter().cloned().collect(),
                repositories: repositories.collect(),
            }
        });
        Registries { all: registries.collect(), recorded_by, blobs }
    }

    /// Whether there is a registry in this Region.
    pub fn has_region(&self, region: &str) -> bool {
        self.all.iter().any(|registry| registry.region == region)
    }

    /// The layer or config blob of a digest.
    pub fn blob(&self, digest: &str) -> Option<Bytes> {
        self.blobs.get(digest).cloned()
    }

    /// A registry that the catalogue lacks is an empty one: `None`.
    pub(crate) fn registry(&self, account: &str, region: &str) -> Option<&Registry> {
        self.all.iter().find(|registry| registry.account == account && registry.region == region)
    }

    /// A repository with its registry.
    pub(crate) fn repository(
        &self,
        account: &str,
        region: &str,
        name: &str,
    ) -> Result<(&Registry, &Repository), EcrError> {
        let registry = self.registry(account, region);
        let found = registry.and_then(|it| Some((it, it.repositories.get(name)?)));
        let found = found.filter(|(_, repository)| repository.exists());
        found.ok_or_else(|| {
            let is_known = registry.is_some_and(|registry| registry.not_found.contains(name));
            if self.recorded_by.is_some() && !is_known {
                return EcrError::not_recorded();
            }
            EcrError::new("RepositoryNotFoundException", repository_not_found(account, name))
        })
    }

    /// Whether the scanning configuration of this account's repositories can be here.
    pub(crate) fn has_scanning_of(&self, account: &str) -> bool {
        self.recorded_by.as_ref().is_none_or(|recorder| recorder == account)
    }
}

/// ECR's words for a repository that is not there.
pub(crate) fn repository_not_found(account: &str, name: &str) -> String {
    format!("The repository with name '{name}' does not exist in the registry with id '{account}'")
}

impl Repository {
    fn new(
        facts: &catalogue::Repository,
        seed: &str,
        blobs: &mut BTreeMap<String, Bytes>,
        recorded: bool,
    ) -> Repository {
        let mut repository = Repository {
            facts: facts.clone(),
            images: Vec::new(),
            blobs: BTreeSet::new(),
            recorded,
            digests: HashMap::new(),
            tags: HashMap::new(),
        };
        for (position, image) in facts.images.iter().enumerate() {
            // By tag where there is one: moving an image in the file shall not change its digest.
            let seed = match image.tags.first() {
                Some(tag) => format!("{seed}:{tag}"),
                None => format!("{seed}#{position}"),
            };
            let first = repository.images.len();
            repository.add(image, &seed, blobs);
            let import = image.on_pull.clone().map(|on_pull| Arc::new(Import::new(on_pull)));
            for added in repository.images.iter_mut().skip(first) {
                added.import.clone_from(&import);
            }
        }
        for (place, image) in repository.images.iter().enumerate() {
            // Two images may come out the same; the first is the one.
            repository.digests.entry(image.digest.clone()).or_insert(place);
            repository.tags.extend(image.tags.iter().map(|tag| (tag.clone(), place)));
        }
        repository
    }

    /// Adds an image and all below it; gives its manifest back, and what ECR says that it is.
    fn add(
        &mut self,
        image: &image::Image,
        seed: &str,
        blobs: &mut BTreeMap<String, Bytes>,
    ) -> (Blob, Option<String>) {
        let place = self.images.len();
        let mut children = Vec::new();
        let manifest = if let Some(given) = manifest::given(image) {
            if let Some(config) = manifest::given_config(image) {
                self.blobs.insert(config.digest.clone());
                blobs.insert(config.digest, config.content);
            }
            given
        } else if let Some(platforms) = &image.platforms {
            let mut built = Vec::new();
            for (position, child) in platforms.iter().enumerate() {
                let (manifest, media_type) = self.add(child, &format!("{seed}/{position}"), blobs);
                built.push((child, media_type, manifest));
            }
            let run = built.iter().filter(|(child, ..)| !child.is_attestation());
            children = run.map(|(.., manifest)| manifest.digest.clone()).collect();
            let entries = built.iter().map(|(child, kind, it)| (*child, kind.as_deref(), it));
            manifest::index(image, entries)
        } else {
            let built = manifest::image(image, seed);
            for blob in built.blobs {
                self.blobs.insert(blob.digest.clone());
                blobs.insert(blob.digest, blob.content);
            }
            built.manifest
        };
        let says = manifest::says(&manifest);
        let follows = says.as_deref().unwrap_or_else(|| image.usual_media_type());
        let media_type = image.manifest_media_type.or(Some(follows)).map(ToOwned::to_owned);
        let stored = Image {
            digest: manifest.digest.clone(),
            tags: image.tags.clone(),
            media_type: media_type.clone(),
            manifest: manifest.content.clone(),
            scan: image.scan.clone().or_else(|| image.index_scan.clone()),
            import: None,
            signing: image.signing.clone().or_else(|| self.usual_signing()),
            children,
        };
        self.images.insert(place, stored);
        (manifest, media_type)
    }

    /// What ECR says about its signing of an image that says nothing itself.
    fn usual_signing(&self) -> Option<Vec<Signing>> {
        let usual = &self.facts.signing;
        (!self.recorded || !usual.is_empty()).then(|| usual.clone())
    }

    pub(crate) fn by_digest(&self, digest: &str) -> Option<&Image> {
        self.images.get(*self.digests.get(digest)?).filter(|image| image.is_held())
    }

    pub(crate) fn by_tag(&self, tag: &str) -> Option<&Image> {
        self.by_tag_here_or_upstream(tag).filter(|image| image.is_held())
    }

    /// The image of a tag, imported or not.
    pub(crate) fn by_tag_here_or_upstream(&self, tag: &str) -> Option<&Image> {
        self.images.get(*self.tags.get(tag)?)
    }

    /// Whether it is there: that of a pull-through cache comes with its first image.
    pub(crate) fn exists(&self) -> bool {
        self.images.is_empty() || self.images.iter().any(Image::is_held)
    }

    /// What an operation about an image or a layer of it, or about itself, is answered with instead.
    pub(crate) fn refusal(&self, operation: Operation, of: Option<&str>) -> Option<&Refusal> {
        let refuses = |it: &&Refusal| it.operation == operation && it.of.as_deref() == of;
        self.facts.errors.iter().find(refuses)
    }

    /// The same as the error of the whole call.
    pub(crate) fn check(&self, operation: Operation, of: Option<&str>) -> Result<(), EcrError> {
        self.refusal(operation, of).and_then(error).map_or(Ok(()), Err)
    }

    /// Whether a recording is silent about this tag or digest.
    pub(crate) fn is_silent_about(&self, id: &str) -> bool {
        self.recorded && !self.facts.not_found.iter().any(|it| it == id)
    }
}

/// The error of a whole call; `None` for the failure of an item.
fn error(refusal: &Refusal) -> Option<EcrError> {
    match &refusal.code {
        Code::Exception(code) => {
            Some(EcrError::new(code, refusal.message.clone().unwrap_or_default()))
        }
        Code::NotRecorded => Some(EcrError::not_recorded()),
        Code::Failure(_) => None,
    }
}

impl Image {
    /// Whether ECR holds it.
    pub(crate) fn is_held(&self) -> bool {
        self.import.as_ref().is_none_or(|import| import.is_done())
    }

    /// Its scan, as far as it is by now.
    pub(crate) fn scan(&self) -> Option<Cow<'_, Scan>> {
        match self.import.as_ref().and_then(|import| import.scanning()) {
            None => self.scan.as_ref().map(Cow::Borrowed),
            Some(Unfinished::NotBegun) => None,
            Some(Unfinished::Begun) => {
                let status = Some("IN_PROGRESS".to_owned());
                Some(Cow::Owned(Scan { status, ..Scan::default() }))
            }
        }
    }

    /// Whether ECR takes it for an index.
    pub(crate) fn is_index(&self) -> bool {
        let indexes = [image::Format::Oci, image::Format::Docker].map(image::Format::index);
        self.media_type.as_deref().is_some_and(|it| indexes.contains(&it))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use sha2::{Digest as _, Sha256};

    use super::{Image, Registries};
    use crate::catalogue::Catalogue;

    /// The sample catalogue, whose images the sample workloads pin.
    fn sample() -> Registries {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/registry.yaml");
        Registries::new(&Catalogue::read(&path).unwrap())
    }

    fn images(registries: &Registries) -> impl Iterator<Item = &Image> {
        let repositories = registries.all.iter().flat_map(|it| it.repositories.values());
        repositories.flat_map(|repository| &repository.images)
    }

    #[test]
    fn every_digest_is_that_of_its_manifest_so_that_samples_can_pin_it() {
        let sample = sample();
        for image in images(&sample) {
            assert_eq!(image.digest, format!("sha256:{:x}", Sha256::digest(&image.manifest)));
        }
        assert!(images(&sample).count() > 20);
    }

    #[test]
    fn digests_do_not_change_from_run_to_run_and_no_two_are_the_same() {
        let (first, second) = (sample(), sample());
        let digests = |of| images(of).map(|it| it.digest.clone()).collect::<Vec<_>>();
        assert_eq!(digests(&first), digests(&second));
        let different: BTreeSet<_> = digests(&first).into_iter().collect();
        assert_eq!(different.len(), images(&first).count());
    }
}
