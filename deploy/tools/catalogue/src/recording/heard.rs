//! What was heard of a repository.

use std::collections::BTreeMap;

use super::answers::{Configuration, Described};
use super::scans::Scans;
use crate::catalogue::refusal::Code;
use crate::catalogue::signing::Signing;

/// What ECR says of something.
#[derive(Clone, Debug)]
pub(super) enum Said<T> {
    /// It holds it.
    Held(T),
    /// It does not.
    NotFound,
    /// It does not say.
    Refused { code: Code, message: Option<String> },
}

impl<T> Said<T> {
    pub(super) fn refused(code: Code) -> Said<T> {
        Said::Refused { code, message: None }
    }

    /// What is said beside what is held, of another thing.
    pub(super) fn without<U>(&self) -> Said<U> {
        match self {
            Said::Held(_) | Said::NotFound => Said::NotFound,
            Said::Refused { code, message } => {
                Said::Refused { code: code.clone(), message: message.clone() }
            }
        }
    }
}

/// A manifest, and what ECR says that it is.
#[derive(Clone, Debug)]
pub(super) struct Manifest {
    pub(super) text: String,
    pub(super) media_type: Option<String>,
}

/// What was heard of a repository.
#[derive(Debug, Default)]
pub(super) struct RepositoryHeard {
    pub(super) described: Option<Said<Described>>,
    pub(super) scanning: Option<Said<Configuration>>,
    /// The digests of images, by the tags and digests that they were asked for by.
    pub(super) images: BTreeMap<String, Said<String>>,
    /// By digest.
    pub(super) manifests: BTreeMap<String, Manifest>,
    pub(super) scans: Scans,
    /// The signing statuses with the digests of their images, by the tags and digests that they were asked for by.
    pub(super) signings: BTreeMap<String, Said<(String, Vec<Signing>)>>,
    /// Config blobs by digest.
    pub(super) blobs: BTreeMap<String, String>,
    /// What ECR says instead of the address of a layer.
    pub(super) layer_errors: BTreeMap<String, Said<()>>,
}
