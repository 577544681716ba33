//! What is known of AWSPREVIOUS, the version of the secret that was in force before the last rotation.

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::good_copy::since;

use crate::read::{Cause, Unreadable};
use crate::revocable::{APART, RevocableCopy};
use crate::tokens::SecretVersion;

/// AWSPREVIOUS, as it was read beside one version that has AWSCURRENT. At first it was not read.
#[derive(Clone, Debug, Default)]
pub struct Previous {
    /// The id of the version that had AWSCURRENT.
    beside: String,
    copy: RevocableCopy<SecretVersion, Unreadable>,
    /// When the last reading began.
    tried: Option<SystemTime>,
}

impl Previous {
    /// Takes in that the version `beside` has AWSCURRENT: what was read beside another version does not serve for
    /// this one.
    pub fn keep_beside(&mut self, beside: &str) {
        // Without an id it is not known to be the same version.
        if beside.is_empty() || self.beside != beside {
            *self = Self { beside: beside.to_owned(), ..Self::default() };
        }
    }

    /// Whether it has to be read before it is known what counts: there is no copy younger than `fresh`, and no
    /// reading a moment ago.
    pub fn is_due(&self, now: SystemTime, fresh: Duration) -> bool {
        since(self.tried, now) >= APART && self.copy.age(now).is_none_or(|age| age >= fresh)
    }

    /// Takes in one reading of AWSPREVIOUS, which began at `began`.
    pub fn learn(&mut self, read: Result<SecretVersion, Unreadable>, began: SystemTime) {
        self.tried = Some(began);
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
