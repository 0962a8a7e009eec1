//! DEBUG: DROP-CLUSTER-PACKET-FILTER and SLEEP. It is always allowed, as with `enable-debug-command yes`.
//!
//! Rules: PK-5.

use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{Command, Reply};

use super::strings::word;
use super::text::required_integer;
use super::{Answer, unknown_form};
use crate::effect::Effect;
use crate::node::Node;
use crate::outside::Outside;

const HELP: &[&str] = &[
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "DROP-CLUSTER-PACKET-FILTER <packet-type>",
    "    Drop all packets that match the filtered type. Set to -1 allow all packets.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "HELP",
    "    Prints this help.",
];

impl Node {
    pub(super) fn debug_command(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        match command.len() {
            2 if command.is(1, "help") => {
                return Ok(Reply::Array(HELP.iter().map(|line| Reply::simple(*line)).collect()));
            }
            3 if command.is(1, "drop-cluster-packet-filter") => self.drop_messages(command)?,
            // The rest of the turn, the reply among it, comes behind the sleep.
            3 if command.is(1, "sleep") => {
                out.effects.push(Effect::Sleep { micros: micros(word(command, 2)) });
            }
            _ => return Err(unknown_form(command, "DEBUG")),
        }
        Ok(Reply::ok())
    }

    /// Messages of this kind are dropped on arrival; a number that is no kind ends that (PK-5).
    fn drop_messages(&mut self, command: &Command) -> Result<(), Reply> {
        let kind = required_integer(command, 2)?;
        self.clients.dropped_kind = u16::try_from(kind).ok().and_then(MessageKind::from_number);
        Ok(())
    }
}

/// Seconds with decimals, in microseconds. What is no number is read up to where it is one, and less than nothing is
/// nothing, as in Redis; exponents are not read.
fn micros(text: &[u8]) -> u64 {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let digits = |part: Option<&'_ [u8]>| {
        let part = part.unwrap_or_default();
        let end = part.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(part.len());
        (part[..end].to_vec(), end == part.len())
    };
    let fold = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    let (whole, complete) = digits(parts.next());
    let (mut decimals, _) = if complete { digits(parts.next()) } else { (Vec::new(), true) };
    decimals.resize(6, b'0');
    whole.iter().fold(0, fold).saturating_mul(1_000_000).saturating_add(decimals.iter().fold(0, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_with_their_decimals() {
        for (text, expected) in [
            ("2", 2_000_000),
            ("0.1", 100_000),
            (".05", 50_000),
            ("1.", 1_000_000),
            ("1.2345678", 1_234_567),
            ("3x.5", 3_000_000),
            ("-1", 0),
            ("x", 0),
            ("", 0),
        ] {
            assert_eq!(micros(text.as_bytes()), expected, "{text:?}");
        }
    }
}
