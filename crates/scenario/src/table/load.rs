//! The clients, the network, the disks, and how lengths of time are drawn.

use super::*;

pub(crate) static CLIENT: Object = Object {
    name: "client",
    doc: "One cluster-aware client: it keeps a slot map, follows redirections, gives up and tries again.",
    keys: &[
        required("name", Kind::Name, r#""c1""#, "Its name."),
        with_default(
            "workload",
            Kind::Word(&[("registers", "SET and GET of single keys, every written value unique")]),
            r#""registers""#,
            r#""registers""#,
            "What it does.",
        ),
        with_default(
            "rate",
            Kind::Quantity(Quantity::Rate),
            r#""200/s""#,
            r#""10/s""#,
            "How often it starts an operation; one that is due while another runs waits for its end.",
        ),
        with_default("keys", Kind::Whole(1, 1_000_000), "100", "1000", "How many keys it uses."),
        with_default("reads", RATIO, r#""1/2""#, r#""90%""#, "The share of reads."),
        optional(
            "near",
            Kind::Name,
            r#""n1""#,
            "The node on whose side of a partition it stands, unless the partition names the client itself.",
        ),
        with_default("timeout", SPAN, r#""1s""#, r#""500ms""#, "How long it waits for one reply."),
        with_default(
            "retries",
            Kind::Whole(0, 1_000),
            "5",
            "16",
            "How often it tries again after a redirection, a passing error or a broken connection.",
        ),
        with_default(
            "think",
            SPAN,
            r#""0s""#,
            r#""10ms""#,
            "The least pause between a reply and the next operation.",
        ),
    ],
    rules: &[],
};

const LATENCY: Kind = Kind::Or(&SPAN, &Kind::Union(&DISTRIBUTION));

pub(crate) static NETWORK: Object = Object {
    name: "network",
    doc: "The network between all hosts, clients included: one TCP connection per link, ordered and \
          reliable.",
    keys: &[
        with_default(
            "latency",
            LATENCY,
            r#"{ "exponential": { "mean": "850us", "min": "100us" } }"#,
            r#""1ms""#,
            "One-way time of a segment.",
        ),
        with_default(
            "loss",
            RATIO,
            r#""0/1""#,
            r#""1/100""#,
            "Share of segments that are lost and sent again.",
        ),
        optional(
            "bandwidth",
            Kind::Quantity(Quantity::Bandwidth),
            r#""10MB/s""#,
            "What each direction of a link carries; without it size costs no time.",
        ),
    ],
    rules: &[],
};

pub(crate) static DISK: Object = Object {
    name: "disk",
    doc: "The disk of every host: a page cache, and what is durable.",
    keys: &[with_default(
        "fsync",
        LATENCY,
        r#"{ "uniform": ["300us", "1200us"] }"#,
        r#""5ms""#,
        "Time of one fsync.",
    )],
    rules: &[],
};

pub(crate) static DISTRIBUTION: Union = Union {
    name: "distribution",
    doc: "How a length of time is drawn. A plain duration is always the same.",
    common: &[],
    rules: &[],
    variants: &[
        Object {
            name: "uniform",
            doc: "Every value between two is equally likely.",
            keys: &[required(
                "uniform",
                Kind::Pair(&SPAN),
                r#"["250us", "750us"]"#,
                "The least and the largest.",
            )],
            rules: &[],
        },
        Object {
            name: "exponential",
            doc: "Short times are common, long ones rare.",
            keys: &[required(
                "exponential",
                Kind::Object(&EXPONENTIAL),
                r#"{ "mean": "2ms", "min": "500us" }"#,
                "Mean and least value.",
            )],
            rules: &[],
        },
        Object {
            name: "bimodal",
            doc: "Mostly one distribution, now and then another.",
            keys: &[required(
                "bimodal",
                Kind::Object(&BIMODAL),
                r#"{ "usual": "1ms", "other": "80ms", "share": "1/50" }"#,
                "The two cases.",
            )],
            rules: &[],
        },
        Object {
            name: "quantiles",
            doc: "Measured; between two points the value is interpolated.",
            keys: &[required(
                "quantiles",
                Kind::Quantiles,
                r#"[[0, "200us"], [50, "400us"], ["99.9%", "9ms"], [100, "20ms"]]"#,
                "Pairs of percentile (a whole number, or text with tenths) and value, both ascending, from 0 \
                 to 100.",
            )],
            rules: &[],
        },
    ],
};

pub(crate) static EXPONENTIAL: Object = Object {
    name: "exponential",
    doc: "An exponential distribution that begins at a least value.",
    keys: &[
        required("mean", SPAN, r#""2ms""#, "Mean of the whole, the least value included."),
        with_default("min", SPAN, r#""0s""#, r#""500us""#, "The least value."),
    ],
    rules: &[],
};

pub(crate) static BIMODAL: Object = Object {
    name: "bimodal",
    doc: "Two distributions and how often the second is taken.",
    keys: &[
        required("usual", Kind::Or(&SPAN, &Kind::Union(&DISTRIBUTION)), r#""1ms""#, "The usual case."),
        required("other", Kind::Or(&SPAN, &Kind::Union(&DISTRIBUTION)), r#""80ms""#, "The other case."),
        required("share", RATIO, r#""1/50""#, "How often the other case is taken."),
    ],
    rules: &[],
};
