//! The look-up of the images of one repository: which answer leads to which question, and what all of
//! them come to. No call is made here.

use std::collections::BTreeSet;

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::Cause;
use ecr_admission_policy::facts::{
    Config, Content, ImageScan, Needs, NoFacts, PlatformFacts, Unavailable,
};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::{Child, Index, MAX_CHILDREN};
use ecr_admission_policy::names::Digest;

use super::{Answer, Task, batches};
use crate::ecr::holdings::{Holdings, Repository};
use crate::ecr::index::{Leaf, Opened, open};
use crate::ecr::manifests::{GET, Read};
use crate::ecr::scan::Scanned;
use crate::inspect::{Found, Missing};
use crate::manifest::{Image, Kind, Manifest};

/// A look-up under way.
pub(super) struct Look {
    repository: Repository,
    roots: Vec<Root>,
    found: Holdings,
    /// What was asked for, whether or not it was answered yet.
    asked: Asked,
}

#[derive(Default)]
struct Asked {
    scans: BTreeSet<ImageId>,
    manifests: BTreeSet<ImageId>,
    configs: BTreeSet<Digest>,
}

/// An image that the review names.
struct Root {
    id: ImageId,
    /// The digest by which the manifest was asked for, where it could not be had by the tag.
    through: Option<Digest>,
    /// Whether scan and manifest were asked for twice, since they were of two images.
    repeated: bool,
    /// Whether nothing more has to be asked for it.
    settled: bool,
}

impl Look {
    pub(super) fn new(repository: Repository, ids: Vec<ImageId>) -> Self {
        let root = |id| Root { id, through: None, repeated: false, settled: false };
        let roots = ids.into_iter().map(root).collect();
        Self { repository, roots, found: Holdings::default(), asked: Asked::default() }
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The first questions: the scans, and beside them the manifests.
    pub(super) fn start(&mut self) -> Vec<Task> {
        let ids: Vec<ImageId> = self.roots.iter().map(|root| root.id.clone()).collect();
        self.asked.scans.extend(ids.iter().cloned());
        self.asked.manifests.extend(ids.iter().cloned());
        let scans: Vec<Task> = ids.iter().cloned().map(Task::Scan).collect();
        batches(&ids).chain(scans).collect()
    }

    /// Takes an answer in; returns what is to be asked next.
    pub(super) fn take(&mut self, answer: Answer, needs: Needs) -> Vec<Task> {
        let mut next = Next::default();
        match answer {
            Answer::Config(of, config) => _ = self.found.configs.insert(of, config),
            Answer::Scan(id, scan) => {
                self.found.scans.insert(id.clone(), scan);
                let root = self.roots.iter_mut().find(|root| root.id == id);
                if let Some(root) = root {
                    root.compare(&mut self.found, &mut self.asked, &mut next);
                }
            }
            Answer::Manifests(manifests) => {
                self.found.manifests.extend(manifests);
                for root in self.roots.iter_mut().filter(|root| !root.settled) {
                    root.compare(&mut self.found, &mut self.asked, &mut next);
                    root.settled = root.expand(&self.found, &mut self.asked, &mut next, needs);
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
}

/// What is to be asked next.
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

impl Root {
    /// The manifest, under whatever name it was had.
    fn manifest<'a>(&self, found: &'a Holdings) -> Option<&'a Result<Read, Missing>> {
        match &self.through {
            Some(digest) => found.manifest(digest),
            None => found.manifests.get(&self.id),
        }
    }

    /// Asks for scan and manifest once more, since the tag moved between two calls.
    fn repeat(&mut self, found: &mut Holdings, next: &mut Next) {
        self.repeated = true;
        self.settled = false;
        found.scans.remove(&self.id);
        found.manifests.remove(&self.id);
        next.manifests.push(self.id.clone());
        next.others.push(Task::Scan(self.id.clone()));
    }

    /// Holds scan and manifest against one another, once both are there.
    fn compare(&mut self, found: &mut Holdings, asked: &mut Asked, next: &mut Next) {
        let (Some(scan), Some(manifest)) = (found.scans.get(&self.id), self.manifest(found)) else {
            return;
        };
        let scanned = match scan {
            Ok(Scanned::Found(scanned, _)) => scanned,
            // It moved between two pages of the findings.
            Err(Missing::Moved) if !self.repeated => return self.repeat(found, next),
            Ok(Scanned::NotFound) | Err(_) => return,
        };
        match manifest {
            Ok(read) if read.digest != *scanned && !self.repeated => self.repeat(found, next),
            // The cache holds the image, and ECR failed to ask where it came from: by its digest ECR
            // has nothing to ask.
            Err(Missing::NotImported) if self.through.is_none() => {
                let id = ImageId::Digest(scanned.clone());
                self.through = Some(scanned.clone());
                self.settled = false;
                // An image that was named by its digest is asked for by it again.
                if self.id == id || asked.manifests.insert(id.clone()) {
                    found.manifests.remove(&id);
                    next.manifests.push(id);
                }
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Asks for what the manifests that are known lead to. Returns whether all of it is known.
    fn expand(&self, found: &Holdings, asked: &mut Asked, next: &mut Next, needs: Needs) -> bool {
        let Some(read) = self.manifest(found) else { return false };
        let Ok(Read { digest, manifest: Ok(manifest) }) = read else { return true };
        let entries = match &manifest.kind {
            Kind::Image(image) => {
                asked.config(digest, image, next, needs);
                return true;
            }
            Kind::Index(entries) => entries,
        };
        let Opened::Children { leaves, .. } = open(manifest, entries, found) else { return true };
        let unread = |leaf: &&Leaf<'_>| found.manifest(leaf.digest).is_none();
        let mut whole = true;
        for leaf in leaves.iter().filter(unread) {
            whole = false;
            let id = ImageId::Digest(leaf.digest.clone());
            if asked.manifests.insert(id.clone()) {
                next.manifests.push(id);
            }
        }
        // Scans go out beside the manifests, but for so many children that most must be artifacts.
        let scanned: Vec<&Leaf<'_>> = if leaves.len() <= MAX_CHILDREN {
            leaves.iter().filter(|leaf| !(unread(leaf) && leaf.says_index)).collect()
        } else if whole {
            let runs = |leaf: &&Leaf<'_>| !leaf.image(found).is_some_and(|image| image.artifact);
            leaves.iter().filter(runs).collect()
        } else {
            return false;
        };
        if scanned.len() > MAX_CHILDREN {
            return true;
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
        whole
    }

    /// What all answers come to.
    fn found(&self, found: &Holdings) -> Result<Found, Missing> {
        let scan = found.scans.get(&self.id).ok_or_else(unanswered)?;
        let manifest = self.manifest(found).ok_or_else(unanswered)?;
        let Read { digest, manifest } = match (manifest, scan) {
            (Ok(read), _) => read,
            (Err(missing), Err(other)) => return Err(missing.clone().or(other.clone())),
            // Its digest is known, so that it was imported.
            (Err(Missing::NotImported), Ok(_)) if self.through.is_some() => {
                return Err(unanswered());
            }
            (Err(missing), Ok(_)) => return Err(missing.clone()),
        };
        match scan {
            Ok(Scanned::Found(scanned, _)) if scanned != digest => return Err(Missing::Moved),
            Err(missing @ (Missing::Repository | Missing::Image)) => return Err(missing.clone()),
            // An index has no scan: whether it could be asked for says nothing.
            Ok(_) | Err(_) => {}
        }
        let (content, checkpoint) = match manifest {
            Err(why) => (Content::NotUnderstood(why.clone()), None),
            Ok(manifest) => match &manifest.kind {
                Kind::Image(image) => {
                    let scan = scan.as_ref().map_err(Clone::clone)?;
                    let facts = platform(digest, image, scan, found);
                    (Content::Image(facts), manifest.checkpoint.clone())
                }
                Kind::Index(entries) => {
                    let (index, checkpoint) =
                        index(manifest, open(manifest, entries, found), found);
                    (Content::Index(index), checkpoint)
                }
            },
        };
        Ok(Found { digest: digest.clone(), content, checkpoint })
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

impl Leaf<'_> {
    /// What its manifest says, if it is known to be that of an image.
    fn image<'a>(&self, found: &'a Holdings) -> Option<&'a Image> {
        let Some(Ok(Read { manifest: Ok(manifest), .. })) = found.manifest(self.digest) else {
            return None;
        };
        match &manifest.kind {
            Kind::Image(image) => Some(image),
            Kind::Index(_) => None,
        }
    }

    fn child(&self, found: &Holdings) -> Child {
        Child {
            platform: self.platform.clone(),
            digest: self.digest.clone(),
            windows: self.windows,
            artifact: self.image(found).is_some_and(|image| image.artifact),
            facts: self.facts(found),
        }
    }

    fn facts(&self, found: &Holdings) -> Result<PlatformFacts, NoFacts> {
        let scan = found
            .scan(self.digest)
            .map_or_else(|| Err(unanswered()), |scan| scan.as_ref().map_err(Clone::clone));
        let manifest = found
            .manifest(self.digest)
            .map_or_else(|| Err(unanswered()), |read| read.as_ref().map_err(Clone::clone));
        let (read, scan) = match (manifest, scan) {
            (Ok(read), Ok(scan)) => (read, scan),
            (Ok(Read { manifest: Err(why), .. }), Err(_)) => {
                return Err(NoFacts::NotUnderstood(why.clone()));
            }
            (Ok(_), Err(missing)) | (Err(missing), Ok(_)) => return Err(no_facts(missing)),
            (Err(one), Err(other)) => return Err(no_facts(one.or(other))),
        };
        match &read.manifest {
            Err(why) => Err(NoFacts::NotUnderstood(why.clone())),
            Ok(Manifest { kind: Kind::Image(image), .. }) => {
                Ok(platform(self.digest, image, scan, found))
            }
            // `open` makes no leaf of an index.
            Ok(Manifest { kind: Kind::Index(_), .. }) => Err(no_facts(unanswered())),
        }
    }
}

/// The index as the rules see it.
fn index(root: &Manifest, opened: Opened<'_>, found: &Holdings) -> (Index, Option<String>) {
    match opened {
        Opened::TooDeep => (Index::TooDeep, root.checkpoint.clone()),
        Opened::TooManyDescriptors => (Index::TooManyDescriptors, root.checkpoint.clone()),
        Opened::Children { leaves, checkpoint } => {
            let checkpoint = checkpoint.map(str::to_owned);
            let artifact = |leaf: &&Leaf<'_>| leaf.image(found).is_some_and(|image| image.artifact);
            let run = leaves.len() - leaves.iter().filter(artifact).count();
            if run > MAX_CHILDREN {
                return (Index::TooManyChildren, checkpoint);
            }
            let children = leaves.iter().map(|leaf| leaf.child(found)).collect();
            (Index::Children(children), checkpoint)
        }
    }
}

fn platform(digest: &Digest, image: &Image, scan: &Scanned, found: &Holdings) -> PlatformFacts {
    let scan = match scan {
        Scanned::NotFound => ImageScan::NotFound,
        Scanned::Found(_, scan) => ImageScan::Found(scan.clone()),
    };
    let config = found.configs.get(digest).cloned().unwrap_or(Config::NotRead);
    let from_elsewhere = image.foreign || image.elsewhere.never.is_some();
    let elsewhere = from_elsewhere.then(|| image.elsewhere.clone().into());
    PlatformFacts { scan, config, elsewhere }
}

fn no_facts(missing: Missing) -> NoFacts {
    match missing {
        Missing::Repository | Missing::Image | Missing::NotImported => NoFacts::NotInRepository,
        Missing::Moved => no_facts(unanswered()),
        Missing::Unavailable(unavailable) => NoFacts::Unavailable(unavailable),
    }
}

fn unanswered() -> Missing {
    Missing::Unavailable(Unavailable { operation: GET, cause: Cause::Internal })
}
