//! Turns the answers about an image into facts. No call is made here.

use ecr_admission_policy::facts::{
    Cause, ConfigFacts, Content, ImageScan, NoFacts, PlatformFacts, Unavailable,
};
use ecr_admission_policy::index::{Child, Index, MAX_CHILDREN};
use ecr_admission_policy::names::Digest;

use super::look::Root;
use crate::ecr::holdings::Holdings;
use crate::ecr::index::{Leaf, Opened, open};
use crate::ecr::manifests::{self, Read};
use crate::ecr::scan::Scanned;
use crate::inspect::{Found, Missing};
use crate::manifest::{Image, Kind, Manifest};

impl Root {
    /// The facts of an image, from all answers about it.
    pub(super) fn found(&self, found: &Holdings) -> Result<Found, Missing> {
        let scan = found.scans.get(&self.id).ok_or_else(unanswered)?;
        let manifest = self.manifest(found).ok_or_else(unanswered)?;
        let Read { digest, manifest } = match (manifest, scan) {
            (Ok(read), _) => read,
            (Err(missing), Err(other)) => return Err(missing.clone().or(other.clone())),
            // Its digest is known, so it was imported.
            (Err(Missing::NotImported), Ok(_)) if self.through.is_some() => {
                return Err(unanswered());
            }
            (Err(missing), Ok(_)) => return Err(missing.clone()),
        };
        let digest = match (scan, digest) {
            (Ok(Scanned::Found(scanned, _)), Some(read)) if scanned != read => {
                return Err(Missing::Moved);
            }
            (Err(missing @ (Missing::Repository | Missing::Image | Missing::Moved)), _) => {
                return Err(missing.clone());
            }
            (Ok(Scanned::Found(digest, _)), _)
            // An index has no scan: whether it could be asked for says nothing.
            | (Ok(Scanned::NotFound) | Err(_), Some(digest)) => digest,
            (Ok(Scanned::NotFound) | Err(_), None) => return Err(unanswered()),
        };
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
        let signing = self.signing(digest, found);
        Ok(Found { digest: digest.clone(), content, checkpoint, signing })
    }
}

impl Leaf<'_> {
    /// What its manifest says, if it is known to be that of an image.
    pub(super) fn image<'a>(&self, found: &'a Holdings) -> Option<&'a Image> {
        let Some(Ok(Read { manifest: Ok(manifest), .. })) = found.manifests.of(self.digest) else {
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
            .scans
            .of(self.digest)
            .map_or_else(|| Err(unanswered()), |scan| scan.as_ref().map_err(Clone::clone));
        let manifest = found
            .manifests
            .of(self.digest)
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
    let config = found.configs.get(digest).cloned().unwrap_or(ConfigFacts::NotRead);
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
    Missing::Unavailable(Unavailable { operation: manifests::OPERATION, cause: Cause::Internal })
}
