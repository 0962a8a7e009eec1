//! Reading quantities from text; the counterpart of their `Display`.

use std::fmt;
use std::str::FromStr;

use super::{Bandwidth, Ppm, Rate, Ratio, Shift, SlotRange, Span};

/// Why a text is no quantity, and what would be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantityError {
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What is allowed, or the text that was probably meant.
    pub help: String,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.message, self.help)
    }
}

impl std::error::Error for QuantityError {}

const SPAN_UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const RATE_UNITS: [(&str, u64); 3] = [("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000)];
const BANDWIDTH_UNITS: [(&str, u64); 6] = [
    ("B/s", 1),
    ("kB/s", 1_000),
    ("MB/s", 1_000_000),
    ("GB/s", 1_000_000_000),
    ("KiB/s", 1_024),
    ("MiB/s", 1_048_576),
];

fn refusal(text: &str, what: &str, help: &str) -> QuantityError {
    QuantityError { message: format!("cannot read \"{text}\" as {what}"), help: help.to_owned() }
}

/// The digits at the head of `text` and what follows them.
fn split_number(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (digits, unit) = split_number(text);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

impl FromStr for Span {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Span, QuantityError> {
        scaled(text, &SPAN_UNITS).map(Span::from_nanos).ok_or_else(|| {
            let help = without_fraction(text).unwrap_or_else(|| {
                "a duration is a whole number and one of ns, us, ms, s, min, h, as in \"250ms\"".to_owned()
            });
            refusal(text, "a duration", &help)
        })
    }
}

/// What a duration with a decimal point was meant to be: `1.5s` is `1500ms`.
fn without_fraction(text: &str) -> Option<String> {
    let (whole, rest) = text.split_once('.')?;
    let (digits, unit) = split_number(rest);
    let (_, factor) = SPAN_UNITS.iter().find(|(name, _)| *name == unit)?;
    let scale = 10_u64.checked_pow(digits.len().try_into().ok()?)?;
    let parts = digits.parse::<u64>().ok()?.checked_mul(*factor)?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(*factor)?;
    let exact = Span::from_nanos(whole.checked_add(parts / scale)?);
    Some(format!("durations are whole numbers: write \"{exact}\""))
}

impl FromStr for Shift {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Shift, QuantityError> {
        let (back, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let by = rest.parse().map_err(|_| {
            refusal(text, "a step of a clock", "it is a duration with a sign, as in \"-10s\" or \"+3s\"")
        })?;
        Ok(Shift { back, by })
    }
}

impl FromStr for Ppm {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Ppm, QuantityError> {
        let number = text.strip_suffix("ppm").and_then(|number| number.parse::<i32>().ok());
        let value = number.filter(|value| value.unsigned_abs() <= 500_000);
        value.map(Ppm).ok_or_else(|| {
            let help = "it is a whole number from -500000 to 500000 and ppm, as in \"200ppm\" or \"-50ppm\"";
            refusal(text, "a drift", help)
        })
    }
}

impl FromStr for Ratio {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Ratio, QuantityError> {
        let parts = match text.strip_suffix('%') {
            Some(percent) => percentage(percent),
            None => text.split_once('/').and_then(|(above, below)| Some((digits(above)?, digits(below)?))),
        };
        let fits = |(numerator, denominator): &(u32, u32)| *denominator > 0 && numerator <= denominator;
        parts.filter(fits).map(|(numerator, denominator)| Ratio { numerator, denominator }).ok_or_else(|| {
            let help =
                "a ratio is one whole number over another, at most 1, or a percentage: \"3/1000\", \"0.3%\"";
            refusal(text, "a ratio", help)
        })
    }
}

/// An unsigned number without a sign (which `parse` would take).
fn digits(text: &str) -> Option<u32> {
    text.starts_with(|letter: char| letter.is_ascii_digit()).then(|| text.parse().ok())?
}

fn percentage(text: &str) -> Option<(u32, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let places = if text.contains('.') { fraction.len().try_into().ok()? } else { 0 };
    let scale = 10_u32.checked_pow(places)?;
    let numerator = digits(whole)?.checked_mul(scale)?.checked_add(digits(fraction)?)?;
    Some((numerator, scale.checked_mul(100)?))
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Rate, QuantityError> {
        let parts = text.split_once('/').and_then(|(count, unit)| {
            let (_, nanos) = RATE_UNITS.iter().find(|(name, _)| *name == unit)?;
            Some((digits(count)?, Span::from_nanos(*nanos)))
        });
        parts.filter(|(count, _)| *count > 0).map(|(count, per)| Rate { count, per }).ok_or_else(|| {
            refusal(
                text,
                "a rate",
                "a rate is a whole number of at least 1 and one of /ms, /s, /min, as in \"200/s\"",
            )
        })
    }
}

impl FromStr for Bandwidth {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Bandwidth, QuantityError> {
        let bytes = scaled(text, &BANDWIDTH_UNITS).filter(|bytes| *bytes > 0);
        bytes.map(Bandwidth).ok_or_else(|| {
            let help =
                "it is a whole number and one of B/s, kB/s, MB/s, GB/s, KiB/s, MiB/s, as in \"10MB/s\"";
            refusal(text, "a bandwidth", help)
        })
    }
}

impl FromStr for SlotRange {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<SlotRange, QuantityError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let slot = |text: &str| digits(text).filter(|slot| *slot < u32::from(rcsim_protocol::SLOT_COUNT));
        let range = slot(first).zip(slot(last)).filter(|(first, last)| first <= last);
        range.map(|(first, last)| SlotRange { first: first as u16, last: last as u16 }).ok_or_else(|| {
            refusal(
                text,
                "slots",
                "slots are 0 to 16383, alone or as an ascending range: \"7000\", \"0-5460\"",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_exact() {
        assert_eq!("250ms".parse(), Ok(Span::from_millis(250)));
        assert_eq!("2min".parse(), Ok(Span::from_secs(120)));
        assert_eq!("-10s".parse(), Ok(Shift { back: true, by: Span::from_secs(10) }));
        assert_eq!("0.3%".parse(), Ok(Ratio { numerator: 3, denominator: 1_000 }));
        assert_eq!("50%".parse(), Ok(Ratio { numerator: 50, denominator: 100 }));
        assert_eq!("3/ms".parse(), Ok(Rate { count: 3, per: Span::from_millis(1) }));
        assert_eq!("2MiB/s".parse(), Ok(Bandwidth(2_097_152)));
    }

    #[test]
    fn what_is_not_a_quantity_is_refused() {
        for text in ["", "5", "s", "-5s", "1.5s", "5 s", "99999999999999999999s", "20000000000s"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
        for text in ["", "3", "3/0", "4/3", "-1/3", "+1/3", "101%", "%", "0.%", "1/2/3"] {
            assert!(text.parse::<Ratio>().is_err(), "{text}");
        }
        for text in ["16384", "5-4", "-", "1-", "a"] {
            assert!(text.parse::<SlotRange>().is_err(), "{text}");
        }
        assert!("0/s".parse::<Rate>().is_err() && "0B/s".parse::<Bandwidth>().is_err());
    }

    #[test]
    fn a_fraction_is_answered_with_the_whole_number() {
        let error = "1.5s".parse::<Span>().expect_err("durations are whole numbers");
        assert_eq!(error.help, "durations are whole numbers: write \"1500ms\"");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(nanos: u64, back: bool, ppm in -500_000..=500_000, count in 1_u32..) {
            let span = Span::from_nanos(nanos);
            let shift = Shift { back, by: span };
            prop_assert_eq!(span.to_string().parse(), Ok(span));
            prop_assert_eq!(shift.to_string().parse(), Ok(shift));
            prop_assert_eq!(Ppm(ppm).to_string().parse(), Ok(Ppm(ppm)));
            prop_assert_eq!(Bandwidth(nanos.max(1)).to_string().parse(), Ok(Bandwidth(nanos.max(1))));
            let rate = Rate { count, per: Span::from_secs(60) };
            prop_assert_eq!(rate.to_string().parse(), Ok(rate));
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in "[-+0-9./%a-zA-Zµ ]{0,24}") {
            let _ = (text.parse::<Span>(), text.parse::<Shift>(), text.parse::<Ppm>(), text.parse::<Ratio>());
            let _ = (text.parse::<Rate>(), text.parse::<Bandwidth>(), text.parse::<SlotRange>());
        }
    }
}
