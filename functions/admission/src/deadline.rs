//! By when a review must be answered: before kube-apiserver, or Lambda, gives up.

use std::time::Duration;

/// Left for the answer's way back through Lambda and API Gateway.
const MARGIN: Duration = Duration::from_millis(300);

/// kube-apiserver's own default for `timeoutSeconds` (admissionregistration.k8s.io/v1), taken when the
/// caller does not say how long it waits.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long look-ups may take from `now_ms` on.
///
/// `arrived_ms` is when API Gateway received the request, so that what the authorizer and a cold
/// start took is counted. All times are milliseconds since the Unix epoch.
pub fn budget(
    now_ms: u64,
    arrived_ms: u64,
    timeout: Duration,
    lambda_deadline_ms: u64,
) -> Duration {
    // A clock ahead of ours must not give the review more time than the caller has.
    let arrived_ms = arrived_ms.min(now_ms);
    let caller = arrived_ms.saturating_add(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let end = Duration::from_millis(caller.min(lambda_deadline_ms)).saturating_sub(MARGIN);
    end.saturating_sub(Duration::from_millis(now_ms))
}

/// Reads the `timeout` query parameter: a Go duration such as `10s`, `1m30s` or `4.5s`
/// (<https://pkg.go.dev/time#ParseDuration>). `None` for anything else.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (digits, after) = rest.split_at_checked(number)?;
        let unit = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total += digits.parse::<f64>().ok()? * seconds;
        rest = after;
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_sooner_of_caller_and_lambda_counts_less_the_margin() {
        for (now, arrived, timeout, lambda, expected) in [
            (10_000, 10_000, 5, 60_000, 4_700),
            (12_000, 10_000, 5, 60_000, 2_700),
            (10_000, 10_000, 30, 13_000, 2_700),
            (14_800, 10_000, 5, 60_000, 0),
            (99_000, 10_000, 5, 60_000, 0),
            // The gateway's clock is ahead of ours.
            (10_000, 19_000, 5, 60_000, 4_700),
        ] {
            let budget = budget(now, arrived, timeout * SECOND, lambda);
            assert_eq!(budget.as_millis(), expected, "{now} {arrived} {timeout} {lambda}");
        }
    }

    #[test]
    fn a_timeout_is_a_go_duration() {
        for (text, millis) in [
            ("10s", Some(10_000)),
            ("1m30s", Some(90_000)),
            ("4.5s", Some(4_500)),
            ("250ms", Some(250)),
            ("1h", Some(3_600_000)),
            ("1500000us", Some(1_500)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("s", None),
            ("-1s", None),
            ("1.2.3s", None),
            ("1d", None),
            ("10s ", None),
            ("999999999999999999999h", None),
        ] {
            assert_eq!(parse_timeout(text).map(|d| d.as_millis()), millis, "{text}");
        }
    }
}
