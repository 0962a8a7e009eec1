//! What is to be known of a command before it runs: its flags, in the words of COMMAND INFO.
//!
//! A declaration gives them as one text, read when the program is compiled; a word that is none does not compile. The
//! words with `@` are groups of commands; those that follow from the flags are not written out. Rules: RD-12, MF-11.

/// The flags and groups of a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(u64);

/// The flags in the order in which COMMAND INFO shows them.
const SHOWN: &[&str] = &[
    "write",
    "readonly",
    "denyoom",
    "admin",
    "pubsub",
    "noscript",
    "blocking",
    "loading",
    "stale",
    "skip_slowlog",
    "asking",
    "fast",
    "no_auth",
    "no_async_loading",
    "no_multi",
    "allow_busy",
    "movablekeys",
];

/// Flags that COMMAND INFO does not show: what may go into the stream although it is no write.
const HIDDEN: &[&str] = &["may_replicate"];

/// The groups in the order in which COMMAND INFO shows them.
const GROUPS: &[&str] = &[
    "@keyspace",
    "@read",
    "@write",
    "@list",
    "@string",
    "@pubsub",
    "@admin",
    "@fast",
    "@slow",
    "@blocking",
    "@dangerous",
    "@connection",
    "@transaction",
];

/// The groups that follow from a flag.
const IMPLIED: &[(&str, &str)] = &[
    ("write", "@write"),
    ("readonly", "@read"),
    ("admin", "@admin"),
    ("admin", "@dangerous"),
    ("pubsub", "@pubsub"),
    ("fast", "@fast"),
    ("blocking", "@blocking"),
];

impl Flags {
    pub(super) const WRITE: Flags = Flags::of("write");
    pub(super) const READONLY: Flags = Flags::of("readonly");
    pub(super) const DENY_OOM: Flags = Flags::of("denyoom");
    pub(super) const LOADING: Flags = Flags::of("loading");
    pub(super) const STALE: Flags = Flags::of("stale");
    pub(super) const PUBSUB: Flags = Flags::of("pubsub");
    pub(super) const ASKING: Flags = Flags::of("asking");
    pub(super) const NO_AUTH: Flags = Flags::of("no_auth");
    pub(super) const NO_MULTI: Flags = Flags::of("no_multi");
    /// What waits while writes are paused (MF-11).
    pub(super) const MAY_REPLICATE: Flags = Flags(Flags::of("write").0 | Flags::of("may_replicate").0);
    pub(super) const NONE: Flags = Flags(0);

    /// The flags that these words name. Does not compile, if it is evaluated then, with a word that is none.
    pub(super) const fn of(words: &str) -> Flags {
        let text = words.as_bytes();
        let (mut bits, mut start) = (0, 0);
        while start < text.len() {
            let mut end = start;
            while end < text.len() && text[end] != b' ' {
                end += 1;
            }
            bits |= bit(text, start, end);
            start = end + 1;
        }
        Flags(bits)
    }

    /// All flags that are not set.
    pub(crate) const fn inverse(self) -> Flags {
        Flags(!self.0)
    }

    /// Whether any of these flags is set.
    pub(super) const fn any(self, flags: Flags) -> bool {
        self.0 & flags.0 != 0
    }

    /// The flags of both.
    pub(crate) const fn and(self, flags: Flags) -> Flags {
        Flags(self.0 | flags.0)
    }

    /// The words of the flags, as COMMAND INFO shows them.
    pub(super) fn words(self) -> impl Iterator<Item = &'static str> {
        SHOWN.iter().copied().filter(move |word| self.any(Flags::of(word)))
    }

    /// The groups that the command is in, as COMMAND INFO shows them.
    pub(super) fn groups(self) -> impl Iterator<Item = &'static str> {
        let mut all = self;
        for (flag, group) in IMPLIED {
            if self.any(Flags::of(flag)) {
                all = all.and(Flags::of(group));
            }
        }
        if !self.any(Flags::of("fast")) {
            all = all.and(Flags::of("@slow"));
        }
        GROUPS.iter().copied().filter(move |group| all.any(Flags::of(group)))
    }
}

/// The bit of the word that stands between two places of a text.
const fn bit(text: &[u8], start: usize, end: usize) -> u64 {
    let lists = [SHOWN, HIDDEN, GROUPS];
    let (mut list, mut number) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            if is(text, start, end, lists[list][index].as_bytes()) {
                return 1 << number;
            }
            (index, number) = (index + 1, number + 1);
        }
        list += 1;
    }
    panic!("a command is declared with a flag that does not exist")
}

const fn is(text: &[u8], start: usize, end: usize, word: &[u8]) -> bool {
    if end - start != word.len() {
        return false;
    }
    let mut index = 0;
    while index < word.len() {
        if text[start + index] != word[index] {
            return false;
        }
        index += 1;
    }
    true
}
