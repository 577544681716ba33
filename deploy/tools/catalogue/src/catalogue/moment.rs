//! Instants: fixed ones, and ones that lie some time before the catalogue is read.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Deserializer};

/// `2026-11-20T08:00:00Z`, or `3 days ago`, `1h 30m ago`.
pub(super) fn moment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    instant(&text, Timestamp::now()).map(Some).map_err(serde::de::Error::custom)
}

fn instant(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let relative = || {
        let span: Span = text.parse()?;
        Ok(now.to_zoned(TimeZone::UTC).checked_add(span)?.timestamp())
    };
    text.parse().or_else(|_| relative()).map_err(|error: jiff::Error| {
        format!(
            r#"expected a time such as 2026-11-20T08:00:00Z or "3 days ago", got "{text}" ({error})"#
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_fixed_or_follows_from_the_clock() {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z"),
            ("3 days ago", "2026-02-26T08:00:00Z"),
            ("1h 30m ago", "2026-03-01T06:30:00Z"),
            ("5 minutes", "2026-03-01T08:05:00Z"),
        ] {
            assert_eq!(instant(text, now).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "yesterday", "3 days ago or so"] {
            let error = instant(text, now).unwrap_err();
            assert!(error.contains(&format!("got \"{text}\" (")), "{error}");
        }
    }
}
