//! LZF: the compression inside snapshots. It makes the same bytes as the server does, with tables of its own that need
//! not be wiped between strings.

/// Three bytes are looked up by a hash of so many bits.
const HASH_BITS: u32 = 16;
/// A reference reaches so far back.
const REACH: usize = 1 << 13;
/// So many bytes are copied by one reference, less two.
const LONGEST_COPY: usize = (1 << 8) + (1 << 3);
/// So many literal bytes stand in one run.
const LONGEST_RUN: usize = 32;

/// A compressor; it is kept for many strings, so that its table is made once.
pub(super) struct Compressor {
    /// Where three bytes with this hash were seen last, counted over all strings so far.
    seen: Vec<u64>,
    /// How many bytes all former strings had, so that an entry of theirs is told from one of this.
    before: u64,
    out: Vec<u8>,
}

impl Compressor {
    pub(super) fn new() -> Compressor {
        Compressor { seen: vec![0; 1 << HASH_BITS], before: 1, out: Vec::new() }
    }

    /// The compressed bytes, if they are at least four fewer.
    pub(super) fn compress(&mut self, input: &[u8]) -> Option<&[u8]> {
        let limit = input.len().checked_sub(4).filter(|limit| *limit > 0)?;
        self.out.clear();
        let fits = self.run(input, limit);
        self.before += input.len() as u64;
        (fits && !self.out.is_empty()).then_some(self.out.as_slice())
    }

    /// Fills `out`; false if it gets longer than `limit`.
    fn run(&mut self, input: &[u8], limit: usize) -> bool {
        let mut at = 0;
        let mut literals = Run::begin(&mut self.out);
        while at + 2 < input.len() {
            let seen = self.remember(input, at);
            if let Some(from) = seen.filter(|from| is_worth_a_reference(input, *from, at)) {
                if self.out.len() - usize::from(literals.is_empty()) + 4 >= limit {
                    return false;
                }
                literals.end(&mut self.out);
                let length = common(input, from, at);
                refer(&mut self.out, at - from - 1, length - 2);
                literals = Run::begin(&mut self.out);
                at += length;
                if at + 2 >= input.len() {
                    break;
                }
                // Of the bytes that were copied only the last two are remembered.
                self.remember(input, at - 2);
                self.remember(input, at - 1);
            } else {
                if self.out.len() >= limit {
                    return false;
                }
                literals.push(&mut self.out, input[at]);
                at += 1;
            }
        }
        if self.out.len() + 3 > limit {
            return false;
        }
        for byte in &input[at..] {
            literals.push(&mut self.out, *byte);
        }
        literals.end(&mut self.out);
        true
    }

    /// Notes the three bytes here, and says where such ones were before.
    fn remember(&mut self, input: &[u8], at: usize) -> Option<usize> {
        let value = u32::from_be_bytes([0, input[at], input[at + 1], input[at + 2]]);
        let hash = (value >> (24 - HASH_BITS)).wrapping_sub(value.wrapping_mul(5)) & ((1 << HASH_BITS) - 1);
        let old = std::mem::replace(&mut self.seen[hash as usize], self.before + at as u64);
        old.checked_sub(self.before).map(|old| old as usize)
    }
}

/// The very first byte is never referred to, which is an accident of the original.
fn is_worth_a_reference(input: &[u8], from: usize, at: usize) -> bool {
    from > 0 && from < at && at - from - 1 < REACH && input[from..from + 3] == input[at..at + 3]
}

/// How many bytes are equal from here on; at least three, known to be.
fn common(input: &[u8], from: usize, at: usize) -> usize {
    let most = (input.len() - at - 2).min(LONGEST_COPY);
    // The original looks at the first nineteen without counting, if there are that many.
    let most = if most > 16 { most.max(19) } else { most.max(3) };
    (3..most).find(|index| input[from + index] != input[at + index]).unwrap_or(most)
}

fn refer(out: &mut Vec<u8>, back: usize, length: usize) {
    let (high, low) = ((back >> 8) as u8, back as u8);
    if length < 7 {
        out.push(high | (length as u8) << 5);
    } else {
        out.extend([high | 7 << 5, (length - 7) as u8]);
    }
    out.push(low);
}

/// A run of literal bytes behind the byte that counts them.
struct Run {
    head: usize,
    length: usize,
}

impl Run {
    fn begin(out: &mut Vec<u8>) -> Run {
        out.push(0);
        Run { head: out.len() - 1, length: 0 }
    }

    fn is_empty(&self) -> bool {
        self.length == 0
    }

    fn push(&mut self, out: &mut Vec<u8>, byte: u8) {
        out.push(byte);
        self.length += 1;
        if self.length == LONGEST_RUN {
            out[self.head] = (LONGEST_RUN - 1) as u8;
            *self = Run::begin(out);
        }
    }

    /// Writes the count, or takes its place back.
    fn end(self, out: &mut Vec<u8>) {
        match self.length {
            0 => out.truncate(self.head),
            length => out[self.head] = (length - 1) as u8,
        }
    }
}

/// The bytes that these were before; none if they do not expand to exactly `length`.
pub(super) fn expand(input: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = input;
    while let Some((&control, behind)) = rest.split_first() {
        rest = behind;
        if usize::from(control) < LONGEST_RUN {
            let (run, behind) = rest.split_at_checked(usize::from(control) + 1)?;
            out.extend_from_slice(run);
            rest = behind;
        } else {
            let mut count = usize::from(control >> 5);
            if count == 7 {
                let (&more, behind) = rest.split_first()?;
                count += usize::from(more);
                rest = behind;
            }
            let (&low, behind) = rest.split_first()?;
            rest = behind;
            let from = out.len().checked_sub(((usize::from(control) & 0x1f) << 8 | usize::from(low)) + 1)?;
            for index in from..from + count + 2 {
                out.push(out[index]);
            }
        }
        if out.len() > length {
            return None;
        }
    }
    (out.len() == length).then_some(out)
}
