//! The stable codes of diagnostics, each with its title and its reason.

/// One kind of diagnostic. Codes are never reused: RC00 is about text, RC01 about shape, RC02 about
/// references, RC03 about time, RC04 about sense, RC05 are warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code, such as `RC0101`.
    pub id: &'static str,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it is refused and what to do.
    pub why: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $why:literal;)*) => {
        $(pub(crate) const $name: Code = Code { id: $id, title: $title, why: $why };)*
        /// Every code, ascending.
        pub const CODES: &[Code] = &[$($name),*];
    };
}

codes! {
    SYNTAX = "RC0001", "not JSON",
        "A scenario is one JSON object; comments and trailing commas are allowed, everything else of JSON5 \
         is not.";
    DUPLICATE_KEY = "RC0002", "the same key twice in one object",
        "JSON readers disagree on which of the two counts, so neither is taken.";
    OVERRIDE = "RC0003", "an option that leads nowhere",
        "`--set path=value` follows keys, list positions, and the `id` or `name` of list elements, joined by \
         dots.";
    UNKNOWN_KEY = "RC0101", "an unknown key",
        "A key that nobody reads is a wish that nobody hears: a misspelt fault would never happen. Keys that \
         begin with `x-`, and `$comment`, are free.";
    MISSING_KEY = "RC0102", "a key is missing",
        "The object means nothing without it.";
    WRONG_KIND = "RC0103", "a value of the wrong kind",
        "Each key wants one kind of value; durations and ratios are text with a unit, never bare numbers.";
    BAD_VALUE = "RC0104", "a text that cannot be read",
        "Durations are a whole number and a unit (ns, us, ms, s, min, h), ratios are `3/1000` or `0.3%`.";
    OUT_OF_RANGE = "RC0105", "a number out of range",
        "The message names the smallest and the largest value.";
    KEYS_EXCLUDE = "RC0106", "keys that do not go together",
        "An entry does one thing at one kind of time; some keys only mean something beside another one.";
    UNKNOWN_WORD = "RC0107", "an unknown word",
        "The key takes one of a few words; the message lists them.";
    LATER = "RC0108", "not in this version",
        "The format reserves this for a later version of rcsim.";
    UNKNOWN_NAME = "RC0201", "nobody has this name",
        "Nodes are n1.. (masters, then replicas) and e1.. (extra nodes); clients have the names the file \
         gives them.";
    UNKNOWN_EVENT = "RC0202", "no such event",
        "`rcsim list events` prints every event; a trigger or expectation on another name could never come \
         true.";
    UNKNOWN_FINDING = "RC0203", "no such finding",
        "`rcsim list invariants` prints every finding.";
    UNKNOWN_SETTING = "RC0204", "no such setting",
        "Settings have the names of redis.conf; `rcsim list settings` prints those that the simulator knows.";
    BAD_SETTING = "RC0205", "a setting refuses this value",
        "The ranges are those of CONFIG SET in Redis 7.0.15.";
    UNKNOWN_FAULT = "RC0206", "no such fault in the timeline",
        "`of` names an action word or the id of an entry; nothing in the timeline answers to this one.";
    NAME_TWICE = "RC0207", "a name used twice",
        "Names must be unique, so that reports can refer to them.";
    BAD_SLOT = "RC0208", "not a range of slots",
        "Slots are 0 to 16383; ranges ascend and do not overlap: `0-5460,7000`.";
    WRONG_TARGET = "RC0209", "a target that means nothing here",
        "`it` is the node of the triggering event, `*` is everybody else between the sides of a partition or \
         link; clients can be cut off and paused, but have no role, disk or process of their own.";
    AFTER_END = "RC0301", "it would happen after the end",
        "The run ends at `until`; what would come later never happens.";
    NEVER_HEALS = "RC0302", "a fault that does not end in time",
        "An `eventually` counts from the end of the last fault (or from the end it names), so that end must \
         come before the run's.";
    BOUND_AFTER_END = "RC0303", "a bound that ends after the run",
        "The run would end before the expectation can be judged.";
    ENDS_FIRST = "RC0304", "the end comes before the beginning",
        "The first of two times or sizes must not be the larger one.";
    OVERLAP = "RC0401", "groups that overlap",
        "Nobody can stand on two sides of one partition.";
    IMPOSSIBLE_CLUSTER = "RC0402", "a cluster that cannot be built",
        "Slots have at most one owner, replicas follow a master of the same cluster, and a simulation has at \
         most 2000 nodes.";
    CONTRADICTION = "RC0403", "expectations that contradict each other",
        "No run can meet both.";
    NO_QUORUM = "RC0501", "no failover is possible in this cluster",
        "With fewer than three masters the survivors are no majority (rules FD-8, FD-17): a dead master is \
         never replaced.";
    NO_SUCH_REPLICA = "RC0502", "a master without replicas",
        "There is nobody to take the part that this target means.";
    NO_EFFECT = "RC0503", "a setting without effect",
        "The setting is known and its value is allowed, but what it steers is not simulated.";
}

/// The code of this id, such as `RC0101`.
pub fn explain(id: &str) -> Option<&'static Code> {
    CODES.iter().find(|code| code.id == id)
}
