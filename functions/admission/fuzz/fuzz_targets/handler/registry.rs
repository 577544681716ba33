//! Registries in which every repository exists, and is what its name says. Also used by
//! tests/hostile.rs.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission::inspect::{Budget, InspectImage, Missing, Registry};
use ecr_admission_policy::EcrImage;
use ecr_admission_policy::facts::{
    Cause, Content, ImageScan, RepositoryFacts, Scan, Scanning, Severity,
};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::{Child, Index, Platform};
use ecr_admission_policy::mutability::{ExclusionFilter, TagMutability};
use ecr_admission_policy::names::{Digest, RepositoryName};

/// Registries as their names say.
#[derive(Debug)]
pub(crate) struct AsNamed;

impl InspectImage for AsNamed {
    async fn repositories(
        &self,
        registry: &Registry,
        names: &BTreeSet<RepositoryName>,
        budget: &Budget,
    ) -> BTreeMap<RepositoryName, Result<RepositoryFacts, Missing>> {
        budget.count_call();
        names.iter().map(|name| (name.clone(), repository(registry, name.as_str()))).collect()
    }

    async fn image(&self, image: &EcrImage, budget: &Budget) -> Result<(Digest, Content), Missing> {
        budget.count_call();
        let digest = match &image.id {
            ImageId::Digest(digest) => digest.clone(),
            ImageId::Tag(tag) => format!("sha256:{:064x}", tag.as_str().len()).parse().unwrap(),
        };
        let name = image.repository.as_str();
        if name.contains("absent") {
            return Err(Missing::Image);
        }
        if name.contains("throttled") {
            return Err(Missing::unavailable("ecr:DescribeImageScanFindings", Cause::Throttled));
        }
        let scan = scan(name);
        let content = if name.contains("index") {
            let platform = Platform { os: "linux".into(), ..Platform::default() };
            let child = Child { platform, digest: digest.clone(), scan: Some(scan) };
            Content::Index(Index::Children(vec![child]))
        } else {
            Content::Image(scan)
        };
        Ok((digest, content))
    }
}

fn repository(registry: &Registry, name: &str) -> Result<RepositoryFacts, Missing> {
    if name.contains("nowhere") {
        return Err(Missing::Repository);
    }
    let filter = ExclusionFilter::new("WILDCARD", "dev-*");
    let mutability = match name {
        name if name.contains("mutable") => TagMutability::new("MUTABLE", vec![]),
        name if name.contains("except") => {
            TagMutability::new("IMMUTABLE_WITH_EXCLUSION", vec![filter])
        }
        name if name.contains("new-word") => TagMutability::new("\u{1b}[2J", vec![]),
        _ => TagMutability::new("IMMUTABLE", vec![]),
    };
    let scanning = if registry.own {
        Scanning::Effective(if name.contains("manual") { "MANUAL" } else { "SCAN_ON_PUSH" }.into())
    } else {
        Scanning::RepositoryFlag(!name.contains("manual"))
    };
    Ok(RepositoryFacts { mutability, scanning })
}

fn scan(name: &str) -> ImageScan {
    if name.contains("never") {
        return ImageScan::NotFound;
    }
    let status = if name.contains("pending") { "PENDING" } else { "COMPLETE" }.into();
    let words = ["CRITICAL", "HIGH", "UNDEFINED", "\u{9b}31m"];
    let found = words.into_iter().filter(|word| name.contains(&word.to_lowercase()));
    let findings = found.map(|word| (Severity::from(word), 1)).collect();
    ImageScan::Found(Scan { status, completed: true, findings })
}
