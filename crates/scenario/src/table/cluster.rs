//! The nodes.

use super::*;

pub(crate) static CLUSTER: Object = Object {
    name: "cluster",
    doc: "The nodes. Masters are `n1`.., with the slots split as redis-cli splits them; then come the \
          replicas, dealt round-robin: in a 3+3 cluster `n4` follows `n1`. Every node is a host of its \
          own.",
    keys: &[
        with_default("masters", Kind::Whole(1, 1_000), "3", "5", "How many masters."),
        with_default("replicas", Kind::Whole(0, 20), "1", "2", "How many replicas each master has."),
        with_default(
            "extra",
            Kind::Whole(0, 100),
            "0",
            "1",
            "How many empty nodes `e1`.. run beside the cluster without belonging to it.",
        ),
        with_default(
            "formed",
            Kind::Flag,
            "true",
            "false",
            "Whether the cluster is formed and stable at time 0; otherwise all nodes start bare.",
        ),
        with_default(
            "settings",
            Kind::Settings,
            "{}",
            r#"{ "cluster-node-timeout": "5s" }"#,
            "Settings of all nodes, by their names in redis.conf; durations may carry a unit.",
        ),
        with_default(
            "nodes",
            Kind::List(0, &Kind::Object(&NODE)),
            "[]",
            r#"[ { "name": "n4", "clock": { "offset": "-2s" } } ]"#,
            "What is different on single nodes.",
        ),
    ],
    rules: &[],
};

pub(crate) static NODE: Object = Object {
    name: "node",
    doc: "What is different on one node.",
    keys: &[
        required("name", Kind::Name, r#""n4""#, "The node."),
        with_default(
            "settings",
            Kind::Settings,
            "{}",
            r#"{ "cluster-replica-no-failover": "yes" }"#,
            "Settings that win over those of the cluster.",
        ),
        with_default(
            "clock",
            Kind::Object(&CLOCK_SPEC),
            "{}",
            r#"{ "drift": "200ppm" }"#,
            "How far its wall clock is from virtual time.",
        ),
        optional(
            "slots",
            Kind::Slots,
            r#""0-8191""#,
            "The slots it owns at time 0 instead of its even share; only for masters of a formed cluster.",
        ),
        optional(
            "replica-of",
            Kind::Name,
            r#""n2""#,
            "The master it follows at time 0 instead of the one dealt to it; only for replicas of a formed \
             cluster.",
        ),
    ],
    rules: &[],
};

pub(crate) static CLOCK_SPEC: Object = Object {
    name: "clock of a node",
    doc: "How far a node's wall clock is from virtual time.",
    keys: &[
        with_default(
            "offset",
            Kind::Quantity(Quantity::Shift),
            r#""+0s""#,
            r#""-2s""#,
            "The difference at time 0.",
        ),
        with_default(
            "drift",
            Kind::Quantity(Quantity::Ppm),
            r#""0ppm""#,
            r#""200ppm""#,
            "How the difference grows.",
        ),
    ],
    rules: &[],
};
