//! What an image is beyond its scan: its config, or the children of an index, level by level, with the
//! facts of each.

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Config, ImageScan, Needs, PlatformFacts};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::{Child, Index, MAX_CHILDREN, MAX_DEPTH};
use ecr_admission_policy::names::Digest;
use futures_util::future::{join, join_all};

use super::manifests::manifests;
use super::scan::{Scanned, scan};
use super::{EcrInspector, config};
use crate::inspect::{Budget, Missing};
use crate::manifest::old::{Entry, Manifest};

/// What the manifest of an image turned out to be.
pub(super) enum Opened {
    /// An image of one platform, and its config if it is needed.
    Image(Digest, Config),
    /// An index, with the facts of its children.
    Index(Digest, Index),
}

/// Reads the manifest and what it leads to.
pub(super) async fn open(
    ecr: &EcrInspector,
    image: &EcrImage,
    needs: &Needs,
    budget: &Budget,
) -> Result<Opened, Missing> {
    let ids = std::slice::from_ref(&image.id);
    let (digest, manifest) =
        manifests(ecr, image, ids, budget).await?.pop().ok_or(Missing::Image)?;
    let entries = match manifest {
        Manifest::Image(named) => {
            let config = config::read(ecr, image, named.as_ref(), needs, budget).await;
            return Ok(Opened::Image(digest, config));
        }
        Manifest::Index(entries) => entries,
    };
    let index = match leaves(ecr, image, entries, budget).await? {
        Leaves::TooDeep => Index::TooDeep,
        Leaves::TooMany => Index::TooManyChildren,
        Leaves::All(entries) => {
            Index::Children(children(ecr, image, entries, needs, budget).await?)
        }
    };
    Ok(Opened::Index(digest, index))
}

enum Leaves {
    All(Vec<Entry>),
    TooDeep,
    TooMany,
}

/// The children that are no indexes, with those of the indexes among them: all indexes of a level are
/// opened in one call.
async fn leaves(
    ecr: &EcrInspector,
    image: &EcrImage,
    mut level: Vec<Entry>,
    budget: &Budget,
) -> Result<Leaves, Missing> {
    let mut leaves = vec![];
    for depth in 1.. {
        let (indexes, images): (Vec<Entry>, Vec<Entry>) =
            level.into_iter().partition(|e| e.is_index);
        leaves.extend(images);
        if leaves.len() + indexes.len() > MAX_CHILDREN {
            return Ok(Leaves::TooMany);
        }
        if indexes.is_empty() {
            break;
        }
        if depth == MAX_DEPTH {
            return Ok(Leaves::TooDeep);
        }
        let ids: Vec<ImageId> = indexes.iter().map(|e| ImageId::Digest(e.digest.clone())).collect();
        let opened = manifests(ecr, image, &ids, budget).await?;
        level = vec![];
        for entry in indexes {
            match opened.iter().find(|(digest, _)| *digest == entry.digest) {
                Some((_, Manifest::Index(entries))) => level.extend(entries.iter().cloned()),
                // Named as an index and is none, or is gone: judged as the image it may be.
                Some((_, Manifest::Image(_))) | None => leaves.push(entry),
            }
        }
    }
    Ok(Leaves::All(leaves))
}

/// The facts of all children: their scans, one call each, and beside them their configs.
async fn children(
    ecr: &EcrInspector,
    image: &EcrImage,
    entries: Vec<Entry>,
    needs: &Needs,
    budget: &Budget,
) -> Result<Vec<Child>, Missing> {
    let scans = join_all(entries.iter().map(|e| child_scan(ecr, image, &e.digest, needs, budget)));
    let configs = config::of_children(ecr, image, &entries, needs, budget);
    let (scans, configs) = join(scans, configs).await;
    let facts = scans.into_iter().zip(configs);
    let child = |(entry, (scan, config)): (Entry, (Result<Option<ImageScan>, Missing>, Config))| {
        let facts = scan?.map(|scan| PlatformFacts { scan, config });
        Ok(Child { platform: entry.platform, digest: entry.digest, facts })
    };
    entries.into_iter().zip(facts).map(child).collect()
}

/// The scan of one child; `None` where the repository does not hold it.
async fn child_scan(
    ecr: &EcrInspector,
    image: &EcrImage,
    digest: &Digest,
    needs: &Needs,
    budget: &Budget,
) -> Result<Option<ImageScan>, Missing> {
    let child = EcrImage { id: ImageId::Digest(digest.clone()), ..image.clone() };
    match scan(ecr, &child, needs, budget).await {
        Ok(Scanned::Found(_, scan)) => Ok(Some(ImageScan::Found(scan))),
        Ok(Scanned::NotFound) => Ok(Some(ImageScan::NotFound)),
        Err(Missing::Image) => Ok(None),
        Err(missing) => Err(missing),
    }
}
