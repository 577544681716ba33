//! What waits to be sent, and when the next put is due. Pure: the clock is an argument.

use std::time::Duration;

use aws_sdk_cloudwatch::types::MetricDatum;

use super::counts::Counts;
use super::datum;

/// How long counts wait at most, once another review comes.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// The least time between two puts, whatever there is to report.
pub(super) const APART: Duration = Duration::from_secs(1);

/// The most data of one `PutMetricData` (API reference).
pub(super) const DATA: usize = 1_000;

/// The most data that wait after a put that failed: a long outage of CloudWatch must not fill the sandbox.
const MOST: usize = 10 * DATA;

/// Counts and data on their way to CloudWatch.
#[derive(Debug)]
pub(super) struct Queue {
    /// What was counted since the last put.
    pub(super) counts: Counts,
    /// Whether something among it should be known soon.
    pub(super) urgent: bool,
    /// What one put could not take, or did not deliver.
    waiting: Vec<Waiting>,
    /// When the sandbox started, and when the last put did.
    started_ms: u64,
    last_put_ms: Option<u64>,
    /// How many data are on their way.
    in_flight: usize,
    last_failed: bool,
}

#[derive(Debug, Clone)]
struct Waiting {
    datum: MetricDatum,
    /// Whether CloudWatch did not take it before.
    failed: bool,
}

/// What one put sends. It goes back into the queue with its result.
#[derive(Debug)]
pub(super) struct Batch(Vec<Waiting>);

impl Batch {
    /// The data as CloudWatch takes them.
    pub(super) fn data(&self) -> Vec<MetricDatum> {
        self.0.iter().map(|waiting| waiting.datum.clone()).collect()
    }
}

impl Queue {
    /// Nothing was counted so far, and there is no hurry. All times are milliseconds since the Unix epoch.
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            counts: Counts::default(),
            urgent: false,
            waiting: Vec::new(),
            started_ms: now_ms,
            last_put_ms: None,
            in_flight: 0,
            last_failed: false,
        }
    }

    /// What the next put sends; `None` while there is nothing to send, or it is too soon.
    pub(super) fn due(&mut self, now_ms: u64) -> Option<Batch> {
        // A CloudWatch that just failed is not asked every second, not even about a denial.
        let soon = (self.urgent || !self.waiting.is_empty()) && !self.last_failed;
        let waited = match self.last_put_ms {
            None => soon || passed(self.started_ms, now_ms, INTERVAL),
            Some(last) => passed(last, now_ms, if soon { APART } else { INTERVAL }),
        };
        if waited && self.in_flight == 0 { self.next(now_ms) } else { None }
    }

    /// What a put at this moment sends; `None` for nothing.
    pub(super) fn next(&mut self, now_ms: u64) -> Option<Batch> {
        self.gather();
        self.urgent = false;
        if self.waiting.is_empty() {
            return None;
        }
        let late = self.waiting.split_off(self.waiting.len().min(DATA));
        let batch = std::mem::replace(&mut self.waiting, late);
        self.last_put_ms = Some(now_ms);
        self.in_flight = batch.len();
        Some(Batch(batch))
    }

    /// CloudWatch took the batch.
    pub(super) fn delivered(&mut self) {
        self.in_flight = 0;
        self.last_failed = false;
    }

    /// CloudWatch did not take the batch. What failed for the first time goes along with the next put. Of more than
    /// [`MOST`], the oldest are dropped. The result is how many data are dropped.
    pub(super) fn failed(&mut self, Batch(batch): Batch) -> usize {
        self.in_flight = 0;
        self.last_failed = true;
        let sent = batch.len();
        let again = batch.into_iter().filter(|waiting| !waiting.failed);
        let again: Vec<_> = again.map(|waiting| Waiting { failed: true, ..waiting }).collect();
        let dropped = sent - again.len();
        self.waiting.splice(0..0, again);
        let surplus = self.waiting.len().saturating_sub(MOST);
        self.waiting.drain(..surplus);
        dropped + surplus
    }

    /// How many data are left, those included that are on their way.
    pub(super) fn left(&mut self) -> usize {
        self.gather();
        self.in_flight + self.waiting.len()
    }

    /// Makes data of the counts.
    fn gather(&mut self) {
        let new = datum::data(std::mem::take(&mut self.counts));
        self.waiting.extend(new.into_iter().map(|datum| Waiting { datum, failed: false }));
    }
}

/// Whether so much time has passed; also where the clock was set back, since nothing is known of it then.
fn passed(since_ms: u64, now_ms: u64, time: Duration) -> bool {
    now_ms.checked_sub(since_ms).is_none_or(|passed| Duration::from_millis(passed) >= time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::counts::{Dimension, Name};

    const NOON: u64 = 1_795_176_000_000;

    fn count(queue: &mut Queue, now_ms: u64, urgent: bool) {
        queue.counts.add(now_ms, Name::Denied, Dimension::None, 1);
        queue.urgent |= urgent;
    }

    /// How many reviews a batch counts.
    fn reviews(batch: &Batch) -> f64 {
        let sums = batch.data().into_iter().map(|datum| datum.statistic_values.unwrap().sum);
        sums.map(Option::unwrap).sum()
    }

    #[test]
    fn a_denial_is_sent_at_once_where_the_last_put_was_a_second_ago() {
        let mut queue = Queue::new(NOON);
        for (at, due) in [(0, true), (999, false), (1_000, true), (1_999, false), (2_000, true)] {
            count(&mut queue, NOON + at, true);
            let batch = queue.due(NOON + at);
            assert_eq!(batch.is_some(), due, "after {at} ms");
            if let Some(batch) = batch {
                assert!(reviews(&batch) > 0.5);
                queue.delivered();
            }
        }
        assert!(queue.due(NOON + 60_000).is_none(), "there is nothing more");
    }

    #[test]
    fn anything_else_waits_10_seconds() {
        let mut queue = Queue::new(NOON);
        count(&mut queue, NOON, false);
        assert!(queue.due(NOON + 9_999).is_none());
        assert!(queue.due(NOON + 10_000).is_some());
    }

    #[test]
    fn a_storm_of_denials_makes_a_put_a_second_and_each_denial_counts() {
        let mut queue = Queue::new(NOON);
        let (mut puts, mut sum) = (Vec::new(), 0.0);
        // 1,000 denials of one sandbox within 5 seconds, and the last review after them.
        for now_ms in (NOON..NOON + 5_000).step_by(5).chain([NOON + 10_000]) {
            count(&mut queue, now_ms, true);
            if let Some(batch) = queue.due(now_ms) {
                puts.push(now_ms);
                sum += reviews(&batch);
                queue.delivered();
            }
        }
        assert_eq!(puts, [0, 1_000, 2_000, 3_000, 4_000, 10_000].map(|after| NOON + after));
        assert!((sum - 1_001.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn while_a_put_is_in_flight_there_is_no_other() {
        let mut queue = Queue::new(NOON);
        count(&mut queue, NOON, true);
        let first = queue.due(NOON + 1_000).unwrap();
        count(&mut queue, NOON + 1_000, true);
        assert!(queue.due(NOON + 60_000).is_none());
        assert_eq!(queue.left(), 2, "one of them on its way");
        assert_eq!(queue.failed(first), 0);
        assert!((reviews(&queue.due(NOON + 60_000).unwrap()) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_fails_goes_along_with_the_next_put_and_is_then_dropped() {
        let mut queue = Queue::new(NOON);
        count(&mut queue, NOON, true);
        let first = queue.due(NOON + 1_000).unwrap();
        assert_eq!(queue.failed(first), 0);
        count(&mut queue, NOON + 60_000, true);
        assert!(queue.due(NOON + 10_999).is_none(), "not a second after a failure");
        let second = queue.due(NOON + 61_000).unwrap();
        assert_eq!(second.data().len(), 2);
        assert_eq!(queue.failed(second), 1, "the older one");
        let third = queue.due(NOON + 71_000).unwrap();
        assert_eq!(third.data().len(), 1);
        assert_eq!(queue.left(), 1, "the one on its way");
        queue.delivered();
        assert_eq!(queue.left(), 0);
    }

    #[test]
    fn what_one_put_cannot_take_goes_along_a_second_later() {
        let mut queue = Queue::new(NOON);
        for cluster in 0..2_500 {
            let dimension = Dimension::Cluster(cluster.to_string());
            queue.counts.add(NOON, Name::Denied, dimension, 1);
        }
        let mut sizes = Vec::new();
        for after in [10_000, 10_500, 11_000, 12_000, 13_000] {
            if let Some(batch) = queue.due(NOON + after) {
                sizes.push((after, batch.data().len()));
                queue.delivered();
            }
        }
        assert_eq!(sizes, [(10_000, 1_000), (11_000, 1_000), (12_000, 500)]);
    }

    #[test]
    fn in_a_long_outage_the_newest_wait() {
        let mut queue = Queue::new(NOON);
        let mut dropped = 0;
        for now_ms in (NOON + 10_000..=NOON + 200_000).step_by(10_000) {
            for cluster in 0..2_500 {
                let dimension = Dimension::Cluster(cluster.to_string());
                queue.counts.add(now_ms, Name::Denied, dimension, 1);
            }
            let batch = queue.due(now_ms).unwrap();
            dropped += queue.failed(batch);
        }
        assert_eq!(queue.left(), MOST);
        assert_eq!(dropped, 20 * 2_500 - MOST);
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        let mut queue = Queue::new(NOON);
        count(&mut queue, NOON, false);
        assert!(queue.due(NOON - 3_600_000).is_some());
    }
}
