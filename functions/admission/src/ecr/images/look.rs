//! The look-up of the images of one repository: which answer leads to which question. No call is
//! made here.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::SigningFacts;
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::MAX_CHILDREN;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::policy::Needs;

use super::task::{Answer, Task, batches};
use crate::ecr::holdings::Holdings;
use crate::ecr::index::{Leaf, Opened, open};
use crate::ecr::manifests::Read;
use crate::ecr::place::Repository;
use crate::ecr::scan::Scanned;
use crate::inspect::{Found, Missing};
use crate::manifest::{Image, Kind};

/// A look-up under way.
pub(super) struct Look {
    repository: Repository,
    /// In the order of their ids.
    roots: Vec<Root>,
    found: Holdings,
    /// What was asked for, whether or not it was answered yet.
    asked: Asked,
    /// The places of the images that wait for a manifest with another id.
    waiting: BTreeMap<ImageId, BTreeSet<usize>>,
}

#[derive(Default)]
struct Asked {
    scans: BTreeSet<ImageId>,
    manifests: BTreeSet<ImageId>,
    configs: BTreeSet<Digest>,
    signings: BTreeSet<ImageId>,
}

/// An image that the review names.
pub(super) struct Root {
    pub(super) id: ImageId,
    /// The digest by which the manifest was asked for, if ECR did not return it by the tag.
    pub(super) through: Option<Digest>,
    /// Whether scan and manifest were asked for again, because they were of two images.
    repeated: bool,
}

impl Look {
    /// The look-up of these images, each of which is named once.
    pub(super) fn new(repository: Repository, mut ids: Vec<ImageId>) -> Self {
        ids.sort();
        let root = |id| Root { id, through: None, repeated: false };
        let roots = ids.into_iter().map(root).collect();
        let (found, asked) = (Holdings::default(), Asked::default());
        Self { repository, roots, found, asked, waiting: BTreeMap::new() }
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The first questions: the scans, the manifests and, where they are needed, the signing statuses.
    pub(super) fn start(&mut self, needs: Needs) -> Vec<Task> {
        let ids: Vec<ImageId> = self.roots.iter().map(|root| root.id.clone()).collect();
        self.asked.scans.extend(ids.iter().cloned());
        self.asked.manifests.extend(ids.iter().cloned());
        let signings: &[ImageId] = if needs.signing { &ids } else { &[] };
        self.asked.signings.extend(signings.iter().cloned());
        let scans = ids.iter().cloned().map(Task::Scan);
        let signings = signings.iter().cloned().map(Task::Signing);
        batches(&ids).chain(scans).chain(signings).collect()
    }

    /// Takes an answer; returns what to ask next.
    pub(super) fn take(&mut self, answer: Answer, needs: Needs) -> Vec<Task> {
        let mut next = Next::default();
        match answer {
            Answer::Config(of, config) => _ = self.found.configs.insert(of, config),
            Answer::Signing(id, signing) => {
                let place = self.place(&id);
                self.found.signings.insert(id, signing);
                if let Some(place) = place {
                    self.confirm(place, &mut next);
                }
            }
            Answer::Scan(id, scan) => {
                let place = self.place(&id);
                self.found.scans.insert(id, scan);
                if let Some(place) = place {
                    self.compare(place, &mut next);
                    self.confirm(place, &mut next);
                }
            }
            Answer::Manifests(manifests) => {
                let mut concerned: BTreeSet<usize> = BTreeSet::new();
                for (id, manifest) in manifests {
                    concerned.extend(self.place(&id));
                    concerned.extend(self.waiting.remove(&id).into_iter().flatten());
                    self.found.manifests.insert(id, manifest);
                }
                for place in concerned {
                    self.compare(place, &mut next);
                    self.confirm(place, &mut next);
                    self.expand(place, &mut next, needs);
                }
            }
        }
        next.tasks()
    }

    /// What was found of each image.
    pub(super) fn finish(self) -> Vec<(EcrImage, Result<Found, Missing>)> {
        let Self { repository, roots, found, .. } = self;
        let of = |root: Root| (repository.image(root.id.clone()), root.found(&found));
        roots.into_iter().map(of).collect()
    }

    /// The place of the image with this id, if the review names it.
    fn place(&self, id: &ImageId) -> Option<usize> {
        self.roots.binary_search_by(|root| root.id.cmp(id)).ok()
    }

    /// Compares the scan and the manifest of an image, once both are known.
    fn compare(&mut self, place: usize, next: &mut Next) {
        let Self { roots, found, asked, waiting, .. } = self;
        let Some(root) = roots.get_mut(place) else { return };
        match root.compared(found) {
            Compared::Fit => {}
            Compared::Moved => {
                root.repeated = true;
                found.scans.remove(&root.id);
                found.manifests.remove(&root.id);
                next.manifests.push(root.id.clone());
                next.others.push(Task::Scan(root.id.clone()));
            }
            Compared::Imported(digest) => {
                let id = ImageId::Digest(digest.clone());
                root.through = Some(digest);
                waiting.entry(id.clone()).or_default().insert(place);
                // An image that was named by its digest is asked for by it again.
                if root.id == id || asked.manifests.insert(id.clone()) {
                    found.manifests.remove(&id);
                    next.manifests.push(id);
                }
            }
        }
    }

    /// Asks for the signing statuses again, by the digest of the manifest, where those by tag may be of
    /// another image: the tag moved in between, or ECR did not say which image it stands for.
    fn confirm(&mut self, place: usize, next: &mut Next) {
        let Self { roots, found, asked, .. } = self;
        let Some(root) = roots.get(place) else { return };
        let Some(digest) = root.digest(found) else { return };
        let Some(signing) = found.signings.get(&root.id) else { return };
        let id = ImageId::Digest(digest.clone());
        if signing.may_be_of_another(digest) && asked.signings.insert(id.clone()) {
            next.others.push(Task::Signing(id));
        }
    }

    /// Asks for what the manifest of an image names, and for what its known nested indexes name.
    fn expand(&mut self, place: usize, next: &mut Next, needs: Needs) {
        let Self { roots, found, asked, waiting, .. } = self;
        let Some(root) = roots.get(place) else { return };
        let Some(Ok(Read { digest: Some(digest), manifest: Ok(manifest) })) = root.manifest(found)
        else {
            return;
        };
        let entries = match &manifest.kind {
            Kind::Image(image) => return asked.config(digest, image, next, needs),
            Kind::Index(entries) => entries,
        };
        let Opened::Children { leaves, .. } = open(manifest, entries, found) else { return };
        let is_unread = |leaf: &Leaf<'_>| found.manifests.of(leaf.digest).is_none();
        let mut whole = true;
        for leaf in leaves.iter().filter(|leaf| is_unread(leaf)) {
            whole = false;
            let id = ImageId::Digest(leaf.digest.clone());
            waiting.entry(id.clone()).or_default().insert(place);
            if asked.manifests.insert(id.clone()) {
                next.manifests.push(id);
            }
        }
        // Scans are asked for together with the manifests, unless there are so many children that most must
        // be artifacts.
        let scanned: Vec<&Leaf<'_>> = if leaves.len() <= MAX_CHILDREN {
            leaves.iter().filter(|leaf| !(is_unread(leaf) && leaf.says_index)).collect()
        } else if whole {
            let runs = |leaf: &&Leaf<'_>| !leaf.image(found).is_some_and(|image| image.artifact);
            leaves.iter().filter(runs).collect()
        } else {
            return;
        };
        if scanned.len() > MAX_CHILDREN {
            return;
        }
        for leaf in scanned {
            let id = ImageId::Digest(leaf.digest.clone());
            if asked.scans.insert(id.clone()) {
                next.others.push(Task::Scan(id));
            }
            if let Some(image) = leaf.image(found).filter(|image| !image.artifact) {
                asked.config(leaf.digest, image, next, needs);
            }
        }
    }
}

/// What to ask next.
#[derive(Default)]
struct Next {
    manifests: Vec<ImageId>,
    others: Vec<Task>,
}

impl Next {
    fn tasks(self) -> Vec<Task> {
        batches(&self.manifests).chain(self.others).collect()
    }
}

/// The result of comparing the scan and the manifest of an image.
enum Compared {
    /// They are of one image, or one of them is not known yet.
    Fit,
    /// The tag moved between two calls; they were not repeated yet.
    Moved,
    /// The pull-through cache holds the image with this digest, and ECR failed to ask where it came from.
    /// For a digest ECR has nothing to ask.
    Imported(Digest),
}

impl Root {
    /// The manifest, by the id that it was asked for with.
    pub(super) fn manifest<'a>(&self, found: &'a Holdings) -> Option<&'a Result<Read, Missing>> {
        match &self.through {
            Some(digest) => found.manifests.of(digest),
            None => found.manifests.get(&self.id),
        }
    }

    /// The digest of the image, once its scan and its manifest agree on it.
    pub(super) fn digest<'a>(&self, found: &'a Holdings) -> Option<&'a Digest> {
        let scanned = match found.scans.get(&self.id)? {
            Ok(Scanned::Found(digest, _)) => Some(digest),
            Ok(Scanned::NotFound) | Err(_) => None,
        };
        let read = self.manifest(found)?.as_ref().ok()?.digest.as_ref();
        match (scanned, read) {
            (Some(scanned), Some(read)) if scanned != read => None,
            (Some(digest), _) | (None, Some(digest)) => Some(digest),
            (None, None) => None,
        }
    }

    /// What ECR says about its signing of the image with this digest.
    pub(super) fn signing(&self, digest: &Digest, found: &Holdings) -> SigningFacts {
        match found.signings.get(&self.id) {
            None => SigningFacts::NotRead,
            Some(signing) if signing.may_be_of_another(digest) => {
                found.signings.of(digest).unwrap_or(signing).facts(digest)
            }
            Some(signing) => signing.facts(digest),
        }
    }

    fn compared(&self, found: &Holdings) -> Compared {
        let (Some(scan), Some(manifest)) = (found.scans.get(&self.id), self.manifest(found)) else {
            return Compared::Fit;
        };
        match (scan, manifest) {
            // It moved between two pages of the findings.
            (Err(Missing::Moved), _) if !self.repeated => Compared::Moved,
            (Ok(Scanned::Found(scanned, _)), Ok(read))
                if read.digest.as_ref().is_some_and(|read| read != scanned) && !self.repeated =>
            {
                Compared::Moved
            }
            (Ok(Scanned::Found(scanned, _)), Err(Missing::NotImported))
                if self.through.is_none() =>
            {
                Compared::Imported(scanned.clone())
            }
            _ => Compared::Fit,
        }
    }
}

impl Asked {
    /// Asks for the config of an image, where it matters.
    fn config(&mut self, of: &Digest, image: &Image, next: &mut Next, needs: Needs) {
        let foreign = image.foreign && image.elsewhere.never.is_none();
        let matters = needs.config || needs.foreign_layers && foreign;
        if matters && self.configs.insert(of.clone()) {
            next.others.push(Task::Config(of.clone(), image.config.clone()));
        }
    }
}
