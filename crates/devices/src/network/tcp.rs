//! The timings of TCP as Linux has them by default, and the delays that lost segments cause.
//!
//! Simplified on purpose: a lost segment costs whole retransmission timeouts (no fast retransmit, no
//! selective acknowledgement), and the window is unlimited.

use rcsim_engine::{Nanos, Oracle, Span};

/// The largest payload of one segment, in bytes: Ethernet's 1500 less the headers with timestamps.
const SEGMENT: u32 = 1448;
/// The first retransmission timeout.
const FIRST_TIMEOUT: Span = Span::from_millis(200);
/// The longest retransmission timeout.
const LONGEST_TIMEOUT: Span = Span::from_secs(120);
/// Retransmissions of data before the connection is given up (`tcp_retries2`): 924.6 s.
pub(super) const DATA_RETRIES: u8 = 15;
/// Retransmissions on behalf of a socket that nobody owns any more (`tcp_orphan_retries`).
pub(super) const ORPHAN_RETRIES: u8 = 8;
/// Repetitions of a request for a connection (`tcp_syn_retries`): given up after 127 s.
pub(super) const SYN_RETRIES: u8 = 6;

/// How long the sender waits for an acknowledgement before transmission number `attempt` + 1: 200 ms,
/// doubling, at most 120 s.
pub(super) fn retransmission_timeout(attempt: u8) -> Span {
    (FIRST_TIMEOUT * (1u64 << attempt.min(32))).min(LONGEST_TIMEOUT)
}

/// How long the opener waits for an answer to its request number `attempt`: 1 s, doubling.
pub(super) fn syn_timeout(attempt: u8) -> Span {
    Span::from_secs(1 << attempt.min(SYN_RETRIES))
}

/// How often the segment at this position gets lost in a row: each time `per_million` of a million.
pub(super) fn losses(oracle: &Oracle, position: u64, segment: u64, per_million: u32) -> u8 {
    let lost = |attempt: &u8| {
        let bits = oracle.draw(position, segment << 8 | u64::from(*attempt)) >> 32;
        (bits * 1_000_000) >> 32 < u64::from(per_million)
    };
    (0..DATA_RETRIES).take_while(lost).count() as u8
}

/// The delay of a message whose segments get lost with this chance, and how many retransmissions it took. The
/// slowest segment decides, for the stream is ordered.
pub(super) fn loss_delay(
    oracle: &Oracle,
    lane: u64,
    now: Nanos,
    bytes: u32,
    per_million: u32,
) -> (Span, u64) {
    let position = oracle.draw(lane, now.0);
    let segments = u64::from(bytes.div_ceil(SEGMENT).max(1));
    let (mut worst, mut total) = (0, 0);
    for segment in 0..segments {
        let lost = losses(oracle, position, segment, per_million);
        worst = worst.max(lost);
        total += u64::from(lost);
    }
    let delay = (0..worst).fold(Span::ZERO, |sum, attempt| sum + retransmission_timeout(attempt));
    (delay, total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcsim_engine::Streams;

    #[test]
    fn timeouts_are_those_of_linux() {
        let sum = |count| (0..count).map(retransmission_timeout).fold(Span::ZERO, |a, b| a + b);
        assert_eq!(sum(3), Span::from_millis(1400));
        assert_eq!(sum(DATA_RETRIES + 1), Span::from_millis(924_600));
        let syn = (0..=SYN_RETRIES).map(syn_timeout).fold(Span::ZERO, |a, b| a + b);
        assert_eq!(syn, Span::from_secs(127));
    }

    #[test]
    fn loss_is_as_frequent_as_asked_and_grows_with_the_message() {
        let oracle = Streams::new(1).oracle("loss", &[]);
        let delayed = |bytes, per_million| {
            let delay = |n| loss_delay(&oracle, 1, Nanos(n), bytes, per_million).0;
            (0..10_000).filter(|n| !delay(*n).is_zero()).count()
        };
        assert!((850..=1150).contains(&delayed(100, 100_000)));
        assert!((2480..=2940).contains(&delayed(3 * SEGMENT, 100_000)), "1 - 0.9^3 = 27.1 %");
        assert_eq!((delayed(100, 0), delayed(100, 1_000_000)), (0, 10_000));
    }
}
