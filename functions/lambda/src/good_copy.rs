//! The good copy of a secret: what was last read of it, and how the last reading ended.
//!
//! It knows neither the secret nor the service, and has no limits: those differ between the two functions
//! (README.md). Every time is handed in and must be of the wall clock: a monotonic clock may stand still
//! while Lambda has the sandbox frozen.

use std::time::{Duration, SystemTime};

/// The good copy `T` of a secret, and the error `E` of the last reading if it failed.
#[derive(Clone, Debug)]
pub struct GoodCopy<T, E> {
    /// The copy, and when the last reading began that found it.
    good: Option<(T, SystemTime)>,
    /// When the last reading began.
    tried: Option<SystemTime>,
    failure: Option<E>,
}

impl<T, E> Default for GoodCopy<T, E> {
    /// Nothing was read so far.
    fn default() -> Self {
        Self { good: None, tried: None, failure: None }
    }
}

impl<T, E> GoodCopy<T, E> {
    /// The good copy, however old it is.
    pub fn at_hand(&self) -> Option<&T> {
        self.good.as_ref().map(|(copy, _)| copy)
    }

    /// How old the good copy is.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        self.good.as_ref().map(|(_, read)| since(Some(*read), now))
    }

    /// Why the last reading failed, if it did.
    pub fn failure(&self) -> Option<&E> {
        self.failure.as_ref()
    }

    /// How long ago the last reading began, good or not.
    pub fn since_tried(&self, now: SystemTime) -> Duration {
        since(self.tried, now)
    }

    /// A good reading, which began at `began`: what changed after that may be missing.
    pub fn renew(&mut self, copy: T, began: SystemTime) {
        *self = Self { good: Some((copy, began)), tried: Some(began), failure: None };
    }

    /// A good reading that found the version of the copy at hand.
    pub fn confirm(&mut self, began: SystemTime) {
        if let Some((copy, _)) = self.good.take() {
            self.renew(copy, began);
        }
    }

    /// A reading that began at `began` failed. The copy stays.
    pub fn fail(&mut self, error: E, began: SystemTime) {
        (self.tried, self.failure) = (Some(began), Some(error));
    }

    /// Drops the copy, and remembers why the last reading failed.
    pub fn drop_copy(&mut self) {
        self.good = None;
    }
}

/// How long ago `then` was. What never was, and what is yet to come (the clock was set back), is longer
/// ago than any limit.
pub fn since(then: Option<SystemTime>, now: SystemTime) -> Duration {
    then.and_then(|then| now.duration_since(then).ok()).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    #[test]
    fn a_failed_reading_keeps_the_copy_and_its_age() {
        let mut copy = GoodCopy::default();
        assert_eq!((copy.at_hand(), copy.age(at(0)), copy.failure()), (None, None, None));
        assert_eq!(copy.since_tried(at(0)), Duration::MAX);
        copy.renew("v1", at(0));
        copy.fail("throttled", at(60));
        assert_eq!((copy.at_hand(), copy.failure()), (Some(&"v1"), Some(&"throttled")));
        assert_eq!(copy.age(at(65)), Some(Duration::from_secs(65)));
        assert_eq!(copy.since_tried(at(65)), Duration::from_secs(5));
    }

    #[test]
    fn a_good_reading_ends_the_failure() {
        let mut copy = GoodCopy::default();
        copy.fail("throttled", at(0));
        copy.confirm(at(1));
        assert_eq!(
            (copy.at_hand(), copy.failure()),
            (None, Some(&"throttled")),
            "nothing to confirm"
        );
        copy.renew("v1", at(2));
        copy.fail("throttled", at(3));
        copy.confirm(at(4));
        assert_eq!((copy.at_hand(), copy.failure()), (Some(&"v1"), None));
        assert_eq!(copy.age(at(5)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_dropped_copy_leaves_the_failure() {
        let mut copy = GoodCopy::default();
        copy.renew("v1", at(0));
        copy.fail("gone", at(1));
        copy.drop_copy();
        assert_eq!((copy.at_hand(), copy.failure()), (None, Some(&"gone")));
        assert_eq!(copy.since_tried(at(3)), Duration::from_secs(2));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_everything_old() {
        let mut copy: GoodCopy<_, ()> = GoodCopy::default();
        copy.renew("v1", at(10));
        assert_eq!(copy.age(at(9)), Some(Duration::MAX));
        assert_eq!(copy.since_tried(at(9)), Duration::MAX);
        assert_eq!(since(Some(at(9)), at(9)), Duration::ZERO);
    }
}
