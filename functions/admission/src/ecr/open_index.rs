//! Image indexes: `BatchGetImage`, level by level, and then the scan of every child.

use aws_sdk_ecr::types::{Image, ImageFailureCode};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, ImageScan};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::{Child, Index, MAX_CHILDREN, MAX_DEPTH};
use ecr_admission_policy::names::Digest;
use futures_util::future::join_all;

use super::EcrInspector;
use super::call::call;
use super::image::{Scanned, identifier, scan};
use crate::inspect::{Budget, Missing};
use crate::manifest::{self, Entry, IMAGE_TYPES, INDEX_TYPES, Manifest};

const GET: &str = "ecr:BatchGetImage";

/// What an image without a scan turned out to be.
pub(super) enum Opened {
    /// An image of one platform.
    Image(Digest),
    /// An index, with the scans of its children.
    Index(Digest, Index),
}

/// Reads the manifest and, of an index, the scans of its children.
pub(super) async fn open(
    ecr: &EcrInspector,
    image: &EcrImage,
    budget: &Budget,
) -> Result<Opened, Missing> {
    let ids = std::slice::from_ref(&image.id);
    let (digest, manifest) =
        manifests(ecr, image, ids, budget).await?.pop().ok_or(Missing::Image)?;
    let entries = match manifest {
        Manifest::Image => return Ok(Opened::Image(digest)),
        Manifest::Index(entries) => entries,
    };
    let index = match leaves(ecr, image, entries, budget).await? {
        Leaves::TooDeep => Index::TooDeep,
        Leaves::TooMany => Index::TooManyChildren,
        Leaves::All(entries) => {
            let children = join_all(entries.into_iter().map(|e| child(ecr, image, e, budget)));
            Index::Children(children.await.into_iter().collect::<Result<_, _>>()?)
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
                Some((_, Manifest::Image)) | None => leaves.push(entry),
            }
        }
    }
    Ok(Leaves::All(leaves))
}

/// The scan of one child.
async fn child(
    ecr: &EcrInspector,
    image: &EcrImage,
    entry: Entry,
    budget: &Budget,
) -> Result<Child, Missing> {
    let image = EcrImage { id: ImageId::Digest(entry.digest.clone()), ..image.clone() };
    let scan = match scan(ecr, &image, budget).await {
        Ok(Scanned::Found(_, scan)) => Some(ImageScan::Found(scan)),
        Ok(Scanned::NotFound) => Some(ImageScan::NotFound),
        Err(Missing::Image) => None,
        Err(missing) => return Err(missing),
    };
    Ok(Child { platform: entry.platform, digest: entry.digest, scan })
}

/// The manifests of these images that the repository holds, each with its digest.
async fn manifests(
    ecr: &EcrInspector,
    image: &EcrImage,
    ids: &[ImageId],
    budget: &Budget,
) -> Result<Vec<(Digest, Manifest)>, Missing> {
    let internal = || Missing::unavailable(GET, Cause::Internal);
    let request = ecr
        .client(&image.region, GET)?
        .batch_get_image()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .set_image_ids(Some(ids.iter().map(identifier).collect()))
        // Without the index types ECR would convert an index into one of its children.
        .set_accepted_media_types(Some(
            INDEX_TYPES.into_iter().chain(IMAGE_TYPES).map(str::to_owned).collect(),
        ));
    let output = call(GET, budget, ecr.log, || request.send())
        .await
        .map_err(|failure| failure.missing(GET))?;
    let only_absent = output
        .failures()
        .iter()
        .all(|f| matches!(f.failure_code(), Some(ImageFailureCode::ImageNotFound)));
    if !only_absent {
        return Err(internal());
    }
    let read = |image: &Image| {
        let digest = image.image_id()?.image_digest()?.parse().ok()?;
        Some((digest, manifest::parse(image.image_manifest()?)?))
    };
    output.images().iter().map(|image| read(image).ok_or_else(internal)).collect()
}
