//! The config of an image. Its manifest names the config blob by digest, `GetDownloadUrlForLayer` has a
//! URL for it, and there it is.

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, Config, ImageConfig, Needs, Unavailable};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::text::{QUOTED, cut};
use futures_util::future::join_all;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::call::{Failure, call};
use super::manifests::{GET as MANIFEST, manifests};
use super::open_index::Opened;
use super::{EcrInspector, blob};
use crate::inspect::{Budget, Missing};
use crate::manifest::image_config;
use crate::manifest::old::{Entry, Manifest};

const URL: &str = "ecr:GetDownloadUrlForLayer";

/// Reads the config that a manifest names, if it is needed.
pub(super) async fn read(
    ecr: &EcrInspector,
    image: &EcrImage,
    named: Option<&Digest>,
    needs: &Needs,
    budget: &Budget,
) -> Config {
    if !needs.config {
        return Config::NotRead;
    }
    let read = match named {
        Some(digest) => fetch(ecr, image, digest, budget).await,
        None => Err(unusable(ecr, image, MANIFEST, "the manifest names no config, or not clearly")),
    };
    read.map_or_else(Config::Unavailable, Config::Read)
}

/// The configs of the children of an index, in their order, if they are needed.
pub(super) async fn of_children(
    ecr: &EcrInspector,
    image: &EcrImage,
    children: &[Entry],
    needs: &Needs,
    budget: &Budget,
) -> Vec<Config> {
    if !needs.config || children.is_empty() {
        return vec![Config::NotRead; children.len()];
    }
    let ids: Vec<ImageId> = children.iter().map(|c| ImageId::Digest(c.digest.clone())).collect();
    let found = match manifests(ecr, image, &ids, budget).await {
        Ok(found) => found,
        Err(missing) => {
            let unavailable = Config::Unavailable(unavailable(missing, MANIFEST));
            return vec![unavailable; children.len()];
        }
    };
    let config = async |child: &Entry| {
        match found.iter().find(|(digest, _)| *digest == child.digest) {
            Some((_, Manifest::Image(named))) => {
                read(ecr, image, named.as_ref(), needs, budget).await
            }
            // It is gone, or not what the index says: the look-up of its scan tells so.
            Some((_, Manifest::Index(_))) | None => {
                Config::Unavailable(Unavailable { operation: MANIFEST, cause: Cause::Internal })
            }
        }
    };
    join_all(children.iter().map(config)).await
}

/// The config of an image whose scan was looked up on its own.
pub(super) fn of_scanned(
    ecr: &EcrInspector,
    image: &EcrImage,
    scanned: &Digest,
    opened: Result<Opened, Missing>,
) -> Config {
    let error = match opened {
        Ok(Opened::Image(_, Config::NotRead)) => return Config::NotRead,
        Ok(Opened::Image(digest, config)) if digest == *scanned => return config,
        Err(missing) => return Config::Unavailable(unavailable(missing, MANIFEST)),
        Ok(Opened::Image(..)) => "the tag moved between two look-ups",
        Ok(Opened::Index(..)) => "what has a scan is an index",
    };
    Config::Unavailable(unusable(ecr, image, MANIFEST, error))
}

async fn fetch(
    ecr: &EcrInspector,
    image: &EcrImage,
    digest: &Digest,
    budget: &Budget,
) -> Result<ImageConfig, Unavailable> {
    let client = ecr.client(&image.region, URL).map_err(|missing| unavailable(missing, URL))?;
    let request = client
        .get_download_url_for_layer()
        .registry_id(image.account.as_str())
        .repository_name(image.repository.as_str())
        .layer_digest(digest.as_str());
    let answer = call(URL, budget, ecr.log, || request.send()).await;
    let answer = answer.map_err(failed(URL))?;
    let url = answer.download_url().unwrap_or_default();
    let Some(get) = blob::Get::new(client, url) else {
        return Err(unusable(ecr, image, URL, "the answer has no https URL"));
    };
    let json = call(blob::OPERATION, budget, ecr.log, || get.send()).await;
    let json = json.map_err(failed(blob::OPERATION))?;
    if format!("sha256:{:x}", Sha256::digest(&json)) != digest.as_str() {
        return Err(unusable(ecr, image, blob::OPERATION, "the blob has another digest"));
    }
    image_config::parse(&json)
        .map_err(|error| unusable(ecr, image, blob::OPERATION, &error.to_string()))
}

fn failed(operation: &'static str) -> impl Fn(Failure) -> Unavailable {
    move |failure| unavailable(failure.missing(operation), operation)
}

/// That there is no such repository or image is no more a config than a failed call is.
fn unavailable(missing: Missing, operation: &'static str) -> Unavailable {
    match missing {
        Missing::Unavailable(unavailable) => unavailable,
        Missing::Repository | Missing::Image => Unavailable { operation, cause: Cause::Internal },
    }
}

/// An answer came, and there is no config in it.
fn unusable(
    ecr: &EcrInspector,
    image: &EcrImage,
    operation: &'static str,
    error: &str,
) -> Unavailable {
    let fields = Unusable { image: image.to_string(), operation, error: cut(error, QUOTED) };
    ecr.log.warn("the config of an image cannot be used", &fields);
    Unavailable { operation, cause: Cause::Internal }
}

#[derive(Serialize)]
struct Unusable {
    image: String,
    operation: &'static str,
    error: String,
}
