//! Image facts: the scan of an image, and what else its manifest has to say.

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Config, Content, ImageScan, Needs, PlatformFacts, ScanStatus};
use ecr_admission_policy::names::Digest;
use futures_util::future::try_join;

use super::open_index::{Opened, open};
use super::scan::{Scanned, scan};
use super::{EcrInspector, config};
use crate::inspect::{Budget, Missing};

/// The digest of an image, and its facts or those of its platforms.
///
/// Where the config is needed, the image is opened beside the look-up of its scan; else only when there
/// is no scan of an image.
pub(super) async fn content(
    ecr: &EcrInspector,
    image: &EcrImage,
    needs: &Needs,
    budget: &Budget,
) -> Result<(Digest, Content), Missing> {
    // On the heap, since a review holds as many of these as it has images, and few open any.
    let open = || Box::pin(open(ecr, image, needs, budget));
    let scanned = scan(ecr, image, needs, budget);
    let (scanned, opened) = if needs.config {
        let (scanned, opened) = try_join(scanned, async { Ok(open().await) }).await?;
        (scanned, Some(opened))
    } else {
        (scanned.await?, None)
    };
    let (digest, scan) = match scanned {
        Scanned::Found(digest, scan) if scan.status != unsupported() => {
            let config = opened
                .map_or(Config::NotRead, |opened| config::of_scanned(ecr, image, &digest, opened));
            return Ok((digest, one(ImageScan::Found(scan), config)));
        }
        Scanned::Found(digest, scan) => (Some(digest), ImageScan::Found(scan)),
        Scanned::NotFound => (None, ImageScan::NotFound),
    };
    // An image that was not or cannot be scanned may be an index: ECR scans only its children.
    let opened = match opened {
        Some(opened) => opened?,
        None => open().await?,
    };
    match (opened, digest) {
        (Opened::Index(digest, index), _) => Ok((digest, Content::Index(index))),
        (Opened::Image(digest, config), None) => Ok((digest, one(scan, config))),
        (opened @ Opened::Image(..), Some(digest)) => {
            let config = config::of_scanned(ecr, image, &digest, Ok(opened));
            Ok((digest, one(scan, config)))
        }
    }
}

fn one(scan: ImageScan, config: Config) -> Content {
    Content::Image(PlatformFacts { scan, config })
}

fn unsupported() -> ScanStatus {
    ScanStatus::from("UNSUPPORTED_IMAGE")
}
