//! A value that was read from a service, and for how long it serves while it cannot be read again.
//!
//! Knows neither the service nor the value, so that every copy of a secret can keep to the same limits.
//! All times come from the caller's clock, which must be the wall clock: a monotonic one may stand
//! still while Lambda has the sandbox frozen.

use std::time::{Duration, SystemTime};

/// While a value cannot be read because of an outage, it serves up to this age.
pub const STALE: Duration = Duration::from_hours(1);

/// Once one reading has said that the value is gone, it serves only while it is younger than this:
/// [`crate::copy::FRESH`], after which it is read again, and one more reading.
pub const DOUBTED: Duration = Duration::from_secs(70);

/// Two readings that say that the value is gone agree when they are at least this far apart.
pub const APART: Duration = Duration::from_secs(10);

/// A value, when it was read, and what the readings since then said about it.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    value: Option<(T, SystemTime)>,
    doubt: Doubt,
}

/// What the readings since the last good one said.
#[derive(Clone, Copy, Debug)]
enum Doubt {
    /// Nothing, or that there is an outage.
    None,
    /// One said that the value is gone; and whether a value was dropped because of it.
    Once { first: SystemTime, dropped: bool },
    /// The value is gone.
    Gone,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { value: None, doubt: Doubt::None }
    }
}

impl<T> Kept<T> {
    /// Nothing was read, and nothing needs to be.
    pub fn gone() -> Self {
        Self { value: None, doubt: Doubt::Gone }
    }

    /// A good reading, which began at `read`: what was changed after that may be missing.
    pub fn keep(&mut self, value: T, read: SystemTime) {
        *self = Self { value: Some((value, read)), doubt: Doubt::None };
    }

    /// A reading that leaves no doubt: there is no value.
    pub fn give_up(&mut self) {
        *self = Self::gone();
    }

    /// A reading that says that the value is gone, and that may be wrong once.
    pub fn suspect(&mut self, now: SystemTime) {
        match self.doubt {
            Doubt::None => self.doubt = Doubt::Once { first: now, dropped: false },
            Doubt::Once { first, .. } if since(Some(first), now) >= APART => self.give_up(),
            Doubt::Once { .. } | Doubt::Gone => {}
        }
        self.settle(now);
    }

    /// Drops a value that no longer serves at `now`. To be called before [`Kept::value`], so that a
    /// clock that is set back brings no value back.
    pub fn settle(&mut self, now: SystemTime) {
        let Some(age) = self.age(now) else { return };
        match &mut self.doubt {
            Doubt::Once { dropped, .. } if age >= DOUBTED => {
                *dropped = true;
                self.value = None;
            }
            _ if age > STALE => self.value = None,
            _ => {}
        }
    }

    /// The value that serves.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref().map(|(value, _)| value)
    }

    /// How old the value is.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        self.value.as_ref().map(|(_, read)| since(Some(*read), now))
    }

    /// Whether it is certain that there is no value.
    pub fn is_gone(&self) -> bool {
        matches!(self.doubt, Doubt::Gone)
    }

    /// Whether there is no value because readings said that it is gone.
    pub fn is_dropped(&self) -> bool {
        matches!(self.doubt, Doubt::Gone | Doubt::Once { dropped: true, .. })
    }
}

/// How long ago `then` was. What never was, and what is yet to be (the clock was set back), is
/// longer ago than any limit.
pub fn since(then: Option<SystemTime>, now: SystemTime) -> Duration {
    then.and_then(|then| now.duration_since(then).ok()).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    fn read_at_0() -> Kept<&'static str> {
        let mut kept = Kept::default();
        kept.keep("value", at(0));
        kept
    }

    /// Whether the value serves when the clock shows `seconds`.
    fn serves(kept: &mut Kept<&'static str>, seconds: u64) -> bool {
        kept.settle(at(seconds));
        kept.value().is_some()
    }

    #[test]
    fn without_doubt_a_value_serves_for_an_hour() {
        let mut kept = read_at_0();
        assert!(serves(&mut kept, 3600));
        assert!(!serves(&mut kept, 3601));
        assert!(!kept.is_gone() && !kept.is_dropped());
    }

    #[test]
    fn a_value_in_doubt_serves_while_it_is_younger_than_70_seconds() {
        let mut kept = read_at_0();
        kept.suspect(at(15));
        assert!(serves(&mut kept, 69) && !kept.is_dropped());
        assert!(!serves(&mut kept, 70));
        assert!(kept.is_dropped() && !kept.is_gone());
    }

    #[test]
    fn an_older_value_is_dropped_by_the_first_doubt() {
        let mut kept = read_at_0();
        kept.suspect(at(70));
        assert!(kept.value().is_none() && kept.is_dropped() && !kept.is_gone());
    }

    #[test]
    fn two_readings_agree_when_they_are_10_seconds_apart() {
        let mut kept = read_at_0();
        kept.suspect(at(15));
        kept.suspect(at(24));
        assert!(kept.value().is_some() && !kept.is_gone());
        kept.suspect(at(25));
        assert!(kept.value().is_none() && kept.is_gone() && kept.is_dropped());
    }

    #[test]
    fn a_good_reading_ends_all_doubt() {
        let mut kept = read_at_0();
        kept.suspect(at(15));
        kept.keep("again", at(20));
        kept.suspect(at(30));
        assert_eq!(kept.value(), Some(&"again"));
        kept.suspect(at(40));
        assert!(kept.is_gone());
        kept.keep("restored", at(50));
        assert!(serves(&mut kept, 3650) && !kept.is_gone() && !kept.is_dropped());
    }

    #[test]
    fn without_a_value_there_is_none_to_drop() {
        let mut kept: Kept<&str> = Kept::default();
        kept.suspect(at(0));
        assert!(!kept.is_dropped() && !kept.is_gone());
        kept.suspect(at(10));
        assert!(kept.is_gone());
    }

    #[test]
    fn a_clock_that_is_set_back_brings_no_value_back() {
        let mut kept = read_at_0();
        assert!(!serves(&mut kept, 3601) && !serves(&mut kept, 10));
        let mut kept = read_at_0();
        kept.suspect(at(60));
        assert!(!serves(&mut kept, 70) && !serves(&mut kept, 10));
        let mut kept = read_at_0();
        kept.settle(at(0) - Duration::from_secs(1));
        assert!(kept.value().is_none(), "read in the future");
    }
}
