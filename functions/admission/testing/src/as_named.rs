//! Registries in which every repository exists, and is what its name says.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission::inspect::{Budget, Found, InspectImage, Missing, Registry};
use ecr_admission_policy::facts::manifest::{Elsewhere, NotUnderstood};
use ecr_admission_policy::facts::{
    Cause, ConfigFacts, Content, Finding, Findings, ImageConfig, ImageScan, NoFacts, PlatformFacts,
    RepositoryFacts, Scan, Scanning, Severity, SigningFacts,
};
use ecr_admission_policy::image::ImageId;
use ecr_admission_policy::index::{Child, Index, Platform};
use ecr_admission_policy::mutability::{ExclusionFilter, TagMutability};
use ecr_admission_policy::names::RepositoryName;
use ecr_admission_policy::policy::Needs;
use ecr_admission_policy::{EcrImage, Timestamp};

/// Registries as their names say.
#[derive(Debug)]
pub struct AsNamed;

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

    async fn images(
        &self,
        images: &BTreeSet<EcrImage>,
        needs: &Needs,
        budget: &Budget,
    ) -> BTreeMap<EcrImage, Result<Found, Missing>> {
        let found = |image: &EcrImage| {
            budget.count_call();
            (image.clone(), find(image, *needs))
        };
        images.iter().map(found).collect()
    }
}

fn find(image: &EcrImage, needs: Needs) -> Result<Found, Missing> {
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
    if name.contains("moved") {
        return Err(Missing::Moved);
    }
    if name.contains("import") {
        return Err(Missing::NotImported);
    }
    let facts = PlatformFacts {
        elsewhere: name.contains("elsewhere").then(|| elsewhere().into()),
        ..PlatformFacts::new(scan(name), config(name, needs))
    };
    let odd = || NotUnderstood::Ambiguous { field: "digest" };
    let content = if name.contains("index") {
        let platform = Platform { os: "linux".into(), ..Platform::default() };
        let facts =
            if name.contains("odd") { Err(NoFacts::NotUnderstood(odd())) } else { Ok(facts) };
        let artifact = name.contains("artifact");
        let child = Child { platform, digest: digest.clone(), windows: false, artifact, facts };
        Content::Index(Index::Children(vec![child]))
    } else if name.contains("odd") {
        Content::NotUnderstood(odd())
    } else {
        Content::Image(facts)
    };
    let checkpoint = name.contains("checkpoint").then(|| "org.criu.\u{1b}[2J".to_owned());
    Ok(Found { digest, content, checkpoint, signing: signing(needs) })
}

/// Nothing is signed.
fn signing(needs: Needs) -> SigningFacts {
    if needs.signing { SigningFacts::Read(vec![]) } else { SigningFacts::NotRead }
}

fn elsewhere() -> Elsewhere {
    Elsewhere { hosts: BTreeSet::new(), never: Some("http://\u{1b}[2J".to_owned()) }
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
    let findings: Vec<Finding> = found.map(finding).collect();
    let counts = findings.iter().map(|finding| (finding.severity.clone(), 1)).collect();
    let completed_at =
        (!name.contains("unresulted")).then_some(Timestamp::from_seconds(1_795_176_000));
    let (source_updated_at, any_open) = (None, !findings.is_empty());
    let findings = Findings::All(findings);
    ImageScan::Found(Scan { status, completed_at, source_updated_at, any_open, counts, findings })
}

fn finding(word: &str) -> Finding {
    Finding {
        vulnerability: Some(format!("CVE-2026-{word}")),
        severity: Severity::from(word),
        package: Some("\u{1b}[31mopenssl".to_owned()),
        fixed_in: None,
        fix: "NO".into(),
        first_observed_at: None,
    }
}

fn config(name: &str, needs: Needs) -> ConfigFacts {
    if !needs.config {
        return ConfigFacts::NotRead;
    }
    let user = if name.contains("root") { "\u{9b}root" } else { "1000" }.to_owned();
    ConfigFacts::Read(ImageConfig {
        user,
        exposed_ports: vec!["22/tcp".to_owned(), "\u{7f}".to_owned()],
        os: "linux".to_owned(),
    })
}
