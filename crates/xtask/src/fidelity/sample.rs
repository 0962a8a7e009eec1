//! Samples of numbers and how two of them compare.

/// Numbers in ascending order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// A sample of these numbers.
    pub(crate) fn new(mut values: Vec<f64>) -> Sample {
        values.sort_by(f64::total_cmp);
        Sample(values)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which this share of the sample lies, interpolated; `None` for an empty sample.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        let place = share * last as f64;
        let low = place.floor() as usize;
        let high = (low + 1).min(last);
        Some(self.0[low] + (self.0[high] - self.0[low]) * (place - low as f64))
    }

    /// The median.
    pub(crate) fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The mean.
    pub(crate) fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// The share of the sample that is at most `value`.
    fn share_up_to(&self, value: f64) -> f64 {
        self.0.partition_point(|number| *number <= value) as f64 / self.0.len() as f64
    }

    /// The Kolmogorov-Smirnov distance of two samples: the greatest difference of their distributions, 0 to 1.
    pub(crate) fn distance(&self, other: &Sample) -> Option<f64> {
        let both = !self.0.is_empty() && !other.0.is_empty();
        let difference = |value: &f64| (self.share_up_to(*value) - other.share_up_to(*value)).abs();
        both.then(|| self.0.iter().chain(&other.0).map(difference).fold(0.0, f64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let sample = Sample::new(vec![40.0, 10.0, 20.0, 30.0]);
        assert_eq!(sample.median(), Some(25.0));
        assert_eq!((sample.quantile(0.0), sample.quantile(1.0)), (Some(10.0), Some(40.0)));
        assert_eq!(Sample::default().median(), None);
    }

    #[test]
    fn the_distance_is_zero_for_equal_and_one_for_disjoint_samples() {
        let low = Sample::new(vec![1.0, 2.0, 3.0, 4.0]);
        assert_eq!(low.distance(&low), Some(0.0));
        assert_eq!(low.distance(&Sample::new(vec![7.0, 8.0])), Some(1.0));
        assert_eq!(low.distance(&Sample::new(vec![4.0, 5.0, 6.0, 7.0])), Some(0.75));
    }
}
