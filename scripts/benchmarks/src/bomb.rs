//! Pods that are made to cost as much as they can, and what ECR holds for them.

use std::fmt::Write as _;

use local_cloud::cli::{ACCOUNT, REGION};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::pods;

/// Images of one Pod. Each is a tag of its own, so that the facts of each are.
const IMAGES: usize = 100;

/// Containers of one Pod: as many as the 3 MiB hold that a kube-apiserver takes.
const CONTAINERS: usize = 28_000;

/// Accounts that are allowed, where none of them is the one of the Pod's images.
const ACCOUNTS: u64 = 200;

/// Entries of one index: 40,000 children over all of them, in manifests of less than 256 KiB.
const ENTRIES: usize = 400;

/// The policy document of the kind that is asked for its configs.
pub const POLICY: &str =
    "apiVersion: ecr-admission/v1\nrules: {image-config: {nonRoot: true, forbiddenPorts: [22]}}\n";

/// One Pod.
#[derive(Clone, Debug)]
pub struct Bomb {
    /// What is the worst of its kind.
    pub name: &'static str,
    /// Its review.
    pub review: Value,
    /// The accounts that are allowed.
    pub accounts: String,
    /// Whether [`POLICY`] is in force.
    pub has_policy: bool,
    /// Whether it is admitted.
    pub admitted: bool,
}

/// All of them.
pub fn bombs() -> Result<Vec<Bomb>, Failure> {
    let review = |images: &[String]| pods::review("u", images).ok_or("no captured Pod");
    let of = |name, repository: &str, admitted| -> Result<Bomb, Failure> {
        let review = review(&images(repository))?;
        Ok(Bomb { name, review, accounts: ACCOUNT.to_owned(), has_policy: false, admitted })
    };
    let foreign: Vec<String> = (0..CONTAINERS)
        .map(|number| format!("999999999999.dkr.ecr.{REGION}.amazonaws.com/a:{number}"))
        .collect();
    let allowed: Vec<String> =
        (0..ACCOUNTS).map(|number| format!("{:012}", 100_000_000_000 + number)).collect();
    Ok(vec![
        of("100 images with manifests of 250 KiB", "bomb/long", true)?,
        of("100 images with manifests of 512 KiB", "bomb/longer", false)?,
        of("100 images with 5,000 findings of 2,000 characters", "bomb/findings", true)?,
        of("40,000 children over 100 indexes", "bomb/children", false)?,
        of("100 indexes of 100 attestations", "bomb/attestations", false)?,
        Bomb { has_policy: true, ..of("100 configs of 1 MB of ports", "bomb/ports", false)? },
        Bomb {
            review: review(&foreign)?,
            accounts: allowed.join(","),
            ..of("28,000 containers of a foreign account, 200 allowed", "bomb/long", false)?
        },
    ])
}

/// An image that costs nothing.
pub fn harmless() -> String {
    image("bomb/harmless", 0)
}

fn image(repository: &str, tag: usize) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}:{tag}")
}

fn images(repository: &str) -> Vec<String> {
    (0..IMAGES).map(|tag| image(repository, tag)).collect()
}

/// What ECR holds.
pub fn yaml() -> String {
    let mut yaml = format!(
        "registries:\n  - account: \"{ACCOUNT}\"\n    region: {REGION}\n    repositories:\n"
    );
    let clean = "scan: {status: COMPLETE, completedAt: 2026-11-20T08:00:00Z, findings: []}";
    let padded =
        |bytes: usize| format!("manifestAnnotations: {{padding: {}}}, {clean}", "a".repeat(bytes));
    let name = "n".repeat(1_000);
    let findings = format!(
        "scan: {{status: COMPLETE, findings: [{{name: CVE-2026-1, severity: LOW, \
         package: {name}, version: {name}, repeat: 5000}}]}}"
    );
    let ports: serde_json::Map<String, Value> =
        (0..60_000).map(|port| (format!("{port}/unusual"), json!({}))).collect();
    let config = json!({"os": "linux", "config": {"User": "1000", "ExposedPorts": ports}});
    for (name, image) in [
        ("bomb/harmless", clean.to_owned()),
        ("bomb/long", padded(250 << 10)),
        ("bomb/longer", padded(512 << 10)),
        ("bomb/findings", findings),
        ("bomb/children", format!("manifest: '{}'", index(ENTRIES, false))),
        ("bomb/attestations", format!("manifest: '{}'", index(IMAGES, true))),
        ("bomb/ports", format!("configBlob: '{config}', {clean}")),
    ] {
        let tags: Vec<String> = (0..IMAGES).map(|tag| format!("\"{tag}\"")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(
            yaml,
            "      - {{name: {name}, imageTagMutability: IMMUTABLE, scanFrequency: SCAN_ON_PUSH, \
             images: [{{tags: [{}], {image}}}]}}",
            tags.join(", ")
        );
    }
    yaml
}

/// The manifest of an index of so many children that the repository does not hold.
fn index(entries: usize, attestations: bool) -> String {
    let word = |usual: &str| if attestations { "unknown".to_owned() } else { usual.to_owned() };
    let entries: Vec<Value> = (0..entries)
        .map(|number| {
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": format!("sha256:{number:064x}"),
                "size": 1,
                "platform": {
                    "os": word("linux"),
                    "architecture": word(&"a".repeat(255)),
                    "variant": "v".repeat(100),
                },
            })
        })
        .collect();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": entries,
    });
    index.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use local_cloud::catalogue::Catalogue;
    use std::path::Path;

    #[test]
    fn the_catalogue_is_one_and_the_pods_are_as_large_as_they_may_be() {
        Catalogue::parse(Path::new("bombs.yaml"), &yaml()).unwrap();
        for manifest in [index(ENTRIES, false), index(IMAGES, true)] {
            assert!(manifest.len() < 256 << 10, "{}", manifest.len());
        }
        for bomb in bombs().unwrap() {
            let length = bomb.review.to_string().len();
            assert!(length < 3 << 20, "{}: {length}", bomb.name);
        }
    }
}
