//! Counts in the form that `PutMetricData` takes.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{self, MetricDatum, StandardUnit, StatisticSet};

use super::counts::{Counts, Dimension, Key, Name, Values};

/// The most pairs of value and count in one datum (API reference, `MetricDatum`).
const PAIRS: usize = 150;

/// The data for all counts. Counts become statistic sets; latencies keep their values, since CloudWatch
/// makes no percentiles of statistic sets.
pub(super) fn data(counts: Counts) -> Vec<MetricDatum> {
    counts
        .into_iter()
        .flat_map(|(key, values)| match key.name {
            Name::ReviewLatency => with_values(&key, &values),
            _ => vec![with_statistics(&key, &values)],
        })
        .collect()
}

fn with_values(key: &Key, values: &Values) -> Vec<MetricDatum> {
    let pairs: Vec<(f64, f64)> = values.iter().map(|(v, n)| (float(*v), float(*n))).collect();
    pairs
        .chunks(PAIRS)
        .map(|pairs| {
            let (values, counts) = pairs.iter().copied().unzip();
            let mut datum = datum(key, StandardUnit::Milliseconds);
            datum.values = Some(values);
            datum.counts = Some(counts);
            datum
        })
        .collect()
}

fn with_statistics(key: &Key, values: &Values) -> MetricDatum {
    let statistics = StatisticSet::builder()
        .sample_count(float(values.values().sum()))
        .sum(float(values.iter().map(|(value, count)| value * count).sum()))
        .minimum(values.first_key_value().map_or(0.0, |(value, _)| float(*value)))
        .maximum(values.last_key_value().map_or(0.0, |(value, _)| float(*value)));
    let mut datum = datum(key, StandardUnit::Count);
    datum.statistic_values = Some(statistics.build());
    datum
}

fn datum(key: &Key, unit: StandardUnit) -> MetricDatum {
    let dimension = match &key.dimension {
        Dimension::None => None,
        Dimension::Cluster(cluster) => Some(("Cluster", cluster.as_str())),
        Dimension::Rule(rule) => Some(("Rule", *rule)),
    };
    let dimension =
        dimension.map(|(name, value)| types::Dimension::builder().name(name).value(value).build());
    MetricDatum::builder()
        .metric_name(name(key.name))
        .set_dimensions(dimension.map(|dimension| vec![dimension]))
        .timestamp(DateTime::from_millis(i64::try_from(key.minute_ms).unwrap_or(i64::MAX)))
        .unit(unit)
        .build()
}

/// The name in CloudWatch.
fn name(name: Name) -> &'static str {
    match name {
        Name::Admitted => "Admitted",
        Name::Denied => "Denied",
        Name::Warned => "Warned",
        Name::Ignored => "Ignored",
        Name::Failed => "Failed",
        Name::Audited => "Audited",
        Name::BreakGlass => "BreakGlass",
        Name::ReviewLatency => "ReviewLatency",
        Name::RegistryCalls => "RegistryCalls",
        Name::Throttled => "Throttled",
        Name::Pinned => "Pinned",
        Name::Rewritten => "Rewritten",
        Name::PreviousToken => "PreviousToken",
        Name::CurrentUrlKey => "CurrentUrlKey",
    }
}

/// CloudWatch counts in floating point.
#[allow(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 1_795_176_000_000;

    #[test]
    fn counts_of_a_minute_become_one_statistic_set() {
        let mut counts = Counts::default();
        for (at, calls) in [(7, 3), (59_999, 0), (60_000, 5)] {
            counts.add(NOON + at, Name::RegistryCalls, Dimension::None, calls);
        }
        let data = data(counts);
        let found: Vec<_> = data
            .iter()
            .map(|datum| {
                let s = datum.statistic_values().unwrap();
                let minute = datum.timestamp().unwrap().to_millis().unwrap() - 1_795_176_000_000;
                (minute, s.sample_count(), s.sum(), s.minimum(), s.maximum())
            })
            .collect();
        let some = Some;
        assert_eq!(
            found,
            [
                (0, some(2.0), some(3.0), some(0.0), some(3.0)),
                (60_000, some(1.0), some(5.0), some(5.0), some(5.0)),
            ]
        );
    }

    #[test]
    fn latencies_keep_their_values_in_data_of_at_most_150() {
        let mut counts = Counts::default();
        for latency in 0..200 {
            counts.add(NOON, Name::ReviewLatency, Dimension::None, latency);
            counts.add(NOON, Name::ReviewLatency, Dimension::None, 7);
        }
        let data = data(counts);
        assert_eq!(data.iter().map(|datum| datum.values().len()).collect::<Vec<_>>(), [150, 50]);
        assert!((data[0].counts()[7] - 201.0).abs() < f64::EPSILON);
        assert!(data.iter().all(|datum| datum.unit() == Some(&StandardUnit::Milliseconds)));
    }

    #[test]
    fn a_dimension_has_its_name() {
        let mut counts = Counts::default();
        counts.add(NOON, Name::Denied, Dimension::Rule("ecr-registry"), 1);
        counts.add(NOON, Name::Denied, Dimension::Cluster("blue".into()), 1);
        let found: Vec<_> =
            data(counts).iter().map(|datum| format!("{:?}", datum.dimensions())).collect();
        assert!(found[0].contains("Cluster") && found[0].contains("blue"), "{found:?}");
        assert!(found[1].contains("Rule") && found[1].contains("ecr-registry"), "{found:?}");
    }
}
