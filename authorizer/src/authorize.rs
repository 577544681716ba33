//! Whose token or key is it? Pure: the token secret and the clock are arguments.

use std::time::{Duration, SystemTime};

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::read::Stage;
use crate::tokens::{Credential, SecretVersion};
use crate::via::Via;

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The cluster whose token it is. Of several clusters with the same token, the first by name.
    pub cluster: String,
    /// Which version of the token secret the token is from.
    pub stage: Stage,
    /// How the credential came.
    pub via: Via,
}

/// Finds the cluster whose token, or the key of whose token, was presented. A token counts as a token only, and
/// a key as a key.
///
/// A token of `previous` counts for `overlap` after `current` was created, and only for a cluster
/// that `current` still names; where it is not known when `current` was created, it does not count.
///
/// The time it takes depends on the number of tokens, and not on which one matches or how nearly: the digest
/// of what was presented is compared with each digest, to the end.
pub fn authorize(
    presented: &Credential,
    current: &SecretVersion,
    previous: Option<&SecretVersion>,
    overlap: Duration,
    now: SystemTime,
) -> Option<Caller> {
    let (via, digest) = (presented.via(), presented.digest());
    let overlapping = in_overlap(current, overlap, now);
    let candidates: Vec<_> = current
        .tokens
        .iter()
        .map(|entry| (entry, Stage::Current, true))
        .chain(previous.into_iter().flat_map(|version| &version.tokens).map(|entry| {
            let usable = overlapping && current.names(&entry.cluster);
            (entry, Stage::Previous, usable)
        }))
        .collect();

    let mut found = Choice::from(0);
    let mut first = 0_u32;
    for (index, (entry, _, usable)) in (0_u32..).zip(&candidates) {
        let equal = entry.digest(via).ct_eq(&digest) & Choice::from(u8::from(*usable));
        first.conditional_assign(&index, equal & !found);
        found |= equal;
    }
    if !bool::from(found) {
        return None;
    }
    let (entry, stage, _) = candidates.get(usize::try_from(first).ok()?)?;
    Some(Caller { cluster: entry.cluster.clone(), stage: *stage, via })
}

/// Whether the tokens of the version before `current` still count at `now`. With an `overlap` of
/// zero they never do.
pub fn in_overlap(current: &SecretVersion, overlap: Duration, now: SystemTime) -> bool {
    // On a clock that is behind that of Secrets Manager, no time of the overlap has passed.
    let elapsed = |created| now.duration_since(created).unwrap_or_default();
    current.created.is_some_and(|created| elapsed(created) < overlap)
}

#[cfg(test)]
mod tests;
