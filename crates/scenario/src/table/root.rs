//! The scenario itself, its budget and its nemesis.

use super::*;

pub(crate) static SCENARIO: Object = Object {
    name: "scenario",
    doc: "One scenario: with a seed and the version of rcsim it determines a run.",
    keys: &[
        optional(
            "$schema",
            Kind::Text,
            r#""../scenario.schema.json""#,
            "Path of the JSON Schema, for editors.",
        ),
        with_default("format", Kind::Whole(1, 1), "1", "1", "Version of the format."),
        required("name", Kind::Text, r#""a master dies""#, "Short title, shown at the head of every report."),
        optional(
            "description",
            Kind::Lines,
            r#"["A master dies.", "Its replica takes over."]"#,
            "What happens and why it is worth watching; a list is read as paragraphs.",
        ),
        with_default(
            "cluster",
            Kind::Object(&CLUSTER),
            "{}",
            r#"{ "masters": 3 }"#,
            "The nodes and how they start.",
        ),
        with_default(
            "clients",
            Kind::List(0, &Kind::Object(&CLIENT)),
            "[]",
            r#"[ { "name": "c1" } ]"#,
            "The clients and their load.",
        ),
        with_default(
            "network",
            Kind::Object(&NETWORK),
            "{}",
            r#"{ "latency": "1ms" }"#,
            "The network as long as no fault touches it.",
        ),
        with_default(
            "disk",
            Kind::Object(&DISK),
            "{}",
            r#"{ "fsync": "2ms" }"#,
            "The disks as long as no fault touches them.",
        ),
        with_default(
            "process",
            Kind::Object(&PROCESS),
            "{}",
            r#"{ "load-per-key": "1ms" }"#,
            "How long processes take for what takes them long.",
        ),
        with_default(
            "timeline",
            Kind::List(0, &Kind::Union(&TIMELINE)),
            "[]",
            r#"[ { "at": "20s", "crash": "n1" } ]"#,
            "What is done to the cluster, in any order.",
        ),
        optional(
            "nemesis",
            Kind::Object(&NEMESIS),
            r#"{ "faults": { "crash": 1 } }"#,
            "A random fault plan, drawn from the seed into an explicit timeline before the run.",
        ),
        with_default(
            "expect",
            Kind::List(0, &Kind::Union(&EXPECT)),
            "[]",
            r#"[ { "event": "promoted" } ]"#,
            "What must hold over the whole run; the built-in invariants judge in any case.",
        ),
        with_default("until", SPAN, r#""60s""#, r#""90s""#, "Virtual time at which the run ends."),
        optional("seed", Kind::Seed, r#""0x51ed270b""#, "The seed to use when the command line names none."),
        with_default(
            "wire",
            Kind::Word(&[
                ("fast", "bus messages travel as values"),
                ("checked", "every bus message is encoded and decoded on every hop, and compared"),
            ]),
            r#""fast""#,
            r#""checked""#,
            "How bus messages travel.",
        ),
        with_default(
            "known-weaknesses",
            Kind::List(0, &Kind::Weakness),
            "[]",
            r#"["EL-05"]"#,
            "Weaknesses of Redis 7.0.15 that the run may show without failing, by the entry of the weakness \
             or by the finding.",
        ),
        optional("budget", Kind::Object(&BUDGET), r#"{ "events": 1000000 }"#, "What the run may cost."),
    ],
    rules: &[],
};

pub(crate) static BUDGET: Object = Object {
    name: "budget",
    doc: "What a run may cost before it ends with the verdict \"unknown\" (exit code 6).",
    keys: &[required("events", Kind::Whole(1, u64::MAX), "1000000", "Events that the engine may process.")],
    rules: &[],
};

pub(crate) static NEMESIS: Object = Object {
    name: "nemesis",
    doc: "A random fault plan. `rcsim plan FILE --seed N` prints the explicit timeline that it becomes.",
    keys: &[
        with_default("from", SPAN, r#""10s""#, r#""20s""#, "No fault begins earlier."),
        optional(
            "to",
            SPAN,
            r#""60s""#,
            "Every fault is over here; without it, at two thirds of the run, which leaves time to recover.",
        ),
        required(
            "faults",
            Kind::Object(&NEMESIS_FAULTS),
            r#"{ "crash": 1, "partition": 2 }"#,
            "The families of faults to draw from, each with its weight.",
        ),
        with_default(
            "gap",
            Kind::Pair(&SPAN),
            r#"["1s", "8s"]"#,
            r#"["500ms", "4s"]"#,
            "Shortest and longest time between the beginnings of two faults.",
        ),
        with_default(
            "length",
            Kind::Pair(&SPAN),
            r#"["500ms", "12s"]"#,
            r#"["1s", "20s"]"#,
            "Shortest and longest length of a fault.",
        ),
        with_default("at-most-at-once", Kind::Whole(1, 100), "1", "2", "So many faults may overlap."),
        with_default(
            "keep-majority",
            Kind::Flag,
            "true",
            "false",
            "Whether more than half of the masters always run and reach each other.",
        ),
    ],
    rules: &[],
};

const WEIGHT: Kind = Kind::Whole(0, 1_000);

const fn weight(name: &'static str, doc: &'static str) -> Key {
    with_default(name, WEIGHT, "0", "1", doc)
}

pub(crate) static NEMESIS_FAULTS: Object = Object {
    name: "nemesis faults",
    doc: "Weights of the fault families; a family of weight 0 is never drawn, and one weight at least is not \
          0.",
    keys: &[
        weight("crash", "`kill -9`, then a restart with the disk kept."),
        weight("power-off", "The host dies, then a restart with what was synced."),
        weight("pause", "SIGSTOP, then SIGCONT."),
        weight("partition", "Two groups that do not hear each other."),
        weight("cut", "A one-way black hole between two nodes."),
        weight("network", "A slow or lossy link."),
        weight("clock", "A clock that jumps or drifts."),
        weight("disk", "An fsync that stalls, is slow or fails, or a full disk."),
        weight("slow", "A slow event loop."),
    ],
    rules: &[],
};
