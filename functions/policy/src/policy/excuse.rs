//! Why something is let through that a rule would deny, by whose word, and until when.

use std::fmt;

use crate::timestamp::Timestamp;
use ecr_admission_text::quote;

/// How many days before its end an excuse warns.
pub const NOTICE_DAYS: u16 = 7;

/// The longest owner or reason in a message, in characters.
const SHOWN: usize = 64;

/// Why, by whom, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excuse {
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The instant from which it does not hold.
    pub expires: Timestamp,
}

impl Excuse {
    /// Whether it still holds.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now < self.expires
    }

    /// Whether it holds, but expires within [`NOTICE_DAYS`] days.
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        self.holds_at(now) && now.plus_days(NOTICE_DAYS) >= self.expires
    }
}

impl fmt::Display for Excuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, owner, expires } = self;
        let (reason, owner) = (quote(reason, SHOWN), quote(owner, SHOWN));
        write!(f, "owner {owner}, until {expires}, reason {reason}")
    }
}
