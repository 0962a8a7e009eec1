//! What is done to the cluster, and when.

use super::*;

const fn lasts(doc: &'static str) -> Key {
    optional("for", SPAN, r#""6s""#, doc)
}

const UNTIL_HEALED: &str = "How long; without it, until a `heal` or the end of the run.";
const UNTIL_THE_END: &str = "How long; without it, until the end of the run.";

const fn single(name: &'static str, keys: &'static [Key], doc: &'static str) -> Object {
    Object { name, doc, keys, rules: &[] }
}

pub(crate) static TIMELINE: Union = Union {
    name: "timeline entry",
    doc: "One action and its time. Exactly one of `at`, `every` and `when` says when, exactly one action key \
          says what.",
    common: &[
        optional(
            "id",
            Kind::Name,
            r#""first-crash""#,
            "Its name in reports and in `of`; without it the action word and a number, such as `crash-1`.",
        ),
        optional("at", SPAN, r#""20s""#, "Once, at this time."),
        optional("every", SPAN, r#""5s""#, "Again and again, at this distance."),
        optional(
            "from",
            SPAN,
            r#""10s""#,
            "With `every`: the first time; without it, the distance after the start.",
        ),
        optional("to", SPAN, r#""60s""#, "With `every`: no time is later; without it, the end of the run."),
        optional("times", Kind::Whole(1, 1_000_000), "3", "With `every`: at most so often."),
        optional("when", Kind::Object(&WHEN), r#"{ "event": "promoted" }"#, "Once, when an event is seen."),
        optional("after", SPAN, r#""10s""#, "With `when`: how long after the event; without it, at once."),
        with_default(
            "must-fire",
            Kind::Flag,
            "true",
            "false",
            "Whether a run in which the entry never bit is vacuous (exit code 5).",
        ),
    ],
    rules: &[
        Rule::ExactlyOne(&["at", "every", "when"]),
        Rule::Needs("from", "every"),
        Rule::Needs("to", "every"),
        Rule::Needs("times", "every"),
        Rule::Needs("after", "when"),
    ],
    variants: &[
        single(
            "crash",
            &[required(
                "crash",
                Kind::Target,
                r#""n1""#,
                "The process dies as by `kill -9`: connections are reset, the page cache survives.",
            )],
            "A process dies.",
        ),
        single(
            "power-off",
            &[required(
                "power-off",
                Kind::Target,
                r#""n1""#,
                "The host dies: black hole, and what was not synced is lost.",
            )],
            "A host dies.",
        ),
        single(
            "restart",
            &[
                required(
                    "restart",
                    Kind::Target,
                    r#""n1""#,
                    "The process starts again; one that runs is left alone.",
                ),
                with_default(
                    "disk",
                    Kind::Word(&[
                        ("kept", "what the last process left there"),
                        ("empty", "nothing, not even nodes.conf: it is a new node"),
                    ]),
                    r#""kept""#,
                    r#""empty""#,
                    "What the new process finds on its disk.",
                ),
                with_default(
                    "address",
                    Kind::Word(&[
                        ("same", "where the last process listened"),
                        ("new", "at an address that nobody has used in this run"),
                    ]),
                    r#""same""#,
                    r#""new""#,
                    "Where it listens.",
                ),
            ],
            "A process starts again.",
        ),
        single(
            "pause",
            &[
                required("pause", Kind::Target, r#""n1""#, "SIGSTOP."),
                lasts("How long; without it, until a `resume` or the end of the run."),
            ],
            "A process is stopped.",
        ),
        single(
            "resume",
            &[required("resume", Kind::Target, r#""n1""#, "SIGCONT.")],
            "A stopped process goes on.",
        ),
        single(
            "partition",
            &[
                required(
                    "partition",
                    Kind::List(2, &Kind::Target),
                    r#"[["n1", "c1"], ["*"]]"#,
                    "Groups between which nothing passes, both ways; `*` is everybody else. Who is in no \
                     group keeps all links.",
                ),
                lasts(UNTIL_HEALED),
            ],
            "A black hole between groups.",
        ),
        single(
            "cut",
            &[
                required("cut", Kind::Object(&CUT), r#"{ "from": "n1", "to": "n2" }"#, "Which way is cut."),
                lasts(UNTIL_HEALED),
            ],
            "A one-way black hole.",
        ),
        single(
            "heal",
            &[required("heal", Kind::Yes, "true", "Ends all partitions, cuts and network faults.")],
            "The network is whole again.",
        ),
        single(
            "network",
            &[
                required(
                    "network",
                    Kind::Object(&LINK_FAULT),
                    r#"{ "between": ["n1", "*"], "loss": "1/20" }"#,
                    "Which links, and what is wrong with them.",
                ),
                lasts(UNTIL_HEALED),
            ],
            "A worse link.",
        ),
        single(
            "clock",
            &[
                required(
                    "clock",
                    Kind::Object(&CLOCK_FAULT),
                    r#"{ "node": "n1", "jump": "-10s" }"#,
                    "Whose clock, and what is wrong with it.",
                ),
                lasts(
                    "How long; then a step is taken back and the speed is right again. Without it, for good.",
                ),
            ],
            "A wall clock goes wrong.",
        ),
        single(
            "disk",
            &[
                required(
                    "disk",
                    Kind::Object(&DISK_FAULT),
                    r#"{ "node": "n2", "fsync": "stall" }"#,
                    "Whose disk, and what is wrong with it.",
                ),
                lasts(UNTIL_THE_END),
            ],
            "A disk goes wrong.",
        ),
        single(
            "slow",
            &[
                required(
                    "slow",
                    Kind::Object(&SLOW),
                    r#"{ "node": "n1", "loop": "80ms" }"#,
                    "Who, and how slow.",
                ),
                lasts(UNTIL_THE_END),
            ],
            "A slow event loop.",
        ),
        single(
            "command",
            &[
                required(
                    "command",
                    Kind::Object(&COMMAND),
                    r#"{ "node": "n4", "argv": ["CLUSTER", "FAILOVER"] }"#,
                    "To whom, and what.",
                ),
                optional(
                    "reply",
                    Kind::Or(&Kind::Text, &Kind::Union(&REPLY)),
                    r#""OK""#,
                    "What the reply must be: exactly this text, or an object. An integer is compared in \
                     decimal, nil as `(nil)`, an array as its members one per line, an error with its code \
                     and without `-`.",
                ),
            ],
            "A raw command of the operator.",
        ),
        single(
            "check",
            &[required(
                "check",
                Kind::List(1, &Kind::Union(&EXPECT)),
                r#"[ { "state": "cluster-ok" } ]"#,
                "What must hold at this moment; an `eventually` counts from here.",
            )],
            "Expectations at that moment.",
        ),
    ],
};

pub(crate) static WHEN: Object = Object {
    name: "trigger",
    doc: "The event that an entry waits for.",
    keys: &[
        required("event", Kind::Event, r#""election-started""#, "Its name."),
        optional("node", Kind::Target, r#""n4""#, "Only events of these nodes count."),
        with_default("nth", Kind::Whole(1, 1_000_000_000), "1", "2", "The how manieth such event is meant."),
    ],
    rules: &[],
};

pub(crate) static CUT: Object = Object {
    name: "cut",
    doc: "Nothing passes from the one to the other; the way back is open.",
    keys: &[
        required("from", Kind::Target, r#""n1""#, "The senders."),
        required("to", Kind::Target, r#""n2""#, "The receivers."),
    ],
    rules: &[],
};

pub(crate) static LINK_FAULT: Object = Object {
    name: "network fault",
    doc: "What is wrong with the links between two ends; what is not given stays as it is.",
    keys: &[
        required("between", Kind::Pair(&Kind::Target), r#"["n1", "*"]"#, "The two ends."),
        optional(
            "latency",
            Kind::Or(&SPAN, &Kind::Union(&DISTRIBUTION)),
            r#""150ms""#,
            "One-way time of a segment.",
        ),
        optional("loss", RATIO, r#""1/100""#, "Share of segments that are lost and sent again."),
        with_default("drop", Kind::Messages, "[]", r#""fail""#, "Bus messages of these kinds vanish."),
        with_default("refuse", Kind::Flag, "false", "true", "New connections are refused."),
        with_default(
            "reset",
            Kind::Flag,
            "false",
            "true",
            "Standing connections are reset once, at the beginning.",
        ),
        optional(
            "bandwidth",
            Kind::Quantity(Quantity::Bandwidth),
            r#""64kB/s""#,
            "What each direction carries.",
        ),
        with_default(
            "one-way",
            Kind::Flag,
            "false",
            "true",
            "Only the way from the first end to the second is meant.",
        ),
    ],
    rules: &[Rule::AtLeastOne(&["latency", "loss", "drop", "refuse", "reset", "bandwidth"])],
};

pub(crate) static CLOCK_FAULT: Object = Object {
    name: "clock fault",
    doc: "What is wrong with a wall clock.",
    keys: &[
        required("node", Kind::Target, r#""n1""#, "Whose clock."),
        optional("jump", Kind::Quantity(Quantity::Shift), r#""-10s""#, "One step, forward or back."),
        optional("drift", Kind::Quantity(Quantity::Ppm), r#""200ppm""#, "A wrong speed."),
    ],
    rules: &[Rule::AtLeastOne(&["jump", "drift"])],
};

pub(crate) static DISK_FAULT: Object = Object {
    name: "disk fault",
    doc: "What is wrong with a disk.",
    keys: &[
        required("node", Kind::Target, r#""n2""#, "Whose disk."),
        optional(
            "fsync",
            Kind::Or(
                &Kind::Word(&[
                    ("stall", "does not return before the fault ends"),
                    ("fail", "returns an error"),
                    ("lie", "returns at once and has written nothing"),
                ]),
                &Kind::Object(&FSYNC),
            ),
            r#""stall""#,
            "What happens to fsync.",
        ),
        optional(
            "write",
            Kind::Word(&[("stall", "does not return before the fault ends")]),
            r#""stall""#,
            "What happens to writes, and to what changes names.",
        ),
        with_default("full", Kind::Flag, "false", "true", "No space is left."),
    ],
    rules: &[Rule::AtLeastOne(&["fsync", "write", "full"])],
};

pub(crate) static FSYNC: Object = Object {
    name: "slow fsync",
    doc: "An fsync that takes long.",
    keys: &[required("slow", Kind::Or(&SPAN, &Kind::Union(&DISTRIBUTION)), r#""2s""#, "How long.")],
    rules: &[],
};

pub(crate) static SLOW: Object = Object {
    name: "slow",
    doc: "Every turn of the event loop takes longer.",
    keys: &[
        required("node", Kind::Target, r#""n1""#, "Whose event loop."),
        required("loop", SPAN, r#""80ms""#, "The extra time of one turn."),
    ],
    rules: &[],
};

pub(crate) static COMMAND: Object = Object {
    name: "command",
    doc: "A command and who gets it.",
    keys: &[
        required("node", Kind::Target, r#""n4""#, "To which nodes it is sent."),
        required(
            "argv",
            Kind::List(1, &Kind::Text),
            r#"["CLUSTER", "FAILOVER"]"#,
            "Command and arguments. An argument `id-of:n1` stands for the node id of n1, `ip-of:n1`, \
             `port-of:n1` for its address.",
        ),
    ],
    rules: &[],
};

pub(crate) static REPLY: Union = Union {
    name: "reply",
    doc: "What a reply must be.",
    common: &[],
    rules: &[],
    variants: &[
        single(
            "starts-with",
            &[required("starts-with", Kind::Text, r#""cluster_state:ok""#, "It begins so, and is no error.")],
            "The beginning.",
        ),
        single(
            "contains",
            &[required("contains", Kind::Text, r#""connected""#, "It contains this, and is no error.")],
            "A part.",
        ),
        single(
            "error",
            &[required("error", Kind::Text, r#""ERR You should send""#, "It is an error that begins so.")],
            "An error.",
        ),
    ],
};
