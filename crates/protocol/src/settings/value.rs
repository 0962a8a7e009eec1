//! From the text of a value to the value and back, as redis.conf, CONFIG SET and CONFIG GET do it.

use std::net::IpAddr;
use std::sync::Arc;

pub(super) use super::Reason;
pub(super) use super::directive::{Directive, Unit};

/// A type that a directive can have.
pub(super) trait Value: Sized {
    /// The words allowed, if only a few are.
    const CHOICES: &'static [&'static str] = &[];

    /// The value that this text means for this directive.
    fn parse(directive: &Directive, text: &str) -> Result<Self, Reason>;

    /// The text that CONFIG GET prints.
    fn print(&self) -> String;
}

impl Value for bool {
    fn parse(_: &Directive, text: &str) -> Result<bool, Reason> {
        match text {
            _ if text.eq_ignore_ascii_case("yes") => Ok(true),
            _ if text.eq_ignore_ascii_case("no") => Ok(false),
            _ => Err(Reason::NotYesOrNo),
        }
    }

    fn print(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Value for $number {
            fn parse(directive: &Directive, text: &str) -> Result<$number, Reason> {
                let number: i128 = match directive.unit {
                    Unit::Bytes => memory(text)?.into(),
                    _ => integer(text)?.into(),
                };
                let (min, max) =
                    directive.range.unwrap_or((<$number>::MIN.into(), <$number>::MAX.into()));
                if number < min || number > max {
                    return Err(Reason::OutOfRange(min, max));
                }
                number.try_into().map_err(|_| Reason::OutOfRange(min, max))
            }

            fn print(&self) -> String {
                self.to_string()
            }
        })*
    };
}

numbers!(u16 u32 i32 u64 i64);

/// A decimal integer in its only form: no sign but `-`, no leading zero, no blank.
fn integer(text: &str) -> Result<i64, Reason> {
    let number: i64 = text.parse().map_err(|_| Reason::NotAnInteger)?;
    if number.to_string() == text { Ok(number) } else { Err(Reason::NotAnInteger) }
}

/// Digits and an optional unit. Redis' own leniency is kept: no digits are 0, too many saturate, and what a
/// unit makes too large wraps around.
pub(super) fn memory(text: &str) -> Result<u64, Reason> {
    let unit_at = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return Err(Reason::NotAMemoryValue),
    };
    let number = digits
        .bytes()
        .fold(0_u64, |number, digit| number.saturating_mul(10).saturating_add((digit - b'0').into()));
    Ok(number.wrapping_mul(factor))
}

impl Value for String {
    fn parse(directive: &Directive, text: &str) -> Result<String, Reason> {
        let names_a_file = directive.unit == Unit::FileName;
        if names_a_file && text.contains('/') {
            return Err(Reason::NotAFileName(directive.name));
        }
        if names_a_file && text.is_empty() {
            return Err(Reason::Empty(directive.name));
        }
        Ok(text.to_owned())
    }

    fn print(&self) -> String {
        self.clone()
    }
}

impl Value for Option<IpAddr> {
    fn parse(_: &Directive, text: &str) -> Result<Option<IpAddr>, Reason> {
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| Reason::NotAnIp) }
    }

    fn print(&self) -> String {
        self.map(|ip| ip.to_string()).unwrap_or_default()
    }
}

/// A hostname (rule CF-14).
impl Value for Option<Arc<str>> {
    fn parse(_: &Directive, text: &str) -> Result<Option<Arc<str>>, Reason> {
        if text.len() >= 256 {
            return Err(Reason::HostnameTooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
            return Err(Reason::HostnameCharacter);
        }
        Ok(if text.is_empty() { None } else { Some(text.into()) })
    }

    fn print(&self) -> String {
        self.as_deref().unwrap_or_default().to_owned()
    }
}

/// Save points (rules CF-29, RB-1): after so many seconds, if there were at least so many changes.
impl Value for Vec<(u64, u64)> {
    fn parse(_: &Directive, text: &str) -> Result<Vec<(u64, u64)>, Reason> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let number = |word: &str| word.parse::<u64>().map_err(|_| Reason::NotSavePoints);
        let numbers = text.split(' ').map(number).collect::<Result<Vec<_>, _>>()?;
        let (pairs, []) = numbers.as_chunks::<2>() else { return Err(Reason::NotSavePoints) };
        if pairs.iter().any(|[seconds, _]| *seconds == 0) {
            return Err(Reason::NotSavePoints);
        }
        Ok(pairs.iter().map(|[seconds, changes]| (*seconds, *changes)).collect())
    }

    fn print(&self) -> String {
        self.iter().map(|(seconds, changes)| format!("{seconds} {changes}")).collect::<Vec<_>>().join(" ")
    }
}
