//! What an image index holds, as far as the manifests in it are known. No call is made here.

use std::collections::{BTreeMap, BTreeSet};

use ecr_admission_policy::index::{MAX_DEPTH, MAX_DESCRIPTORS, Platform};
use ecr_admission_policy::names::Digest;

use super::holdings::Holdings;
use super::manifests::Read;
use crate::inspect::Missing;
use crate::manifest::{Entry, Kind, Manifest};

/// An index and those in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened<'a> {
    /// It is nested more than [`MAX_DEPTH`] deep.
    TooDeep,
    /// They hold more than [`MAX_DESCRIPTORS`] descriptors.
    TooManyDescriptors,
    /// What they hold that a runtime could choose.
    Children {
        /// All but the indexes among them, in the order in which they are named, each once.
        leaves: Vec<Leaf<'a>>,
        /// The first annotation in them that makes a runtime restore a checkpoint.
        checkpoint: Option<&'a str>,
    },
}

/// A child that is not an index, or that is not known yet to be one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf<'a> {
    pub(super) digest: &'a Digest,
    /// That of the first descriptor by which a runtime could choose it.
    pub(super) platform: &'a Platform,
    /// Whether all those descriptors call it `windows`.
    pub(super) windows: bool,
    /// Whether a descriptor calls it an index.
    pub(super) says_index: bool,
}

/// Opens an index with these entries, and the indexes in it that are known.
///
/// A digest that every descriptor gives a platform which no runtime has is left out: nothing of it is
/// looked up. One other descriptor is enough to keep it.
pub(super) fn open<'a>(
    root: &'a Manifest,
    entries: &'a [Entry],
    found: &'a Holdings,
) -> Opened<'a> {
    let mut named = Named::default();
    let mut checkpoint = root.checkpoint.as_deref();
    let (mut level, mut descriptors) = (vec![entries], 0);
    for depth in 1.. {
        let mut indexes: BTreeSet<&Digest> = BTreeSet::new();
        let mut inner: Vec<&[Entry]> = vec![];
        for entry in level.into_iter().flatten() {
            descriptors += 1;
            if descriptors > MAX_DESCRIPTORS {
                return Opened::TooManyDescriptors;
            }
            if entry.never_chosen {
                continue;
            }
            named.add(entry);
            let Some(Ok(Read { manifest: Ok(manifest), .. })) = found.manifests.of(&entry.digest)
            else {
                continue;
            };
            checkpoint = checkpoint.or(manifest.checkpoint.as_deref());
            if let Kind::Index(entries) = &manifest.kind
                && indexes.insert(&entry.digest)
            {
                inner.push(entries);
            }
        }
        if inner.is_empty() {
            break;
        }
        if depth == MAX_DEPTH {
            return Opened::TooDeep;
        }
        level = inner;
    }
    let leaves = named.leaves.into_iter().filter(|leaf| !is_index(found.manifests.of(leaf.digest)));
    Opened::Children { leaves: leaves.collect(), checkpoint }
}

fn is_index(found: Option<&Result<Read, Missing>>) -> bool {
    let Some(Ok(Read { manifest: Ok(manifest), .. })) = found else { return false };
    matches!(manifest.kind, Kind::Index(_))
}

/// Children by digest, in the order in which they are named.
#[derive(Default)]
struct Named<'a> {
    leaves: Vec<Leaf<'a>>,
    positions: BTreeMap<&'a Digest, usize>,
}

impl<'a> Named<'a> {
    fn add(&mut self, entry: &'a Entry) {
        let Entry { digest, platform, says_index, .. } = entry;
        let windows = platform.os == "windows";
        let known = self.positions.get(digest).and_then(|position| self.leaves.get_mut(*position));
        if let Some(leaf) = known {
            leaf.windows &= windows;
            leaf.says_index |= says_index;
        } else {
            self.positions.insert(digest, self.leaves.len());
            self.leaves.push(Leaf { digest, platform, windows, says_index: *says_index });
        }
    }
}
