//! What a catalogue must not hold.

use std::collections::BTreeSet;

use super::Catalogue;
use super::image::Image;
use super::refusal::{Code, Operation, Refusal};
use super::registry::{Registry, Repository};
use super::word::Word;

/// The first thing that the catalogue holds twice, or that an image cannot have.
pub(crate) fn contradiction(catalogue: &Catalogue) -> Option<String> {
    let Catalogue { recorded_at, account, region, registries } = catalogue;
    let given = [recorded_at.is_some(), account.is_some(), region.is_some()];
    if given.contains(&true) && given.contains(&false) {
        return Some(
            "a recording has the keys recordedAt, account and region; give all three, or none"
                .to_owned(),
        );
    }
    let mut seen = BTreeSet::new();
    for registry in registries {
        let id = (registry.account.as_str(), registry.region.as_str());
        if !seen.insert(id) {
            return Some(format!(
                "registry {} {} appears twice; use one for each account and Region",
                id.0, id.1
            ));
        }
        if let Some(message) = in_registry(registry) {
            return Some(format!("registry {} {}: {message}", id.0, id.1));
        }
    }
    None
}

fn in_registry(registry: &Registry) -> Option<String> {
    let mut names = BTreeSet::new();
    for repository in &registry.repositories {
        let name = &repository.name;
        if !names.insert(name) {
            return Some(format!(r#"repository "{name}" appears twice; use one of each name"#));
        }
        if registry.not_found.contains(name) {
            return Some(format!(
                r#"repository "{name}" is listed, but also notFound; remove it from one of them"#
            ));
        }
        let mut seen = Seen::default();
        let mut images = repository.images.iter();
        let wrong = images.find_map(|image| in_image(image, &mut seen));
        let wrong = wrong.or_else(|| not_found(repository, &seen));
        let wrong = wrong.or_else(|| repository.errors.iter().find_map(refusal));
        if let Some(message) = wrong {
            return Some(format!(r#"repository "{name}": {message}"#));
        }
    }
    None
}

/// What was seen of a repository.
#[derive(Default)]
struct Seen<'a> {
    tags: BTreeSet<&'a str>,
    digests: BTreeSet<&'a str>,
}

fn not_found(repository: &Repository, seen: &Seen<'_>) -> Option<String> {
    let held = |id: &str| seen.tags.contains(id) || seen.digests.contains(id);
    let id = repository.not_found.iter().find(|id| held(id))?;
    Some(format!("{id} is held by an image, but also notFound; remove it from one of them"))
}

fn refusal(refusal: &Refusal) -> Option<String> {
    let operation = refusal.operation;
    let of_repository = matches!(
        operation,
        Operation::DescribeRepositories | Operation::BatchGetRepositoryScanningConfiguration
    );
    if of_repository && refusal.of.is_some() {
        return Some(format!(
            "an error of {operation:?} is about the repository; remove the key of"
        ));
    }
    if !of_repository && refusal.of.is_none() {
        return Some(format!(
            "an error of {operation:?} needs the key of: a tag, or the digest of an image or a layer"
        ));
    }
    match &refusal.code {
        Code::Failure(code) if !operation.has_failures() => Some(format!(
            r#"an error of {operation:?} has the code "{code}", but only a code that ends in Exception, or NotRecorded, can be its answer"#
        )),
        Code::Failure(_) | Code::Exception(_) | Code::NotRecorded => None,
    }
}

fn in_image<'a>(image: &'a Image, seen: &mut Seen<'a>) -> Option<String> {
    if let Some(tag) = image.tags.iter().find(|tag| !seen.tags.insert(tag)) {
        return Some(format!(r#"tag "{tag}" appears twice; use each tag for one image"#));
    }
    if let Some(digest) = image.digest.as_ref().filter(|it| !seen.digests.insert(it.as_str())) {
        return Some(format!(
            "digest {} appears twice; use each digest for one image",
            digest.as_str()
        ));
    }
    if let Some((key, why)) = key_out_of_place(image) {
        return Some(format!("an image (tags {:?}) has the key {key}, but {why}", image.tags));
    }
    image.platforms.iter().flatten().find_map(|platform| in_image(platform, seen))
}

/// A key that would say nothing where it is, and why.
fn key_out_of_place(image: &Image) -> Option<(&'static str, &'static str)> {
    let of_config = [
        ("config", image.config.is_some()),
        ("configBlob", image.config_blob.is_some() && image.manifest.is_none()),
        ("configMediaType", matches!(image.config_media_type, Word::Given(_))),
        ("layers", image.layers.is_some()),
    ];
    let of_manifest = [
        ("platforms", image.platforms.is_some()),
        ("mediaType", matches!(image.media_type, Word::Given(_))),
        ("artifactType", image.artifact_type.is_some()),
        ("manifestAnnotations", !image.manifest_annotations.is_empty()),
    ];
    let first = |keys: &[(&'static str, bool)]| keys.iter().find(|(_, is)| *is).map(|it| it.0);
    if let Some(manifest) = &image.manifest {
        let key = first(&of_manifest).or_else(|| first(&of_config));
        let whole = key.map(|key| (key, "its manifest is given whole: write it there"));
        let is_named = image.config_blob.is_none() || manifest.config_digest().is_some();
        whole.or_else(|| (!is_named).then_some(("configBlob", "its manifest names no config")))
    } else if image.platforms.is_some() {
        let of_image = first(&of_config).map(|key| (key, "an image index has none"));
        let scan = image.scan.as_ref();
        of_image.or(scan.map(|_| {
            ("scan", "ECR scans no index: give the scan to its platforms, or call it indexScan")
        }))
    } else if image.index_scan.is_some() {
        Some(("indexScan", "it is not an image index: call it scan"))
    } else if image.config.is_some() && image.config_blob.is_some() {
        Some(("config", "its configBlob is given whole: write it there"))
    } else {
        None
    }
}
