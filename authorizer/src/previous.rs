//! What is known of AWSPREVIOUS, the version of the secret that was in force before the last rotation.

use std::time::SystemTime;

use crate::read::{Cause, Unreadable};
use crate::revocable::RevocableCopy;
use crate::tokens::SecretVersion;

/// AWSPREVIOUS, as it was read beside one version that has AWSCURRENT.
#[derive(Clone, Debug)]
pub struct Previous {
    /// The id of the version that had AWSCURRENT.
    beside: String,
    copy: RevocableCopy<SecretVersion, Unreadable>,
}

impl Previous {
    /// No token of AWSPREVIOUS counts: the overlap is over.
    pub fn unneeded() -> Self {
        Self { beside: String::new(), copy: RevocableCopy::gone() }
    }

    /// Takes in one reading of AWSPREVIOUS, which began at `began`. `beside` is the id of the version that
    /// had AWSCURRENT just before: what was read beside another version does not serve for this one.
    pub fn learn(
        &mut self,
        beside: &str,
        read: Result<SecretVersion, Unreadable>,
        began: SystemTime,
    ) {
        // Without an id it is not known to be the same version.
        if beside.is_empty() || self.beside != beside {
            *self = Self { beside: beside.to_owned(), copy: RevocableCopy::default() };
        }
        match read {
            Ok(version) => self.copy.renew(version, began),
            // Before the first rotation there is none, and none after an operator removed the label to
            // revoke it. Where it does not hold tokens, the operator has just repaired the secret.
            Err(Unreadable { cause: Cause::NotFound(_) | Cause::NotTokens, .. }) => {
                self.copy = RevocableCopy::gone();
            }
            Err(unreadable) if matches!(unreadable.cause, Cause::NotAuthorized(_)) => {
                self.copy.suspect(unreadable, began);
            }
            Err(unreadable) => self.copy.fail(unreadable, began),
        }
    }

    /// See [`RevocableCopy::settle`].
    pub fn settle(&mut self, now: SystemTime) {
        self.copy.settle(now);
    }

    /// The version whose tokens count; `None` where there is none. An error says that it is not known.
    pub fn version(&self) -> Result<Option<&SecretVersion>, &Unreadable> {
        match (self.copy.at_hand(), self.copy.failure()) {
            (Some(version), _) => Ok(Some(version)),
            (None, Some(unreadable)) if !self.copy.is_gone() => Err(unreadable),
            (None, _) => Ok(None),
        }
    }

    /// Why the last reading failed, if it did and if that leaves a question open.
    pub fn failure(&self) -> Option<&Unreadable> {
        self.copy.failure().filter(|_| !self.copy.is_gone())
    }
}
