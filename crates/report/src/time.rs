//! Virtual times as people and programs read them.

use rcsim_observe::summary::Millis;
use serde_json::Value;

/// `T+25.102s`: seconds since the start of the run, with `digits` digits before the point, cut to milliseconds.
pub(crate) fn stamp(at_ns: u64, digits: usize) -> String {
    let millis = at_ns / 1_000_000;
    format!("T+{:0digits$}.{:03}s", millis / 1000, millis % 1000)
}

/// The digits that the seconds of `ns` need, at least two.
pub(crate) fn second_digits(ns: u64) -> usize {
    (ns / 1_000_000_000).to_string().len().max(2)
}

/// A length of time in the largest of s, ms, us that keeps at most three decimals: `6s`, `1.5s`, `38ms`, `40us`.
pub(crate) fn length(ns: u64) -> String {
    let (unit, name) = match ns {
        1_000_000_000.. => (1_000_000_000, "s"),
        1_000_000.. => (1_000_000, "ms"),
        _ => (1_000, "us"),
    };
    let decimals = format!("{:03}", ns % unit * 1000 / unit);
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{}{point}{decimals}{name}", ns / unit)
}

/// Milliseconds as a JSON number: an integer if they are whole, else with up to three decimals.
pub(crate) fn millis_json(value: Millis) -> Value {
    match value.0 % 1000 {
        0 => Value::from(value.0 / 1000),
        _ => Value::from(value.0 as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_their_unit_and_never_rounded_up() {
        assert_eq!(stamp(25_102_999_999, 2), "T+25.102s");
        assert_eq!(stamp(5_000_000_000, 3), "T+005.000s");
        assert_eq!(second_digits(90_000_000_000), 2);
        assert_eq!(second_digits(120_000_000_000), 3);
        assert_eq!([length(6_000_000_000), length(1_500_000_000)], ["6s", "1.5s"]);
        assert_eq!([length(38_120_900), length(40_000)], ["38.12ms", "40us"]);
        assert_eq!(millis_json(Millis(1_104_000)).to_string(), "1104");
        assert_eq!(millis_json(Millis(1_104_001)).to_string(), "1104.001");
    }
}
