//! What is known of AWSPREVIOUS, the version of the secret that was in force before the last rotation.

use std::time::SystemTime;

use crate::kept::Kept;
use crate::read::{Cause, Unreadable};
use crate::tokens::SecretVersion;

/// AWSPREVIOUS, as it was read beside one version that has AWSCURRENT.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The id of the version that had AWSCURRENT.
    beside: String,
    kept: Kept<SecretVersion>,
    /// Why the last reading failed, if it did.
    failure: Option<Unreadable>,
}

impl Previous {
    /// No token of AWSPREVIOUS counts: the overlap is over.
    pub fn unneeded() -> Self {
        Self { beside: String::new(), kept: Kept::gone(), failure: None }
    }

    /// Takes in one reading of AWSPREVIOUS, which began at `now`. `beside` is the id of the version that
    /// had AWSCURRENT just before: what was read beside another version does not serve for this one.
    pub fn learn(
        &mut self,
        beside: &str,
        read: Result<SecretVersion, Unreadable>,
        now: SystemTime,
    ) {
        // Without an id nobody knows whether it is the same version.
        if beside.is_empty() || self.beside != beside {
            *self = Self { beside: beside.to_owned(), kept: Kept::default(), failure: None };
        }
        self.failure = match read {
            Ok(version) => {
                self.kept.keep(version, now);
                None
            }
            // Before the first rotation there is none, nor after an operator removed the label to revoke
            // it. Where it does not hold tokens, the operator has just repaired the secret.
            Err(Unreadable { cause: Cause::NotFound(_) | Cause::NotTokens, .. }) => {
                self.kept.give_up();
                None
            }
            Err(unreadable) => {
                if matches!(unreadable.cause, Cause::NotAuthorized(_)) {
                    self.kept.suspect(now);
                }
                Some(unreadable)
            }
        };
    }

    /// See [`Kept::settle`].
    pub fn settle(&mut self, now: SystemTime) {
        self.kept.settle(now);
    }

    /// The version whose tokens count; `None` where there is none. An error says that nobody knows.
    pub fn version(&self) -> Result<Option<&SecretVersion>, &Unreadable> {
        match (self.kept.value(), &self.failure) {
            (Some(version), _) => Ok(Some(version)),
            (None, Some(unreadable)) if !self.kept.is_gone() => Err(unreadable),
            (None, _) => Ok(None),
        }
    }

    /// Why the last reading failed, if it did and if that leaves a question open.
    pub fn failure(&self) -> Option<&Unreadable> {
        self.failure.as_ref().filter(|_| !self.kept.is_gone())
    }
}
