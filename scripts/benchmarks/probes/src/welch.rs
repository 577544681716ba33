//! Welch's t test, as in dudect (Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?").

/// The samples of one class.
pub(crate) struct Class {
    pub(crate) samples: usize,
    pub(crate) mean: f64,
    variance: f64,
}

impl Class {
    /// Mean and variance in one pass (Welford).
    pub(crate) fn of(samples: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut mean, mut squares) = (0_usize, 0.0, 0.0);
        for sample in samples {
            count += 1;
            let distance = sample - mean;
            mean += distance / float(count);
            squares += distance * (sample - mean);
        }
        Self { samples: count, mean, variance: squares / float(count.max(2) - 1) }
    }

    fn variance_of_mean(&self) -> f64 {
        self.variance / float(self.samples.max(1))
    }
}

/// How many standard errors the means lie apart.
pub(crate) fn t_statistic(a: &Class, b: &Class) -> f64 {
    let error = (a.variance_of_mean() + b.variance_of_mean()).sqrt();
    if error > 0.0 { (a.mean - b.mean) / error } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53 samples")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{Class, t_statistic};

    #[test]
    fn the_statistic_is_that_of_the_textbook() {
        let a = Class::of([3.0, 4.0, 1.0, 2.1].into_iter());
        let b = Class::of([490.2, 340.0, 433.9].into_iter());
        // scipy.stats.ttest_ind(a, b, equal_var=False)
        assert!((t_statistic(&a, &b) + 9.5595).abs() < 1e-3, "{}", t_statistic(&a, &b));
        let same = Class::of([1.0, 2.0, 3.0].into_iter());
        assert!(t_statistic(&same, &same).abs() < 1e-12);
    }
}
