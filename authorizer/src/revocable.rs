//! A good copy of a part of the secret that an operator can take away: for how long it serves while the
//! part cannot be read, or seems to be gone.
//!
//! It knows neither the service nor the copy, so that the copies of AWSCURRENT and AWSPREVIOUS keep to the
//! same limits. All times come from the caller's clock, which must be the wall clock ([`GoodCopy`]).

use std::time::{Duration, SystemTime};

use ecr_admission_lambda::GoodCopy;
use ecr_admission_lambda::good_copy::since;

/// While the secret cannot be read because of an outage, a copy serves up to this age.
pub const STALE: Duration = Duration::from_hours(1);

/// Once one reading has said that the secret is gone, a copy serves only while it is younger than this:
/// [`crate::token_copy::FRESH`], after which it is renewed, and one more reading.
pub const DOUBTED: Duration = Duration::from_secs(70);

/// Two readings that say that the secret is gone agree when they are at least this far apart.
pub const APART: Duration = Duration::from_secs(10);

/// A good copy, and what the readings since then said about the secret.
#[derive(Clone, Debug)]
pub struct RevocableCopy<T, E> {
    copy: GoodCopy<T, E>,
    doubt: Doubt,
}

/// What the readings since the last good one said.
#[derive(Clone, Copy, Debug)]
enum Doubt {
    /// Nothing, or that there is an outage.
    None,
    /// One said that the secret is gone; and whether a copy was dropped because of it.
    Once { first: SystemTime, dropped: bool },
    /// The secret is gone.
    Gone,
}

impl<T, E> Default for RevocableCopy<T, E> {
    /// Nothing was read so far.
    fn default() -> Self {
        Self { copy: GoodCopy::default(), doubt: Doubt::None }
    }
}

impl<T, E> RevocableCopy<T, E> {
    /// It is certain that there is nothing to copy.
    pub fn gone() -> Self {
        Self { copy: GoodCopy::default(), doubt: Doubt::Gone }
    }

    /// A good reading, which began at `began`.
    pub fn renew(&mut self, copy: T, began: SystemTime) {
        self.copy.renew(copy, began);
        self.doubt = Doubt::None;
    }

    /// A reading that began at `began` failed because of an outage.
    pub fn fail(&mut self, error: E, began: SystemTime) {
        self.copy.fail(error, began);
    }

    /// A reading that began at `began` says that the secret is gone, which may be wrong once.
    pub fn suspect(&mut self, error: E, began: SystemTime) {
        self.copy.fail(error, began);
        match self.doubt {
            Doubt::None => self.doubt = Doubt::Once { first: began, dropped: false },
            Doubt::Once { first, .. } if since(Some(first), began) >= APART => {
                self.doubt = Doubt::Gone;
                self.copy.drop_copy();
            }
            Doubt::Once { .. } | Doubt::Gone => {}
        }
        self.settle(began);
    }

    /// Drops a copy that no longer serves at `now`. To be called before [`RevocableCopy::at_hand`], so that
    /// a clock that is set back brings no copy back.
    pub fn settle(&mut self, now: SystemTime) {
        let Some(age) = self.age(now) else { return };
        match &mut self.doubt {
            Doubt::Once { dropped, .. } if age >= DOUBTED => {
                *dropped = true;
                self.copy.drop_copy();
            }
            _ if age > STALE => self.copy.drop_copy(),
            _ => {}
        }
    }

    /// The copy that serves.
    pub fn at_hand(&self) -> Option<&T> {
        self.copy.at_hand()
    }

    /// How old the copy is.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        self.copy.age(now)
    }

    /// Why the last reading failed, if it did.
    pub fn failure(&self) -> Option<&E> {
        self.copy.failure()
    }

    /// How long ago the last reading began.
    pub fn since_tried(&self, now: SystemTime) -> Duration {
        self.copy.since_tried(now)
    }

    /// Whether it is certain that there is nothing to copy.
    pub fn is_gone(&self) -> bool {
        matches!(self.doubt, Doubt::Gone)
    }

    /// Whether there is no copy because readings said that the secret is gone.
    pub fn is_dropped(&self) -> bool {
        matches!(self.doubt, Doubt::Gone | Doubt::Once { dropped: true, .. })
    }
}

#[cfg(test)]
mod tests;
