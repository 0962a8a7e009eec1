//! Writes lengths and strings as the format has them.

use super::lzf::Compressor;

/// Strings longer than this are compressed.
const SHORT: usize = 20;

/// Bytes that grow.
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    compressor: Option<Compressor>,
}

impl Writer {
    /// An empty one; `compression` is `rdbcompression`.
    pub(super) fn new(compression: bool) -> Writer {
        Writer { out: Vec::new(), compressor: compression.then(Compressor::new) }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    /// A length in as few bytes as it takes.
    pub(super) fn length(&mut self, length: u64) {
        length_into(&mut self.out, length);
    }

    /// A string: as a number if it is one of 32 bits, compressed if that pays, or as it is.
    pub(super) fn string(&mut self, bytes: &[u8]) {
        if let Some(number) = small_number(bytes) {
            self.number(number);
            return;
        }
        if bytes.len() > SHORT
            && let Some(compressor) = &mut self.compressor
            && let Some(packed) = compressor.compress(bytes)
        {
            self.out.push(0xc3);
            length_into(&mut self.out, packed.len() as u64);
            length_into(&mut self.out, bytes.len() as u64);
            self.out.extend_from_slice(packed);
            return;
        }
        self.length(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn number(&mut self, number: i32) {
        if let Ok(number) = i8::try_from(number) {
            self.out.extend([0xc0, number as u8]);
        } else if let Ok(number) = i16::try_from(number) {
            self.out.push(0xc1);
            self.out.extend(number.to_le_bytes());
        } else {
            self.out.push(0xc2);
            self.out.extend(number.to_le_bytes());
        }
    }
}

fn length_into(out: &mut Vec<u8>, length: u64) {
    if length < 1 << 6 {
        out.push(length as u8);
    } else if length < 1 << 14 {
        out.extend((length as u16 | 0x4000).to_be_bytes());
    } else if let Ok(length) = u32::try_from(length) {
        out.push(0x80);
        out.extend(length.to_be_bytes());
    } else {
        out.push(0x81);
        out.extend(length.to_be_bytes());
    }
}

/// The number that these digits are, if writing it gives the same digits.
fn small_number(bytes: &[u8]) -> Option<i32> {
    if bytes.len() > 11 {
        return None;
    }
    canonical_number(bytes).and_then(|number| i32::try_from(number).ok())
}

/// The number of 64 bits that these digits are, if writing it gives the same digits.
pub(super) fn canonical_number(bytes: &[u8]) -> Option<i64> {
    let (sign, digits) = match bytes.split_first()? {
        (b'-', digits) => (-1, digits),
        _ => (1, bytes),
    };
    let canonical = match digits {
        [b'0'] => sign == 1,
        [b'1'..=b'9', rest @ ..] => rest.len() < 19 && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !canonical {
        return None;
    }
    digits
        .iter()
        .try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_add(sign * i64::from(digit - b'0')))
}
