//! The clients, the network, the disks, and how lengths of time are drawn.

use super::*;

pub(crate) static CLIENT: Object = Object {
    name: "client",
    doc: "One cluster-aware client: it keeps a slot map, follows redirections, gives up and tries again.",
    keys: &[
        required("name", Kind::Name, r#""c1""#, "Its name."),
        with_default(
            "workload",
            Kind::Word(&[
                ("registers", "SET and GET of single keys, every written value unique"),
                ("counters", "INCR and GET"),
                ("lists", "RPUSH of unique elements, and LRANGE"),
                ("multi-key", "MSET and MGET of all keys of a hash tag"),
                ("transactions", "MULTI ... EXEC around SET or GET of all keys of a hash tag"),
                ("sessions", "SET with a time to live, and GET"),
                ("rate-limiter", "INCR per user and window, and EXPIRE by who came first"),
                ("cache-aside", "GET; what is missing is loaded and SET with a time to live"),
            ]),
            r#""registers""#,
            r#""counters""#,
            "What it does.",
        ),
        with_default(
            "profile",
            Kind::Word(&[
                ("plain", "a careful client of no particular make"),
                ("redis-cli", "`redis-cli -c`"),
                ("redis-py", "redis-py, class RedisCluster"),
                ("jedis", "Jedis, class JedisCluster"),
                ("lettuce", "Lettuce as delivered: no topology refresh"),
                ("lettuce-adaptive", "Lettuce with periodic and adaptive topology refresh"),
                ("go-redis", "go-redis, type ClusterClient"),
            ]),
            r#""plain""#,
            r#""redis-py""#,
            "Whose habits it has; `docs/clients.md` tells them.",
        ),
        with_default(
            "rate",
            Kind::Quantity(Quantity::Rate),
            r#""200/s""#,
            r#""10/s""#,
            "How often it starts an operation; one that is due while another runs waits for its end.",
        ),
        with_default(
            "pacing",
            Kind::Word(&[
                ("paced", "one is due at every beat; time that was lost by waiting is not made up for"),
                ("closed", "the next starts when one has ended; the rate does not count"),
                ("open", "one is due at every beat, and those that had to wait start as soon as they may"),
            ]),
            r#""paced""#,
            r#""open""#,
            "How its operations follow each other.",
        ),
        with_default(
            "concurrency",
            Kind::Whole(1, 100_000),
            "1",
            "16",
            "How many operations may be under way at once; those that go to one node are pipelined.",
        ),
        with_default("burst", Kind::Whole(1, 10_000), "1", "10", "How many operations start at once."),
        optional(
            "prefix",
            Kind::Name,
            r#""shared""#,
            "What its keys begin with; without it, its name. Clients with the same prefix share keys.",
        ),
        with_default("keys", Kind::Whole(1, 10_000_000), "100", "1000", "How many keys it uses."),
        with_default(
            "spread",
            Kind::Word(&[
                ("uniform", "all equally often"),
                ("zipf", "the first about as often as the next two together, as the next four ..."),
                ("hot", "nine of ten operations go to the first hundredth of the keys"),
            ]),
            r#""uniform""#,
            r#""hot""#,
            "How often each key is taken.",
        ),
        with_default(
            "group",
            Kind::Whole(1, 10_000_000),
            "1",
            "3",
            "So many keys share one hash tag, and so one slot; operations on several keys take all of one tag.",
        ),
        with_default("reads", RATIO, r#""1/2""#, r#""90%""#, "The share of reads."),
        optional(
            "reads-from",
            Kind::Word(&[
                ("master", "the master of the slot"),
                ("replica", "a replica of it, after READONLY"),
                ("any", "any of them"),
            ]),
            r#""replica""#,
            "Whom it asks for reads; without it as its profile says.",
        ),
        with_default(
            "life",
            SPAN,
            r#""30s""#,
            r#""500ms""#,
            "How long sessions, windows of a rate limiter and cached values live.",
        ),
        with_default(
            "load",
            SPAN,
            r#""10ms""#,
            r#""50ms""#,
            "How long it takes to load what a cache does not have.",
        ),
        optional(
            "wait",
            Kind::Object(&WAIT),
            r#"{ "replicas": 1, "timeout": "100ms" }"#,
            "Writes are followed by WAIT.",
        ),
        optional(
            "near",
            Kind::Name,
            r#""n1""#,
            "The node on whose side of a partition it stands, unless the partition names the client itself.",
        ),
        optional(
            "timeout",
            SPAN,
            r#""500ms""#,
            "How long it waits for one reply; without it as its profile says (plain: 1s).",
        ),
        optional(
            "retries",
            Kind::Whole(0, 1_000),
            "16",
            "How often it tries again after a passing error or a broken connection; without it as its profile says \
             (plain: 5).",
        ),
        optional(
            "redirects",
            Kind::Whole(0, 1_000),
            "16",
            "How many redirections it follows for one operation; without it as its profile says (plain: 16).",
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

pub(crate) static WAIT: Object = Object {
    name: "wait",
    doc: "WAIT after each write.",
    keys: &[
        required("replicas", Kind::Whole(1, 1_000), "1", "For so many replicas."),
        with_default("timeout", SPAN, r#""1s""#, r#""100ms""#, "So long at most."),
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

pub(crate) static PROCESS: Object = Object {
    name: "process",
    doc: "What takes processes long, besides network and disk. The defaults were measured with short strings.",
    keys: &[
        with_default(
            "fork-per-gib",
            SPAN,
            r#""29ms""#,
            r#""200ms""#,
            "For so long a process stands still to fork, for each GiB of its memory.",
        ),
        with_default(
            "save-per-key",
            SPAN,
            r#""1us""#,
            r#""1ms""#,
            "A child makes a key of a snapshot or of a log in this time.",
        ),
        with_default(
            "load-per-key",
            SPAN,
            r#""1450ns""#,
            r#""1ms""#,
            "A key of a snapshot, or a command of a log, is loaded in this time.",
        ),
    ],
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
