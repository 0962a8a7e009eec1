//! An acknowledged write that is gone, and why.

use std::sync::Arc;

use crate::record::Place;

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $word:literal, $sentence:literal;)+) => {
        /// Why an acknowledged write is gone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum LossCause {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl LossCause {
            /// Each of them, with its word in scenarios and reports.
            pub const ALL: &'static [(LossCause, &'static str)] = &[$((LossCause::$variant, $word)),+];

            /// The word.
            pub const fn word(self) -> &'static str {
                match self { $(LossCause::$variant => $word,)+ }
            }

            /// What happened, for people.
            pub const fn sentence(self) -> &'static str {
                match self { $(LossCause::$variant => $sentence,)+ }
            }
        }
    };
}

causes! {
    /// The master failed before the write had reached the replica that took over (LW-1).
    ReplicationWindow = "replication-window",
        "the master failed before the write had reached its successor";
    /// The master had been cut off from the majority when it acknowledged (LW-2).
    IsolatedMaster = "isolated-master",
        "a master without contact to the majority acknowledged it, and another one had or got its slots";
    /// The master acknowledged after its successor had been promoted, before it knew.
    LastWords = "last-words",
        "the old master acknowledged it after another node had taken over";
    /// The successor had not followed its master for a while, or had started with old data (LW-9).
    StaleSuccessor = "stale-successor",
        "the node that took over had lost touch with its master before the write";
    /// The successor had come from another shard and had never copied the data of its new master (W-EL-03).
    ForeignSuccessor = "foreign-successor",
        "the node that took over had come from another shard and had never had its data";
    /// The node that serves the slot had started without the data.
    EmptySuccessor = "empty-successor",
        "the node that serves the slot started without its data";
    /// FORCE or TAKEOVER: nobody waited for the offsets to be equal (LW-4).
    ForcedFailover = "forced-failover",
        "the failover was forced: nobody waited until the replica had everything";
    /// A default CLUSTER FAILOVER: it must not lose anything (MF-8).
    ManualFailover = "manual-failover",
        "it is missing after a manual failover, which must not lose anything";
    /// The copy of the data that had it was replaced by that of another node (LW-8).
    FullResync = "full-resync",
        "the data set that had it was overwritten by a full resync";
    /// It was not in the append-only file when the process ended (LW-3).
    AofPolicy = "aof-policy",
        "the process ended before the write was in its append-only file";
    /// Its slot went to another node by command (LW-5, LW-7).
    Migration = "migration",
        "its slot was given to another node";
    /// A client gave up on an older write and went on; the older one arrived all the same, after the newer one.
    LateWrite = "late-write",
        "an older write that its client had given up arrived after it";
    /// Nothing that was seen explains it.
    Unknown = "unknown",
        "nothing that was seen explains it";
}

impl LossCause {
    /// The cause of this word.
    pub fn from_word(word: &str) -> Option<LossCause> {
        LossCause::ALL.iter().find(|(_, known)| *known == word).map(|(cause, _)| *cause)
    }
}

/// An acknowledged write that is neither there at the end nor overwritten by a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Number of the client, from 0.
    pub client: u32,
    /// The key.
    pub key: Arc<str>,
    /// The command: SET, INCR, RPUSH …
    pub command: &'static str,
    /// The number that was written, or the count that the client was told.
    pub value: u64,
    /// The node that acknowledged it, if it is known.
    pub acknowledged_by: Option<Place>,
    /// When the client was told, in ns.
    pub acknowledged_ns: u64,
    /// How many replicas had it by the word of WAIT.
    pub replicas: Option<u32>,
    /// The node that served its slot when it was found missing.
    pub owner: Place,
    /// When it was found missing, in ns.
    pub noticed_ns: u64,
    /// Why.
    pub cause: LossCause,
    /// Settings and commands that would have narrowed the window, and were not used.
    pub remedies: Vec<&'static str>,
}
