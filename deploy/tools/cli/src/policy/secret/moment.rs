//! Instants and spans of time in full, for people and for names.

use std::time::Duration;

use ecr_admission_policy::Timestamp;

/// Date and time, also at the start of a day: `2026-12-31T00:00:00Z`.
pub(in crate::policy) fn in_full(instant: Timestamp) -> String {
    let text = instant.to_string();
    if text.len() == "2026-12-31".len() { format!("{text}T00:00:00Z") } else { text }
}

/// The instant so long after another.
pub(in crate::policy) fn after(instant: Timestamp, span: Duration) -> Timestamp {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_seconds(instant.seconds().saturating_add(seconds))
}

/// How long it is from one instant to a later one: `4 hours`, `90 minutes`, `1 second`.
pub(in crate::policy) fn between(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.seconds().saturating_sub(from.seconds());
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    // Whole units; a long span in days, however it ends.
    let fits = |(unit, _): &&(i64, &str)| {
        seconds >= *unit && (seconds % unit == 0 || (*unit == 86_400 && seconds >= 7 * unit))
    };
    let (unit, name) = units.iter().find(fits).copied().unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_its_time_also_at_midnight() {
        for text in ["2026-12-31T00:00:00Z", "2026-12-31T08:00:01Z"] {
            assert_eq!(in_full(text.parse().unwrap()), text);
        }
        let late = after("2026-11-26T23:55:00Z".parse().unwrap(), Duration::from_hours(4));
        assert_eq!(in_full(late), "2026-11-27T03:55:00Z");
        assert_eq!(after(late, Duration::MAX).seconds(), i64::MAX);
    }

    #[test]
    fn a_span_is_said_in_whole_units() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (5_400, "90 minutes"),
            (3_600, "1 hour"),
            (14_400, "4 hours"),
            (172_800, "2 days"),
            (10 * 86_400 + 1, "10 days"),
        ] {
            let start = Timestamp::from_seconds(1_000);
            let end = Timestamp::from_seconds(1_000 + seconds);
            assert_eq!(between(start, end), expected);
        }
    }
}
