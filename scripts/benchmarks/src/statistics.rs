//! Medians, percentiles, spread and slopes.

use std::time::Duration;

/// Measured values of one thing, in order of size.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<f64>);

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

/// In milliseconds.
impl FromIterator<Duration> for Sample {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        times.into_iter().map(milliseconds).collect()
    }
}

impl Sample {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value in the middle; 0 of none.
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The least value that so many per cent of all do not exceed; 0 of none.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// The least value; 0 of none.
    pub fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or_default()
    }

    /// How far values lie from the median: the median of their distances from it.
    pub fn spread(&self) -> f64 {
        let median = self.median();
        self.0.iter().map(|value| (value - median).abs()).collect::<Self>().median()
    }
}

/// A time in milliseconds.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Such as `8.3 MiB`.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

/// The slope of the straight line that lies nearest to the points (least squares); 0 of fewer than two.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let count = float(points.len().max(1));
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let both: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let square: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if square > 0.0 { both / square } else { 0.0 }
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "what is counted here stays far below 2^53")]
pub fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn a_sample_has_its_middle_and_its_edges() {
        let sample: Sample = [5.0, 1.0, 4.0, 2.0, 3.0].into_iter().collect();
        assert!(near(sample.median(), 3.0) && near(sample.least(), 1.0));
        assert!(near(sample.percentile(99), 5.0) && near(sample.percentile(20), 1.0));
        assert!(near(sample.spread(), 1.0));
        let hundred: Sample = (1..=100).map(f64::from).collect();
        assert!(near(hundred.percentile(99), 99.0) && near(hundred.percentile(100), 100.0));
        let none: Sample = std::iter::empty::<f64>().collect();
        assert!(none.is_empty() && near(none.median(), 0.0) && near(none.spread(), 0.0));
    }

    #[test]
    fn the_slope_is_that_of_the_line() {
        assert!(near(slope(&[(0.0, 3.0), (20.0, 43.0), (40.0, 83.0)]), 2.0));
        assert!(near(slope(&[(0.0, 1.0), (1.0, 3.0), (2.0, 2.0)]), 0.5));
        assert!(near(slope(&[(1.0, 7.0)]), 0.0));
    }
}
