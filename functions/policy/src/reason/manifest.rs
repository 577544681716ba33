//! The words for what a manifest says against an image.

use std::fmt;

use super::WORD;
use crate::facts::manifest::{Elsewhere, NotUnderstood};
use crate::text::quote;

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

pub(super) fn checkpoint(f: &mut fmt::Formatter<'_>, annotation: &str) -> fmt::Result {
    write!(
        f,
        "holds a checkpoint of a running container (annotation {}), from which a container runtime would restore a process of another image; build an image from a Dockerfile and use that",
        quote(annotation, WORD)
    )
}

pub(super) fn elsewhere(f: &mut fmt::Formatter<'_>, elsewhere: &Elsewhere) -> fmt::Result {
    write!(f, "has layers that may be fetched from elsewhere than its repository ({elsewhere:?})")
}
