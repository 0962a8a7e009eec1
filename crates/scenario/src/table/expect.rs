//! What must come of a scenario.

use super::*;

const STATES: &[(&str, &str)] = &[
    ("cluster-ok", "`cluster_state:ok` in every view"),
    ("cluster-fail", "`cluster_state:fail` in every view"),
    ("converged", "all views agree on members, roles and slot owners, and nobody is PFAIL or FAIL"),
    ("replicas-attached", "every replica's link to its master is up"),
    ("slots-covered", "every slot has an owner that is alive and serves it"),
    ("epochs-distinct", "no two masters have the same config epoch"),
];

const CAUSES: &[(&str, &str)] = &[
    ("replication-window", "the master failed before the write had reached its successor"),
    (
        "isolated-master",
        "a master without contact to the majority acknowledged it, and another one had or got its slots",
    ),
    ("last-words", "the old master acknowledged it after another node had taken over"),
    ("stale-successor", "the node that took over had lost touch with its master before the write"),
    ("foreign-successor", "the node that took over had come from another shard and had never had its data"),
    ("empty-successor", "the node that serves the slot started without its data"),
    ("forced-failover", "the failover was forced: nobody waited until the replica had everything"),
    ("manual-failover", "it is missing after a manual failover, which must not lose anything"),
    ("full-resync", "the data set that had it was overwritten by a full resync"),
    ("aof-policy", "the process ended before the write was in its append-only file"),
    ("migration", "its slot was given to another node"),
    ("late-write", "an older write that its client had given up arrived after it"),
    ("unknown", "nothing that was seen explains it"),
];

const COUNTED: Kind = Kind::Or(&Kind::Whole(0, u64::MAX), &Kind::Object(&COUNT));

const fn eyes() -> Key {
    optional(
        "node",
        Kind::Target,
        r#""n1""#,
        "In whose eyes; without it, of every live node that belongs to the cluster.",
    )
}

const fn whose() -> Key {
    optional("node", Kind::Target, r#""n4""#, "Only events of these nodes count.")
}

const fn asker() -> Key {
    optional(
        "client",
        Kind::Name,
        r#""c1""#,
        "Only operations of this client count; without it, those of all.",
    )
}

pub(crate) static EXPECT: Union = Union {
    name: "expectation",
    doc: "One thing that must hold. In `expect` it is judged over the whole run, in a `check` entry over the \
          run so far.",
    common: &[],
    rules: &[],
    variants: &[
        Object {
            name: "eventually",
            doc: "A state is reached in time and kept: it holds without a break from the end of the bound at \
                  the latest until the next timeline entry acts or the run ends.",
            keys: &[
                required("eventually", Kind::Word(STATES), r#""cluster-ok""#, "The state."),
                required("within", SPAN, r#""12s""#, "The bound."),
                optional(
                    "of",
                    Kind::Anchor,
                    r#""crash""#,
                    "What the bound counts from: an action word, the id of an entry, or the end of one \
                     (`end-of:partition`). Without it, from the end of the last fault.",
                ),
                eyes(),
            ],
            rules: &[],
        },
        Object {
            name: "state",
            doc: "A state holds at the end of the run, or at the moment of the check.",
            keys: &[required("state", Kind::Word(STATES), r#""converged""#, "The state."), eyes()],
            rules: &[],
        },
        Object {
            name: "event",
            doc: "An event is seen, once or more unless a count is given.",
            keys: &[
                required("event", Kind::Event, r#""election-won""#, "Its name."),
                whose(),
                with_default(
                    "count",
                    COUNTED,
                    r#"{ "at-least": 1 }"#,
                    "1",
                    "How often: a number is exact, an object gives bounds.",
                ),
            ],
            rules: &[],
        },
        Object {
            name: "never",
            doc: "An event is not seen.",
            keys: &[required("never", Kind::Event, r#""promoted""#, "Its name."), whose()],
            rules: &[],
        },
        Object {
            name: "finding",
            doc: "The run shows this finding, or one of this known weakness: the scenario demonstrates it, and fails \
                  without it.",
            keys: &[required("finding", Kind::Finding, r#""S11""#, "Its name.")],
            rules: &[],
        },
        Object {
            name: "lost-acknowledged-writes",
            doc: "How many acknowledged writes are lost.",
            keys: &[
                required("lost-acknowledged-writes", COUNTED, r#"{ "at-most": 50 }"#, "The number."),
                optional(
                    "because",
                    Kind::Word(CAUSES),
                    r#""isolated-master""#,
                    "Only those that are gone for this reason count.",
                ),
            ],
            rules: &[],
        },
        Object {
            name: "answered",
            doc: "How many operations are answered with success.",
            keys: &[required("answered", COUNTED, r#"{ "at-least": 1000 }"#, "The number."), asker()],
            rules: &[],
        },
        Object {
            name: "stale-reads",
            doc: "How many reads of registers, sessions and counters did not see a write that had been acknowledged before \
                  they were asked for, and is not lost.",
            keys: &[required("stale-reads", COUNTED, r#"{ "at-least": 1 }"#, "The number."), asker()],
            rules: &[],
        },
        Object {
            name: "availability",
            doc: "At least this share of the operations are answered with success.",
            keys: &[required("availability", RATIO, r#""95%""#, "The least share."), asker()],
            rules: &[],
        },
        Object {
            name: "owner",
            doc: "Slots belong to a node in the view of every live node.",
            keys: &[required(
                "owner",
                Kind::Object(&OWNER),
                r#"{ "slots": "0-5460", "is": "n4" }"#,
                "Which and whose.",
            )],
            rules: &[],
        },
        Object {
            name: "role",
            doc: "A node plays a part in its own view.",
            keys: &[required(
                "role",
                Kind::Object(&ROLE),
                r#"{ "node": "n1", "is": "replica", "of": "n4" }"#,
                "Who and which.",
            )],
            rules: &[],
        },
    ],
};

pub(crate) static COUNT: Object = Object {
    name: "count",
    doc: "Bounds of a number.",
    keys: &[
        optional("at-least", Kind::Whole(0, u64::MAX), "1", "The least number; without it 0."),
        optional("at-most", Kind::Whole(0, u64::MAX), "3", "The largest number."),
    ],
    rules: &[Rule::AtLeastOne(&["at-least", "at-most"])],
};

pub(crate) static OWNER: Object = Object {
    name: "owner",
    doc: "Who owns slots.",
    keys: &[
        required("slots", Kind::Slots, r#""0-5460""#, "The slots."),
        required("is", Kind::Target, r#""n4""#, "The node."),
    ],
    rules: &[],
};

pub(crate) static ROLE: Object = Object {
    name: "role",
    doc: "What a node is.",
    keys: &[
        required("node", Kind::Target, r#""n1""#, "The node."),
        required(
            "is",
            Kind::Word(&[("master", "a master, with or without slots"), ("replica", "a replica")]),
            r#""replica""#,
            "The part.",
        ),
        optional("of", Kind::Target, r#""n4""#, "The master it follows; only for replicas."),
    ],
    rules: &[],
};
