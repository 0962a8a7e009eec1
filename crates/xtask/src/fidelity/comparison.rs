//! One figure, simulated and measured, and its pass mark.

use super::sample::Sample;

/// Medians may differ by this share.
const MEDIAN_TOLERANCE: f64 = 0.10;
/// Means of traffic may differ by this share.
const MEAN_TOLERANCE: f64 = 0.05;
/// Distributions may have this Kolmogorov-Smirnov distance.
const GREATEST_DISTANCE: f64 = 0.25;

/// What must hold of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nothing: it is shown.
    None,
    /// The medians agree.
    Median,
    /// The medians agree, and the distributions are alike.
    MedianAndShape,
    /// The means agree, closely.
    Mean,
    /// The median lies between the least and the greatest that was measured.
    Range,
    /// Nineteen of twenty runs show no more than the greatest that was measured.
    NoMore,
}

/// One line of the comparison.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    /// The fault, or what else the line belongs to.
    pub(crate) title: String,
    /// The figure.
    pub(crate) figure: String,
    /// By the simulation.
    pub(crate) simulated: Sample,
    /// By real servers; empty if they were not asked.
    pub(crate) measured: Sample,
    /// What must hold.
    pub(crate) mark: Mark,
}

impl Comparison {
    /// Simulated by measured: of the medians, or of the means.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let middle = |sample: &Sample| if self.mark == Mark::Mean { sample.mean() } else { sample.median() };
        let (simulated, measured) = (middle(&self.simulated)?, middle(&self.measured)?);
        (measured != 0.0).then(|| simulated / measured)
    }

    /// The Kolmogorov-Smirnov distance; without meaning for means.
    pub(crate) fn distance(&self) -> Option<f64> {
        if self.mark == Mark::Mean { None } else { self.simulated.distance(&self.measured) }
    }

    /// Whether its pass mark is missed. What nobody measured has none; what the simulation never shows misses it.
    pub(crate) fn missed(&self) -> bool {
        let tolerance = match self.mark {
            Mark::None => return false,
            Mark::Range => return self.measured.len() > 0 && !self.is_in_range(),
            Mark::NoMore => {
                let greatest = self.measured.quantile(1.0);
                return greatest.is_some()
                    && self.simulated.quantile(0.95).is_none_or(|it| Some(it) > greatest);
            }
            Mark::Median | Mark::MedianAndShape => MEDIAN_TOLERANCE,
            Mark::Mean => MEAN_TOLERANCE,
        };
        let measured = self.measured.len() > 0;
        let off = self.ratio().is_none_or(|ratio| (ratio - 1.0).abs() > tolerance);
        let shaped = self.mark == Mark::MedianAndShape;
        let other_shape = self.distance().is_none_or(|distance| distance > GREATEST_DISTANCE);
        measured && (off || shaped && other_shape)
    }

    fn is_in_range(&self) -> bool {
        let bounds = self.measured.quantile(0.0).zip(self.measured.quantile(1.0));
        let median = self.simulated.median();
        bounds.zip(median).is_some_and(|((least, greatest), median)| least <= median && median <= greatest)
    }

    /// The verdict as a word.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.mark {
            Mark::None => "",
            _ if self.measured.len() == 0 => "",
            _ if self.missed() => "MISSED",
            _ => "ok",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(simulated: f64, measured: &[f64], mark: Mark) -> Comparison {
        let (title, figure) = (String::new(), String::new());
        let simulated = Sample::new(vec![simulated; 3]);
        Comparison { title, figure, simulated, measured: Sample::new(measured.to_vec()), mark }
    }

    #[test]
    fn a_median_passes_within_ten_percent_and_a_mean_within_five() {
        assert!(!line(109.0, &[100.0], Mark::Median).missed());
        assert!(line(111.0, &[100.0], Mark::Median).missed());
        assert!(!line(104.0, &[100.0], Mark::Mean).missed());
        assert!(line(106.0, &[100.0], Mark::Mean).missed());
    }

    #[test]
    fn the_same_median_with_another_shape_is_missed() {
        let narrow = line(100.0, &[80.0, 90.0, 100.0, 110.0, 120.0], Mark::MedianAndShape);
        assert!(narrow.missed());
        assert!(!line(100.0, &[100.0, 100.0], Mark::MedianAndShape).missed());
    }

    #[test]
    fn a_range_holds_the_median_and_losses_are_no_greater() {
        assert!(!line(5.0, &[4.0, 6.0], Mark::Range).missed());
        assert!(line(7.0, &[4.0, 6.0], Mark::Range).missed());
        assert!(!line(0.0, &[0.0, 0.0], Mark::NoMore).missed());
        assert!(line(1.0, &[0.0, 0.0], Mark::NoMore).missed());
    }

    #[test]
    fn what_was_not_measured_cannot_be_missed() {
        assert!(!line(100.0, &[], Mark::MedianAndShape).missed());
    }
}
