//! The config of an image. Its manifest names the config blob by digest, `GetDownloadUrlForLayer` has a
//! URL for it, and there it is.

use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{Cause, ConfigFacts, ImageConfig, Unavailable};
use ecr_admission_policy::names::Digest;
use ecr_admission_policy::text::{QUOTED, cut};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::blob;
use super::call::{Failure, call};
use super::inspector::EcrInspector;
use super::manifests;
use crate::events::IMAGE_CONFIG_UNUSABLE;
use crate::inspect::{Budget, Missing};
use crate::manifest::image_config;

const URL: &str = "ecr:GetDownloadUrlForLayer";

/// Reads the config blob of an image, `named` by its manifest.
pub(super) async fn read(
    ecr: &EcrInspector,
    image: &EcrImage,
    named: Option<&Digest>,
    budget: &Budget,
) -> ConfigFacts {
    let read = match named {
        Some(digest) => fetch(ecr, image, digest, budget).await,
        None => Err(unusable(ecr, image, manifests::OPERATION, "the manifest names no config")),
    };
    read.map_or_else(ConfigFacts::Unavailable, ConfigFacts::Read)
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

/// A repository or an image that does not exist has no config either.
fn unavailable(missing: Missing, operation: &'static str) -> Unavailable {
    match missing {
        Missing::Unavailable(unavailable) => unavailable,
        Missing::Repository | Missing::Image | Missing::NotImported | Missing::Moved => {
            Unavailable { operation, cause: Cause::Internal }
        }
    }
}

/// An answer without a config.
fn unusable(
    ecr: &EcrInspector,
    image: &EcrImage,
    operation: &'static str,
    error: &str,
) -> Unavailable {
    let fields = Unusable { image: image.to_string(), operation, error: cut(error, QUOTED) };
    ecr.log.warn(IMAGE_CONFIG_UNUSABLE, "the config of an image cannot be used", &fields);
    Unavailable { operation, cause: Cause::Internal }
}

#[derive(Serialize)]
struct Unusable {
    image: String,
    operation: &'static str,
    error: String,
}
