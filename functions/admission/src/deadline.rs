//! When a review must be answered: before kube-apiserver or Lambda gives up.

use std::time::Duration;

/// Time reserved for the answer's way back through Lambda and API Gateway.
const MARGIN: Duration = Duration::from_millis(300);

/// kube-apiserver's default for `timeoutSeconds` (admissionregistration.k8s.io/v1), used when the caller
/// does not say how long it waits.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long look-ups may take from `now_ms` on.
///
/// `arrived_ms` is when API Gateway received the request, so the time that the authorizer and a cold
/// start took counts. All times are milliseconds since the Unix epoch.
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

/// Reads the `timeout` query parameter as kube-apiserver writes it: whole seconds, `1s` to `30s`, which
/// are the limits of `timeoutSeconds`. `None` for anything else.
pub fn parse_timeout(text: &str) -> Option<Duration> {
    let digits = text.strip_suffix('s').filter(|it| it.bytes().all(|b| b.is_ascii_digit()))?;
    let seconds: u64 = digits.parse().ok()?;
    (1..=30).contains(&seconds).then(|| Duration::from_secs(seconds))
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
    fn a_timeout_is_a_whole_number_of_seconds_from_1_to_30() {
        for (text, seconds) in [
            ("1s", Some(1)),
            ("10s", Some(10)),
            ("30s", Some(30)),
            ("0s", None),
            ("31s", None),
            ("", None),
            ("s", None),
            ("10", None),
            ("10s ", None),
            ("+5s", None),
            ("-1s", None),
            ("4.5s", None),
            ("250ms", None),
            ("1m30s", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(parse_timeout(text), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
