//! Statistics: what a node counts of its work, since it started or since CONFIG RESETSTAT.
//!
//! Each count is a number that is added to where the thing happens, so nobody pays for them until INFO shows them. Rules:
//! CM-27. Never: decides anything.

use std::collections::BTreeMap;

use rcsim_protocol::Reply;

/// Samples that the rate of commands is an average of; one is taken with each timer.
const SAMPLES: usize = 16;

/// What a node has counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) connections: u64,
    /// Connections that came although there were too many.
    pub(crate) rejected_connections: u64,
    /// Commands that ran.
    pub(crate) commands: u64,
    /// How often each of them ran or did not, in the order in which they came first. There are few, so looking through
    /// them is cheap.
    calls: Vec<(&'static str, Calls)>,
    rate: Rate,
    /// Errors that were replied, and by their code.
    pub(crate) error_replies: u64,
    errors: BTreeMap<Box<str>, u64>,
    pub(crate) expired_keys: u64,
    pub(crate) keyspace_hits: u64,
    pub(crate) keyspace_misses: u64,
    pub(crate) full_syncs: u64,
    pub(crate) partial_syncs: u64,
    /// Replicas that could not go on where they stopped.
    pub(crate) refused_partial_syncs: u64,
    pub(crate) forks: u64,
}

/// What became of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    /// It ran.
    pub(crate) calls: u64,
    /// It was refused before.
    pub(crate) rejected: u64,
    /// It ran, and replied an error.
    pub(crate) failed: u64,
}

/// How many commands run in a second.
#[derive(Clone, Debug, Default)]
struct Rate {
    samples: [u64; SAMPLES],
    next: usize,
    last_ms: i64,
    last_count: u64,
}

impl Stats {
    /// A command ran.
    pub(crate) fn called(&mut self, name: &'static str, failed: bool) {
        self.commands += 1;
        let calls = self.calls_of(name);
        calls.calls += 1;
        calls.failed += u64::from(failed);
    }

    /// A command was refused.
    pub(crate) fn rejected(&mut self, name: &'static str) {
        self.calls_of(name).rejected += 1;
    }

    fn calls_of(&mut self, name: &'static str) -> &mut Calls {
        let known = self.calls.iter().position(|(known, _)| *known == name);
        let index = known.unwrap_or_else(|| {
            self.calls.push((name, Calls::default()));
            self.calls.len() - 1
        });
        &mut self.calls[index].1
    }

    /// What became of the commands that came, in the order of their names.
    pub(crate) fn calls(&self) -> Vec<(&'static str, Calls)> {
        let mut calls = self.calls.clone();
        calls.sort_by_key(|(name, _)| *name);
        calls
    }

    /// Something is replied; errors are counted by the word that they begin with.
    pub(crate) fn replied(&mut self, reply: &Reply) {
        let Reply::Error(text) = reply else { return };
        self.error_replies += 1;
        let code = text.split(' ').next().unwrap_or_default();
        match self.errors.get_mut(code) {
            Some(count) => *count += 1,
            None => {
                self.errors.insert(code.into(), 1);
            }
        }
    }

    /// The codes of errors that were replied, in order, and how often each was.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.errors.iter().map(|(code, count)| (&**code, *count))
    }

    /// A key was looked up by a command that reads.
    pub(crate) fn looked_up(&mut self, found: bool) {
        if found {
            self.keyspace_hits += 1;
        } else {
            self.keyspace_misses += 1;
        }
    }

    /// Notes how many commands ran since the last sample.
    pub(crate) fn sample(&mut self, now_ms: i64) {
        let rate = &mut self.rate;
        let (span_ms, commands) = (now_ms - rate.last_ms, self.commands - rate.last_count);
        // The first sample has nothing before it.
        if rate.last_ms != 0 && span_ms > 0 {
            rate.samples[rate.next] = commands * 1000 / span_ms as u64;
            rate.next = (rate.next + 1) % SAMPLES;
        }
        (rate.last_ms, rate.last_count) = (now_ms, self.commands);
    }

    /// Commands in a second, of late.
    pub(crate) fn commands_per_second(&self) -> u64 {
        self.rate.samples.iter().sum::<u64>() / SAMPLES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_an_average_of_the_last_samples() {
        let mut stats = Stats::default();
        stats.sample(1_000_000);
        for tick in 1..=40 {
            (0..5).for_each(|_| stats.called("get", false));
            stats.sample(1_000_000 + tick * 100);
        }
        assert_eq!(stats.commands_per_second(), 50);
        (41..=60).for_each(|tick| stats.sample(1_000_000 + tick * 100));
        assert_eq!(stats.commands_per_second(), 0);
    }

    #[test]
    fn errors_are_counted_by_their_code() {
        let mut stats = Stats::default();
        for text in ["MOVED 1 10.0.0.1:6379", "ERR no", "MOVED 2 10.0.0.1:6379"] {
            stats.replied(&Reply::error(text));
        }
        stats.replied(&Reply::ok());
        assert_eq!(stats.errors().collect::<Vec<_>>(), [("ERR", 1), ("MOVED", 2)]);
        assert_eq!(stats.error_replies, 3);
    }
}
