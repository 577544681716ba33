//! What a review counts.

use ecr_admission_lambda::{Environment, Level};

use super::*;
use crate::config::Config;

const NOON: u64 = 1_795_176_000_000;

fn metrics(by_cluster: bool) -> Metrics {
    let pairs =
        [("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let config = Config::from_environment(&pairs.into_iter().collect::<Environment>()).unwrap();
    Metrics::new(&config.sdk, "Test".to_owned(), by_cluster, Log::new(Level::Error), NOON)
}

fn caller(via: &str, previous_token: bool) -> Caller {
    Caller { cluster: Some("blue".to_owned()), previous_token, via: Some(via.to_owned()) }
}

/// What an admitted review of this caller counts, but for its latency and its calls.
fn counted(by_cluster: bool, caller: &Caller) -> Vec<(Name, Dimension)> {
    let metrics = metrics(by_cluster);
    let outcome = Outcome::unevaluated(ReviewDecision::Admitted);
    metrics.record(caller, &outcome, Duration::ZERO, NOON);
    let counts = std::mem::take(&mut metrics.out.queue().counts);
    counts
        .into_iter()
        .map(|(key, _)| (key.name, key.dimension))
        .filter(|(name, _)| !matches!(name, Name::ReviewLatency | Name::RegistryCalls))
        .collect()
}

#[test]
fn a_cluster_is_counted_where_that_is_turned_on_and_its_name_is_known() {
    let blue = || Dimension::Cluster("blue".to_owned());
    let by_token = caller("header", false);
    assert_eq!(counted(false, &by_token), [(Name::Admitted, Dimension::None)]);
    assert_eq!(
        counted(true, &by_token),
        [(Name::Admitted, Dimension::None), (Name::Admitted, blue())]
    );
    assert_eq!(counted(true, &Caller::default()), [(Name::Admitted, Dimension::None)]);
}

#[test]
fn what_a_rotation_waits_for_is_always_counted_by_cluster() {
    let blue = || Dimension::Cluster("blue".to_owned());
    for (via, previous, expected) in [
        ("header", false, None),
        ("header", true, Some(Name::PreviousToken)),
        ("url", false, Some(Name::CurrentUrlKey)),
        ("url", true, Some(Name::PreviousToken)),
        ("endpoint", false, None),
    ] {
        let mut all = counted(false, &caller(via, previous));
        assert_eq!(all.remove(0), (Name::Admitted, Dimension::None));
        let expected: Vec<_> = expected.into_iter().map(|name| (name, blue())).collect();
        assert_eq!(all, expected, "{via} {previous}");
    }
}
