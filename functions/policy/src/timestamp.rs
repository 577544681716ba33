//! Instants, as plain numbers: this crate reads no clock.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::from_text::from_text;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// An instant, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that lies this many seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// The instant this many days of 24 hours later.
    #[must_use]
    pub fn plus_days(self, days: u16) -> Self {
        Self(self.0.saturating_add(i64::from(days) * DAY))
    }
}

/// A date where it is the start of a day in UTC, else date and time: `2026-12-31`,
/// `2026-12-31T08:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(utc) = OffsetDateTime::from_unix_timestamp(self.0) else {
            return write!(f, "{} s", self.0);
        };
        let (year, month, day) = utc.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))?;
        match utc.to_hms() {
            (0, 0, 0) => Ok(()),
            (hour, minute, second) => write!(f, "T{hour:02}:{minute:02}:{second:02}Z"),
        }
    }
}

from_text!(
    Timestamp,
    "a date such as 2026-12-31 or a time such as 2026-12-31T08:00:00Z",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2}))?$"
);

/// Why a text is not an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a date such as 2026-12-31 (its start in UTC) or a time such as 2026-12-31T08:00:00Z")
    }
}

impl std::error::Error for InvalidTimestamp {}

/// Reads a date, which means its start in UTC, or an RFC 3339 time.
impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let is_date = text.len() == "2026-12-31".len();
        let instant = if is_date { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let instant = OffsetDateTime::parse(&instant, &Rfc3339).or(Err(InvalidTimestamp))?;
        Ok(Self(instant.unix_timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_start_in_utc() {
        for (text, seconds, shown) in [
            ("1970-01-01", 0, "1970-01-01"),
            ("2026-12-31", 1_798_675_200, "2026-12-31"),
            ("2026-12-31T08:00:00Z", 1_798_704_000, "2026-12-31T08:00:00Z"),
            ("2026-12-31T08:00:00+02:00", 1_798_696_800, "2026-12-31T06:00:00Z"),
        ] {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!((instant.seconds(), instant.to_string().as_str()), (seconds, shown));
        }
        for text in [
            "",
            "2026-13-01",
            "2026-02-30",
            "31.12.2026",
            "2026-12-31 ",
            "2026-12-31T08:00:00",
            "tomorrow",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
        }
    }

    #[test]
    fn days_are_24_hours() {
        assert_eq!(Timestamp::from_seconds(5).plus_days(2).seconds(), 172_805);
    }
}
