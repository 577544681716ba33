//! Which images to evaluate, and which of them to look up.

use std::cell::LazyCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::image::EcrImage;
use crate::mode::Mode;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::rules::ecr_registry::{self, AllowedImage};

/// What is to be evaluated. Made by [`plan`], used up by [`decide`](crate::decide::decide).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub(crate) images: Vec<PlannedImage>,
    pub(crate) mode: Mode,
}

/// One image of the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedImage {
    pub(crate) path: FieldPath,
    /// The image string as the workload has it.
    pub(crate) image: String,
    /// The image that it names, or why that is not allowed.
    pub(crate) allowed: Result<AllowedImage, Reason>,
}

/// Plans the evaluation of `images`, in the order of their field paths. An image outside the allowed
/// registries is never looked up, nor is one that the policy allows without.
pub fn plan(
    images: impl IntoIterator<Item = (FieldPath, String)>,
    mode: Mode,
    policy: &Policy,
) -> Plan {
    // One copy for all the reasons that name what is allowed: a Pod can hold thousands of images.
    let shared = LazyCell::new(|| Arc::new(policy.allowed()));
    let allowed = |image: &str| ecr_registry::allowed(image, policy, || Arc::clone(&shared));
    let mut images: Vec<PlannedImage> = images
        .into_iter()
        .map(|(path, image)| PlannedImage { allowed: allowed(&image), path, image })
        .collect();
    images.sort_by(|a, b| a.path.cmp(&b.path));
    Plan { images, mode }
}

impl Plan {
    /// The images to look up, each once.
    pub fn lookups(&self) -> BTreeSet<EcrImage> {
        let allowed = self.images.iter().filter_map(|planned| planned.allowed.as_ref().ok());
        allowed.filter(|it| !it.uninspected).map(|it| it.image.clone()).collect()
    }

    /// How many images are evaluated.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there is nothing to evaluate.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }
}

/// The path of an image's field in its object, such as `spec.containers[0].image`. Paths sort by
/// name, and by number within brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath(String);

impl FieldPath {
    /// A path as it is written in a message.
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the image of a volume, `….volumes[0].image.reference`: those of containers end with
    /// `.image`.
    pub fn is_volume(&self) -> bool {
        self.0.ends_with(".image.reference")
    }

    fn parts(&self) -> impl Iterator<Item = (Option<u64>, &str)> {
        self.0.split(['.', '[', ']']).map(|part| (part.parse().ok(), part))
    }
}

impl Ord for FieldPath {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(other.parts()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for FieldPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_sort_by_name_and_then_by_number() {
        let mut paths: Vec<FieldPath> = [
            "spec.volumes[0].image.reference",
            "spec.initContainers[0].image",
            "spec.containers[10].image",
            "spec.containers[2].image",
            "spec.ephemeralContainers[0].image",
        ]
        .map(FieldPath::new)
        .into();
        paths.sort();
        assert_eq!(
            paths.iter().map(FieldPath::as_str).collect::<Vec<_>>(),
            [
                "spec.containers[2].image",
                "spec.containers[10].image",
                "spec.ephemeralContainers[0].image",
                "spec.initContainers[0].image",
                "spec.volumes[0].image.reference",
            ]
        );
    }
}
