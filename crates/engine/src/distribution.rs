//! Distributions of a length of time, in integers only: 64 random bits in, a [`Span`] out, the same on every
//! machine.
//!
//! A sample is a pure function of its bits; whoever asks decides where they come from (a [`crate::Stream`]
//! or, for messages, an [`crate::Oracle`]). More bits give a longer span in every kind but the bimodal and
//! the exponential one.

use std::fmt;

use crate::time::Span;

/// How long something takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Distribution {
    /// Always the same.
    Constant(Span),
    /// Every length from `low` to `high`, both included, equally likely.
    Uniform {
        /// The shortest.
        low: Span,
        /// The longest.
        high: Span,
    },
    /// `minimum` plus an exponentially distributed part of mean `mean` (at most 45 times `mean`).
    Exponential {
        /// Always taken.
        minimum: Span,
        /// The mean of the random part.
        mean: Span,
    },
    /// `rare` in `per_million` of a million cases, else `usual`.
    Bimodal {
        /// Most cases.
        usual: Box<Distribution>,
        /// The others.
        rare: Box<Distribution>,
        /// How many of a million cases are rare.
        per_million: u32,
    },
    /// As measured: straight lines between quantiles.
    Empirical(Quantiles),
}

/// A checked table of quantiles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quantiles(Box<[(u32, Span)]>);

/// Why something is no distribution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DistributionError {
    /// The shortest length is above the longest.
    Reversed(Span, Span),
    /// More than a million of a million.
    PerMillion(u32),
    /// A quantile table does not start at 0 or does not end at 1,000,000.
    Ends,
    /// The quantile at this index does not lie above the one before, or its length is below it.
    NotRising(usize),
}

impl fmt::Display for DistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reversed(low, high) => write!(f, "low {low} is above high {high}: expected low <= high"),
            Self::PerMillion(n) => write!(f, "{n} per million is too much: allowed is 0 to 1000000"),
            Self::Ends => write!(f, "the quantile table must start at 0 and end at 1000000 (100 %)"),
            Self::NotRising(index) => {
                write!(f, "quantile {index} must lie above the one before and not be shorter")
            }
        }
    }
}

impl std::error::Error for DistributionError {}

/// All quantiles: one million parts.
const WHOLE: u32 = 1_000_000;

impl Distribution {
    /// Always `span`.
    pub const fn constant(span: Span) -> Self {
        Self::Constant(span)
    }

    /// Every length from `low` to `high`, equally likely.
    ///
    /// # Errors
    /// [`DistributionError::Reversed`] if `low` is above `high`.
    pub fn uniform(low: Span, high: Span) -> Result<Self, DistributionError> {
        if low > high { Err(DistributionError::Reversed(low, high)) } else { Ok(Self::Uniform { low, high }) }
    }

    /// `minimum` plus an exponentially distributed part of mean `mean`.
    pub const fn exponential(minimum: Span, mean: Span) -> Self {
        Self::Exponential { minimum, mean }
    }

    /// `rare` in `per_million` of a million cases, else `usual`.
    ///
    /// # Errors
    /// [`DistributionError::PerMillion`] if `per_million` is above a million.
    pub fn bimodal(usual: Self, rare: Self, per_million: u32) -> Result<Self, DistributionError> {
        if per_million > WHOLE {
            return Err(DistributionError::PerMillion(per_million));
        }
        Ok(Self::Bimodal { usual: Box::new(usual), rare: Box::new(rare), per_million })
    }

    /// Straight lines between `(quantile in millionths, length)` points: from 0 to 1,000,000, quantiles
    /// rising, lengths never falling.
    ///
    /// # Errors
    /// [`DistributionError::Ends`] or [`DistributionError::NotRising`] if the table is otherwise.
    pub fn empirical(points: &[(u32, Span)]) -> Result<Self, DistributionError> {
        let ends = points.first().zip(points.last());
        if !ends.is_some_and(|(first, last)| first.0 == 0 && last.0 == WHOLE) {
            return Err(DistributionError::Ends);
        }
        let rises = |pair: &[(u32, Span)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
        match points.windows(2).position(|pair| !rises(pair)) {
            Some(index) => Err(DistributionError::NotRising(index + 1)),
            None => Ok(Self::Empirical(Quantiles(points.into()))),
        }
    }

    /// The length that these 64 random bits mean.
    #[inline]
    pub fn sample(&self, bits: u64) -> Span {
        match self {
            Self::Constant(span) => *span,
            Self::Uniform { low, high } => {
                let lengths = u128::from(high.0 - low.0) + 1;
                Span(low.0 + ((u128::from(bits) * lengths) >> 64) as u64)
            }
            Self::Exponential { minimum, mean } => {
                let part = (u128::from(minus_ln(bits)) * u128::from(mean.0)) >> 32;
                *minimum + Span(u64::try_from(part).unwrap_or(u64::MAX))
            }
            Self::Bimodal { usual, rare, per_million } => {
                // The upper half chooses, the lower half, stretched to 64 bits, is the sample's.
                let chosen = ((bits >> 32) * u64::from(WHOLE)) >> 32;
                let stretched = (bits & u64::from(u32::MAX)) * 0x1_0000_0001;
                if chosen < u64::from(*per_million) {
                    rare.sample(stretched)
                } else {
                    usual.sample(stretched)
                }
            }
            Self::Empirical(quantiles) => quantiles.sample(bits),
        }
    }

    /// The shortest length that can come.
    pub fn minimum(&self) -> Span {
        match self {
            Self::Constant(span) => *span,
            Self::Uniform { low, .. } => *low,
            Self::Exponential { minimum, .. } => *minimum,
            Self::Bimodal { usual, rare, .. } => usual.minimum().min(rare.minimum()),
            Self::Empirical(quantiles) => quantiles.0[0].1,
        }
    }

    /// The longest length that can come.
    pub fn maximum(&self) -> Span {
        match self {
            Self::Constant(span) => *span,
            Self::Uniform { high, .. } => *high,
            Self::Exponential { .. } => self.sample(0),
            Self::Bimodal { usual, rare, .. } => usual.maximum().max(rare.maximum()),
            Self::Empirical(quantiles) => quantiles.0[quantiles.0.len() - 1].1,
        }
    }
}

impl Quantiles {
    fn sample(&self, bits: u64) -> Span {
        // Q32: the quantile in millionths, with 32 bits of fraction.
        let quantile = (bits >> 32) * u64::from(WHOLE);
        let upper = self.0.partition_point(|(at, _)| u64::from(*at) << 32 <= quantile);
        let ((left, short), (right, long)) = (self.0[upper - 1], self.0[upper]);
        let offset = quantile - (u64::from(left) << 32);
        let rise = u128::from(long.0 - short.0) * u128::from(offset);
        Span(short.0 + (rise / (u128::from(right - left) << 32)) as u64)
    }
}

/// Points of the logarithm table: 2^8 steps, so that straight lines between them err by less than 3 in a
/// million.
const STEP_BITS: u32 = 8;

/// log2(1 + i/256) in Q32 for i in 0..=256.
const LOG2: [u64; (1 << STEP_BITS) + 1] = log2_table();

/// ln 2 in Q32.
const LN_2: u64 = 2_977_044_472;

/// -ln(bits / 2^64) in Q32; zero bits count as one.
fn minus_ln(bits: u64) -> u64 {
    let bits = bits.max(1);
    let zeros = bits.leading_zeros();
    // bits / 2^64 = 2^-(zeros + 1) * (1 + fraction / 2^64)
    let fraction = bits.unbounded_shl(zeros + 1);
    let step = (fraction >> (64 - STEP_BITS)) as usize;
    let within = (fraction << STEP_BITS) >> 32;
    let log2 = LOG2[step] + (((LOG2[step + 1] - LOG2[step]) * within) >> 32);
    let minus_log2 = (u64::from(zeros + 1) << 32) - log2;
    ((u128::from(minus_log2) * u128::from(LN_2)) >> 32) as u64
}

const fn log2_table() -> [u64; (1 << STEP_BITS) + 1] {
    let mut table = [0; (1 << STEP_BITS) + 1];
    let mut index = 0;
    while index < 1 << STEP_BITS {
        // 1 + index/256 in Q62, squared 32 times: each square that reaches 2 is a binary digit of the
        // logarithm.
        let mut value = ((1u64 << STEP_BITS) + index as u64) << (62 - STEP_BITS);
        let mut digits = 0;
        while digits < 32 {
            value = ((value as u128 * value as u128) >> 62) as u64;
            table[index] <<= 1;
            if value >> 63 == 1 {
                value >>= 1;
                table[index] |= 1;
            }
            digits += 1;
        }
        index += 1;
    }
    table[index] = 1 << 32;
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Streams;
    use proptest::prelude::*;

    fn ms(millis: u64) -> Span {
        Span::from_millis(millis)
    }

    fn mean_of(distribution: &Distribution) -> u64 {
        let mut stream = Streams::new(1).stream("mean", &[]);
        (0..20_000).map(|_| distribution.sample(stream.next_u64()).0).sum::<u64>() / 20_000
    }

    /// Known values of the logarithm: -ln(1/2), -ln(3/4), -ln(2^-64); within 3 in a million.
    #[test]
    fn the_logarithm_is_right() {
        for (bits, millionths) in [(1 << 63, 693_147), (3 << 62, 287_682), (1, 44_361_420)] {
            let found = (minus_ln(bits) * 1_000_000) >> 32;
            assert!(found.abs_diff(millionths) <= 1 + millionths * 3 / 1_000_000, "{bits:x}: {found}");
        }
        assert_eq!(minus_ln(u64::MAX) >> 12, 0);
    }

    #[test]
    fn means_are_as_announced() {
        let exponential = Distribution::exponential(ms(1), ms(2));
        assert!(mean_of(&exponential).abs_diff(ms(3).0) < ms(3).0 / 40);
        let uniform = Distribution::uniform(ms(1), ms(3)).unwrap();
        let bimodal = Distribution::bimodal(uniform, Distribution::constant(ms(102)), 100_000).unwrap();
        assert!(mean_of(&bimodal).abs_diff(ms(12).0) < ms(12).0 / 20);
    }

    #[test]
    fn quantiles_are_joined_by_straight_lines() {
        let table = [(0, ms(1)), (500_000, ms(3)), (1_000_000, ms(13))];
        let measured = Distribution::empirical(&table).unwrap();
        let at = [0, 1 << 62, 1 << 63, 3 << 62].map(|bits| measured.sample(bits).as_millis());
        assert_eq!(at, [1, 2, 3, 8]);
        assert_eq!((measured.minimum(), measured.maximum()), (ms(1), ms(13)));
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        assert_eq!(Distribution::uniform(ms(2), ms(1)), Err(DistributionError::Reversed(ms(2), ms(1))));
        assert_eq!(Distribution::empirical(&[(0, ms(1))]), Err(DistributionError::Ends));
        assert_eq!(Distribution::empirical(&[]), Err(DistributionError::Ends));
        let falling = Distribution::empirical(&[(0, ms(2)), (WHOLE, ms(1))]);
        assert_eq!(falling, Err(DistributionError::NotRising(1)));
        let constant = Distribution::constant(ms(1));
        let error = Distribution::bimodal(constant.clone(), constant, WHOLE + 1).unwrap_err();
        assert_eq!(error.to_string(), "1000001 per million is too much: allowed is 0 to 1000000");
    }

    proptest! {
        #[test]
        fn samples_keep_their_bounds(bits: u64, low in 0u64..1 << 40, more: u64, part in 0..=WHOLE) {
            let (low, high) = (Span(low), Span(low.saturating_add(more)));
            let uniform = Distribution::uniform(low, high).unwrap();
            let empirical = Distribution::empirical(&[(0, low), (WHOLE / 2, low), (WHOLE, high)]).unwrap();
            let exponential = Distribution::exponential(low, ms(1));
            let bimodal = Distribution::bimodal(uniform.clone(), exponential.clone(), part).unwrap();
            for distribution in [uniform, empirical, exponential, bimodal] {
                let sample = distribution.sample(bits);
                prop_assert!(distribution.minimum() <= sample && sample <= distribution.maximum());
            }
        }
    }
}
