//! What ECR holds in a measurement.

use std::fmt::Write as _;

use local_cloud::cli::{ACCOUNT, REGION};

/// The repositories with a clean image each.
pub const REPOSITORIES: usize = 640;

/// A repository of many clean images.
const MANY: &str = "bench/many";

/// How many.
const MANY_IMAGES: usize = 20;

/// A repository whose one image is an index of two platforms.
const INDEX: &str = "bench/index";

/// A repository whose one image is an index of a platform and of an index of another.
const NESTED: &str = "bench/nested";

/// A repository whose one image has a CRITICAL finding.
const VULNERABLE: &str = "bench/vulnerable";

const SCANNED: &str = "completedAt: 2026-11-20T08:00:00Z";

/// The catalogue's text.
pub fn yaml() -> String {
    let mut yaml = format!(
        "registries:\n  - account: \"{ACCOUNT}\"\n    region: {REGION}\n    repositories:\n"
    );
    let clean = format!("scan: {{status: COMPLETE, {SCANNED}, findings: []}}");
    for number in 0..REPOSITORIES {
        repository(&mut yaml, &name(number), &clean);
    }
    let tags = |number: usize| format!("{{tags: [\"{number}\"], {clean}}}");
    let images: Vec<String> = (1..=MANY_IMAGES).map(tags).collect();
    images_of(&mut yaml, MANY, &images.join(", "));
    let child = |architecture| format!("{{os: linux, architecture: {architecture}, {clean}}}");
    let platforms = format!("platforms: [{}, {}]", child("amd64"), child("arm64"));
    repository(&mut yaml, INDEX, &platforms);
    let nested = format!("platforms: [{}, {{platforms: [{}]}}]", child("amd64"), child("arm64"));
    repository(&mut yaml, NESTED, &nested);
    let finding = "[{name: CVE-2026-1, severity: CRITICAL}]";
    let found = format!("scan: {{status: COMPLETE, {SCANNED}, findings: {finding}}}");
    repository(&mut yaml, VULNERABLE, &found);
    yaml
}

fn repository(yaml: &mut String, name: &str, content: &str) {
    images_of(yaml, name, &format!("{{tags: [\"1\"], {content}}}"));
}

fn images_of(yaml: &mut String, name: &str, images: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(
        yaml,
        "      - {{name: {name}, imageTagMutability: IMMUTABLE, scanOnPush: true, \
         scanFrequency: SCAN_ON_PUSH, images: [{images}]}}"
    );
}

fn name(number: usize) -> String {
    format!("bench/app-{number:03}")
}

fn image(repository: &str) -> String {
    tagged(repository, 1)
}

fn tagged(repository: &str, tag: usize) -> String {
    format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository}:{tag}")
}

/// The clean image of a repository, below [`REPOSITORIES`].
pub fn clean(number: usize) -> String {
    image(&name(number))
}

/// The clean images of so many repositories, from the `first` on.
pub fn clean_images(first: usize, count: usize) -> Vec<String> {
    (first..first + count).map(clean).collect()
}

/// 20 clean images of one repository.
pub fn many() -> Vec<String> {
    (1..=MANY_IMAGES).map(|tag| tagged(MANY, tag)).collect()
}

/// An index of a clean platform and of an index of another.
pub fn nested() -> String {
    image(NESTED)
}

/// An index of two clean platforms.
pub fn index() -> String {
    image(INDEX)
}

/// An image with a CRITICAL finding.
pub fn vulnerable() -> String {
    image(VULNERABLE)
}

/// An image whose repository does not exist.
pub fn missing() -> String {
    image("bench/missing")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use local_cloud::catalogue::Catalogue;

    #[test]
    fn the_catalogue_is_one() {
        Catalogue::parse(Path::new("bench.yaml"), &super::yaml()).unwrap();
    }
}
