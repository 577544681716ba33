//! What was heard, as the registries of a catalogue.

use std::collections::{BTreeMap, BTreeSet};

use super::Place;
use super::heard::{Manifest, RepositoryHeard, Said};
use super::scans::Of;
use crate::catalogue::id::{Account, Digest};
use crate::catalogue::image::Image;
use crate::catalogue::refusal::{Code, Operation, Refusal};
use crate::catalogue::registry::Registry;
use crate::catalogue::signing::Signing;
use crate::catalogue::word::{Text, Word};
use crate::catalogue::{Repository, ScanType};

/// All registries, as the credentials of `recorder` saw them.
pub(super) fn registries(
    recorder: &str,
    heard: &BTreeMap<Place, RepositoryHeard>,
) -> Result<Vec<Registry>, String> {
    let mut registries: Vec<Registry> = Vec::new();
    for ((account, region, name), heard) in heard {
        let is_last = |it: &Registry| it.account.as_str() == account && it.region == *region;
        if !registries.last().is_some_and(is_last) {
            registries.push(Registry {
                pull_through_cache_rules: Vec::new(),
                account: Account::try_from(account.clone())?,
                region: region.clone(),
                scan_type: ScanType::Basic,
                not_found: Vec::new(),
                repositories: Vec::new(),
            });
        }
        let Some(registry) = registries.last_mut() else { continue };
        let repository = Writing::new(heard, account == recorder).repository(name)?;
        if exists(&repository, heard) {
            registry.repositories.push(repository);
        } else if is_missing(&repository) {
            registry.not_found.push(name.clone());
        }
    }
    registries.iter_mut().for_each(settle_scan_type);
    Ok(registries)
}

/// The type of a registry is that of its scans; each of the others keeps its own.
fn settle_scan_type(registry: &mut Registry) {
    let scans =
        || registry.repositories.iter().flat_map(|it| &it.images).filter_map(|it| it.scan.as_ref());
    if scans().any(|scan| scan.kind == Some(ScanType::Enhanced)) {
        registry.scan_type = ScanType::Enhanced;
    }
    let settled = registry.scan_type;
    let images = registry.repositories.iter_mut().flat_map(|it| &mut it.images);
    for scan in images.filter_map(|image| image.scan.as_mut()) {
        scan.kind = scan.kind.filter(|own| *own != settled);
    }
}

/// Whether something was heard of it other than that it does not exist.
fn exists(repository: &Repository, heard: &RepositoryHeard) -> bool {
    let says_missing = |it: &Refusal| it.code == NO_REPOSITORY || it.code == no_repository();
    matches!(heard.described, Some(Said::Held(_)))
        || matches!(heard.scanning, Some(Said::Held(_)))
        || !repository.images.is_empty()
        || !repository.not_found.is_empty()
        || repository.errors.iter().any(|it| it.code != Code::NotRecorded && !says_missing(it))
}

fn is_missing(repository: &Repository) -> bool {
    repository.errors.iter().any(|it| it.code == NO_REPOSITORY || it.code == no_repository())
}

impl RepositoryHeard {
    fn signing_of(&self, digest: &str) -> Option<Vec<Signing>> {
        self.signings.values().find_map(|said| match said {
            Said::Held((of, statuses)) if of == digest => Some(statuses.clone()),
            Said::Held(_) | Said::NotFound | Said::Refused { .. } => None,
        })
    }

    /// The image that a tag or digest stands for; `None` where that is not known, or changed.
    fn digest_of<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        let by_manifest = match self.images.get(id) {
            Some(Said::Held(digest)) => Some(digest.as_str()),
            Some(Said::NotFound | Said::Refused { .. }) | None => None,
        };
        let by_scan = match self.scans.of(id) {
            Of::Scan(heard) => Some(heard.digest.as_str()),
            Of::NoImage | Of::Refused(..) | Of::Nothing => None,
        };
        match (by_manifest, by_scan) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other).filter(|digest| self.manifests.contains_key(*digest)),
        }
    }
}

/// A repository that is being written.
struct Writing<'a> {
    heard: &'a RepositoryHeard,
    /// Whether it is in the account of the credentials.
    is_own: bool,
    errors: Vec<Refusal>,
    not_found: Vec<String>,
}

impl<'a> Writing<'a> {
    fn new(heard: &'a RepositoryHeard, is_own: bool) -> Self {
        Self { heard, is_own, errors: Vec::new(), not_found: Vec::new() }
    }

    fn repository(mut self, name: &str) -> Result<Repository, String> {
        let heard = self.heard;
        let mut repository = Repository { name: name.to_owned(), ..Repository::default() };
        match &heard.described {
            Some(Said::Held(described)) => {
                let filters = &described.image_tag_mutability_exclusion_filters;
                repository.image_tag_mutability.clone_from(&described.image_tag_mutability);
                repository.image_tag_mutability_exclusion_filters.clone_from(filters);
                let on_push = described.image_scanning_configuration.as_ref();
                repository.scan_on_push = on_push.and_then(|it| it.scan_on_push);
            }
            other => self.refused(Operation::DescribeRepositories, None, other.as_ref()),
        }
        match &heard.scanning {
            Some(Said::Held(configuration)) => {
                repository.scan_frequency = Word::Given(configuration.scan_frequency.clone());
            }
            other if self.is_own => {
                let operation = Operation::BatchGetRepositoryScanningConfiguration;
                self.refused(operation, None, other.as_ref());
            }
            _ => {}
        }
        let images: Result<Vec<Image>, String> =
            heard.manifests.iter().map(|(digest, manifest)| self.image(digest, manifest)).collect();
        repository.images = images?;
        let ids: BTreeSet<&String> = heard.images.keys().chain(heard.scans.ids()).collect();
        for id in ids {
            if heard.digest_of(id).is_none() {
                self.unknown(id);
            }
        }
        for (id, said) in &heard.signings {
            match said {
                Said::Held(_) => {}
                // An image that does not exist is listed as such.
                Said::NotFound if self.not_found.contains(id) => {}
                said => self.refused(Operation::DescribeImageSigningStatus, Some(id), Some(said)),
            }
        }
        for (layer, said) in &heard.layer_errors {
            self.refused(Operation::GetDownloadUrlForLayer, Some(layer), Some(said));
        }
        repository.errors = self.errors;
        repository.not_found = self.not_found;
        Ok(repository)
    }

    /// An image with the tags that it was asked for by.
    fn image(&mut self, of: &str, manifest: &Manifest) -> Result<Image, String> {
        let heard = self.heard;
        let ids: BTreeSet<&String> = heard.images.keys().chain(heard.scans.ids()).collect();
        let stands_for_it = |id: &&String| heard.digest_of(id) == Some(of);
        let names: Vec<&String> = ids.into_iter().filter(stands_for_it).collect();
        let tags: Vec<String> =
            names.iter().filter(|id| id.as_str() != of).map(|id| (*id).clone()).collect();
        let scan = heard.scans.of_digest(of);
        let text = Text(manifest.text.clone());
        let says = text.media_type();
        let config = text.config_digest().and_then(|digest| heard.blobs.get(&digest));
        let has_none =
            |id: &str| matches!(heard.scans.of(id), Of::Refused(code, _) if *code == NO_SCAN);
        let is_known = scan.is_some() || has_none(of) || tags.iter().any(|tag| has_none(tag));
        let by_digest = BTreeSet::from([of.to_owned()]);
        for id in tags.iter().chain(&by_digest) {
            self.image_by(id, scan.is_some(), is_known);
        }
        Ok(Image {
            tags,
            digest: Some(Digest::try_from(of.to_owned())?),
            manifest_media_type: match (&manifest.media_type, says) {
                (Some(said), Some(own)) if *said == own => Word::Follows,
                (said, _) => Word::Given(said.clone()),
            },
            manifest: Some(text),
            config_blob: config.cloned().map(Text),
            scan,
            signing: heard.signing_of(of),
            ..Image::default()
        })
    }

    /// What the operations say of an image by one of its names, where that does not follow from the image.
    fn image_by(&mut self, id: &String, has_scan: bool, scan_is_known: bool) {
        let heard = self.heard;
        match heard.images.get(id) {
            Some(Said::Held(_)) | None => {}
            said @ Some(Said::NotFound | Said::Refused { .. }) => {
                self.refused(Operation::BatchGetImage, Some(id), said);
            }
        }
        let operation = Operation::DescribeImageScanFindings;
        match heard.scans.of(id) {
            Of::Scan(it) if it.scan.is_some() => {}
            Of::Refused(code, _) if *code == NO_SCAN && !has_scan => {}
            Of::Refused(code, message) => {
                self.error(operation, Some(id), code.clone(), message.cloned());
            }
            Of::NoImage => self.error(operation, Some(id), NO_IMAGE, None),
            Of::Nothing if scan_is_known => {}
            Of::Scan(_) | Of::Nothing => self.error(operation, Some(id), Code::NotRecorded, None),
        }
    }

    /// What the operations say of a tag or digest that stands for no image here.
    fn unknown(&mut self, id: &String) {
        let (image, scan) = (self.heard.images.get(id), self.heard.scans.of(id));
        let not_held = matches!(image, Some(Said::NotFound) | None);
        if not_held && matches!(scan, Of::NoImage | Of::Nothing) {
            self.not_found.push(id.clone());
            return;
        }
        if let Some(said @ (Said::NotFound | Said::Refused { .. })) = image {
            self.refused(Operation::BatchGetImage, Some(id), Some(said));
        }
        let operation = Operation::DescribeImageScanFindings;
        match scan {
            Of::NoImage => self.error(operation, Some(id), NO_IMAGE, None),
            Of::Refused(code, message) => {
                self.error(operation, Some(id), code.clone(), message.cloned());
            }
            // A recording is silent about what it does not list.
            Of::Scan(_) | Of::Nothing => {}
        }
    }

    fn refused<T>(&mut self, operation: Operation, of: Option<&String>, said: Option<&Said<T>>) {
        match said {
            Some(Said::Refused { code, message }) => {
                self.error(operation, of, code.clone(), message.clone());
            }
            Some(Said::NotFound) => self.error(operation, of, not_found(operation), None),
            Some(Said::Held(_)) | None => self.error(operation, of, Code::NotRecorded, None),
        }
    }

    fn error(
        &mut self,
        operation: Operation,
        of: Option<&String>,
        code: Code,
        message: Option<String>,
    ) {
        self.errors.push(Refusal { operation, of: of.cloned(), code, message });
    }
}

/// How an operation says that there is no such thing.
fn not_found(operation: Operation) -> Code {
    match operation {
        Operation::BatchGetImage => Code::Failure("ImageNotFound".to_owned()),
        Operation::BatchGetRepositoryScanningConfiguration => no_repository(),
        Operation::DescribeRepositories => NO_REPOSITORY,
        Operation::DescribeImageScanFindings | Operation::DescribeImageSigningStatus => NO_IMAGE,
        Operation::GetDownloadUrlForLayer => Code::Exception("LayersNotFoundException"),
    }
}

fn no_repository() -> Code {
    Code::Failure("REPOSITORY_NOT_FOUND".to_owned())
}

const NO_REPOSITORY: Code = Code::Exception("RepositoryNotFoundException");
/// There is an image, and no scan of it.
const NO_SCAN: Code = Code::Exception("ScanNotFoundException");
/// There is no image.
const NO_IMAGE: Code = Code::Exception("ImageNotFoundException");
