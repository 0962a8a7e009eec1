//! What a client does about redirections, errors, silence and a map that grows old.

/// Where a client has its slot map from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapSource {
    /// CLUSTER SLOTS (CM-7).
    Slots,
    /// CLUSTER SHARDS.
    Shards,
    /// It has none: it asks the node that answered last, and follows redirections.
    Redirections,
}

/// What a client does with its map when it is told MOVED. It follows every redirection at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The one slot is corrected, and every so many corrections a new map is fetched (1: each time).
    Correct {
        /// So many.
        map_every: u32,
    },
    /// A new map is fetched; until it is there the old one is believed.
    Refresh,
    /// Nothing: the next operation on the slot is redirected again.
    Ignore,
}

/// Whom a client asks for reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadFrom {
    /// The master of the slot.
    #[default]
    Master,
    /// A replica of it, after READONLY on that connection; the master if none is known.
    Replica,
    /// Any of them, all equally often.
    Any,
}

/// All habits of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Where the map is from.
    pub map: MapSource,
    /// What MOVED does to the map.
    pub moved: Moved,
    /// A new map is fetched so long after the last one, in ns, whatever happens.
    pub refresh_every_ns: Option<u64>,
    /// The least time between two maps, in ns.
    pub refresh_pause_ns: u64,
    /// Whether broken connections and passing errors make a new map wanted.
    pub refresh_on_trouble: bool,
    /// How many MOVED and ASK are followed for one operation.
    pub redirects: u32,
    /// How often an operation is tried again after a passing error, silence or a broken connection.
    pub retries: u32,
    /// The error codes that are taken as passing; every other one ends the operation.
    pub passing: &'static [&'static str],
    /// The pause before the first new try, in ns; each further one is twice as long.
    pub first_pause_ns: u64,
    /// The longest pause, in ns.
    pub longest_pause_ns: u64,
    /// How long it waits for a connection, and then for a reply, in ns.
    pub timeout_ns: u64,
    /// Whether a write that was sent and not answered is sent again. It may then have its effect twice; if not, its
    /// outcome is unknown.
    pub resends_writes: bool,
    /// Whom it asks for reads.
    pub read_from: ReadFrom,
}

impl Policy {
    /// How long to wait before the next try, after so many: doubling, with the upper half left to chance, so that clients
    /// that failed together do not come back together.
    pub(crate) fn pause_ns(&self, retries: u32, draw: &mut dyn FnMut(u32) -> u32) -> u64 {
        let longest = self.first_pause_ns.saturating_mul(1 << retries.min(16)).min(self.longest_pause_ns);
        let half_us = u32::try_from(longest / 2 / 1000).unwrap_or(u32::MAX - 1);
        (u64::from(half_us) + u64::from(draw(half_us + 1))) * 1000
    }

    /// Whether an error with this code passes by itself.
    pub(crate) fn passes(&self, code: &str) -> bool {
        self.passing.contains(&code)
    }
}

#[cfg(test)]
mod tests {
    use crate::profile;

    #[test]
    fn pauses_double_up_to_a_second() {
        let policy = profile("plain").expect("there is a plain profile").policy.clone();
        let longest = |retries| policy.pause_ns(retries, &mut |below| below - 1) / 1_000_000;
        assert_eq!([0, 1, 2, 9, 40].map(longest), [50, 100, 200, 1000, 1000]);
        assert_eq!(policy.pause_ns(0, &mut |_| 0), 25_000_000);
    }
}
