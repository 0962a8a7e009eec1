//! The pause of clients: for whom, why, and until when.
//!
//! Rules: MF-11, MF-12, MF-14, MF-16. Keeps: each purpose has its own pause, and the strictest and the last of them hold;
//! the end of one only moves forward.

/// Why clients wait. Each purpose ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PausePurpose {
    /// CLIENT PAUSE.
    Command,
    /// A replica takes over by hand (MF-11).
    Failover,
    /// The process is about to end (RB-7).
    Shutdown,
}

/// Which commands wait; the later one is the stricter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Paused {
    /// Those that may change data.
    Writes,
    /// All.
    All,
}

/// The pause that one purpose asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    what: Paused,
    /// In ms.
    until: i64,
}

/// All pauses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pause {
    asked: [Option<Asked>; 3],
    /// What they come to.
    now: Option<Asked>,
}

impl Pause {
    /// Asks for a pause; one that is there for this purpose is made stricter and longer, never shorter (MF-14).
    pub(super) fn begin(&mut self, purpose: PausePurpose, what: Paused, until: i64, now_ms: i64) {
        let asked = &mut self.asked[purpose as usize];
        let (before, end) = asked.map_or((what, until), |asked| (asked.what, asked.until));
        *asked = Some(Asked { what: what.max(before), until: until.max(end) });
        self.sum_up(now_ms);
    }

    /// Ends the pause for a purpose.
    pub(super) fn end(&mut self, purpose: PausePurpose, now_ms: i64) {
        self.asked[purpose as usize] = None;
        self.sum_up(now_ms);
    }

    /// Ends what has lasted until its time.
    pub(super) fn expire(&mut self, now_ms: i64) {
        if self.now.is_some_and(|pause| pause.until < now_ms) {
            self.sum_up(now_ms);
        }
    }

    fn sum_up(&mut self, now_ms: i64) {
        for asked in &mut self.asked {
            *asked = asked.filter(|asked| asked.until >= now_ms);
        }
        self.now = self
            .asked
            .into_iter()
            .flatten()
            .reduce(|one, other| Asked { what: one.what.max(other.what), until: one.until.max(other.until) });
    }

    /// Which commands wait, if any.
    pub(crate) fn now(&self) -> Option<Paused> {
        self.now.map(|pause| pause.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mf_14_the_strictest_and_the_last_pause_hold_and_each_ends_by_itself() {
        let mut pause = Pause::default();
        pause.begin(PausePurpose::Failover, Paused::Writes, 100, 0);
        pause.begin(PausePurpose::Failover, Paused::Writes, 50, 0);
        pause.expire(100);
        assert_eq!(pause.now(), Some(Paused::Writes), "the end only moves forward");
        pause.begin(PausePurpose::Command, Paused::All, 300, 0);
        pause.begin(PausePurpose::Command, Paused::Writes, 10, 0);
        assert_eq!(pause.now(), Some(Paused::All), "nor does it get milder");
        pause.end(PausePurpose::Command, 90);
        assert_eq!(pause.now(), Some(Paused::Writes));
        pause.expire(101);
        assert_eq!(pause.now(), None);
    }
}
