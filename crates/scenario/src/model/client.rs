//! The clients of a scenario: what they do, how often, and how patient they are.

use super::{Rate, Ratio, Span};

/// One cluster-aware client and its load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSpec {
    /// Its name; never the name of a node.
    pub name: String,
    /// What it does.
    pub workload: Workload,
    /// Whose habits it has.
    pub profile: Profile,
    /// How often it starts an operation.
    pub rate: Rate,
    /// How its operations follow each other.
    pub pacing: Pacing,
    /// How many operations may be under way at once; at least 1.
    pub concurrency: u32,
    /// How many operations start at once; at least 1.
    pub burst: u32,
    /// What its keys begin with; without it, its name. Clients with the same prefix share keys.
    pub prefix: Option<String>,
    /// How many keys it uses; at least 1.
    pub keys: u32,
    /// How often each of them.
    pub spread: Spread,
    /// So many keys share one hash tag; 1: no tags.
    pub group: u32,
    /// The share of reads among its operations.
    pub reads: Ratio,
    /// Whom it asks for reads; without it as its profile says.
    pub reads_from: Option<ReadsFrom>,
    /// How long sessions, windows and cached values live.
    pub life: Span,
    /// How long it takes to load what a cache does not have.
    pub load: Span,
    /// Writes are followed by WAIT.
    pub wait: Option<Wait>,
    /// The node on whose side of a partition it stands, unless the partition names the client itself.
    pub near: Option<String>,
    /// How long it waits for one reply; without it as its profile says.
    pub timeout: Option<Span>,
    /// How often it tries again after an error that may pass or a broken connection; without it as its profile says.
    pub retries: Option<u32>,
    /// How many redirections it follows for one operation; without it as its profile says.
    pub redirects: Option<u32>,
    /// The least pause between a reply and the next operation.
    pub think: Span,
}

/// WAIT after each write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// For so many replicas.
    pub replicas: u32,
    /// So long at most.
    pub timeout: Span,
}

macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[$about:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$about])+ $variant,)+
        }

        impl $name {
            /// Each of them, with its word in the file.
            pub const ALL: &'static [($name, &'static str)] = &[$(($name::$variant, $word)),+];

            /// The word, as in the file.
            pub fn word(self) -> &'static str {
                Self::ALL.iter().find(|(it, _)| *it == self).map_or("", |(_, word)| word)
            }

            /// What this word means.
            pub fn from_word(word: &str) -> Option<$name> {
                Self::ALL.iter().find(|(_, known)| *known == word).map(|(it, _)| *it)
            }
        }
    };
}

words! {
    /// What a client does.
    Workload {
        /// SET and GET of single keys; every written value is unique, so that each read names its write.
        #[default]
        Registers = "registers",
        /// INCR and GET.
        Counters = "counters",
        /// RPUSH of unique elements, and LRANGE.
        Lists = "lists",
        /// MSET and MGET of all keys of a hash tag.
        MultiKey = "multi-key",
        /// MULTI … EXEC around SET or GET of all keys of a hash tag.
        Transactions = "transactions",
        /// SET with a time to live, and GET.
        Sessions = "sessions",
        /// INCR per user and window, and EXPIRE by who came first.
        RateLimiter = "rate-limiter",
        /// GET; what is missing is loaded and SET with a time to live.
        CacheAside = "cache-aside",
    }
}

words! {
    /// Whose habits a client has.
    Profile {
        /// A careful client of no particular make.
        #[default]
        Plain = "plain",
        /// `redis-cli -c`.
        RedisCli = "redis-cli",
        /// redis-py, class RedisCluster.
        RedisPy = "redis-py",
        /// Jedis, class JedisCluster.
        Jedis = "jedis",
        /// Lettuce as delivered: no topology refresh.
        Lettuce = "lettuce",
        /// Lettuce with periodic and adaptive topology refresh.
        LettuceAdaptive = "lettuce-adaptive",
        /// go-redis, type ClusterClient.
        GoRedis = "go-redis",
    }
}

words! {
    /// How the operations of a client follow each other.
    Pacing {
        /// One is due at every beat of the rate; time that was lost by waiting is not made up for.
        #[default]
        Paced = "paced",
        /// The next starts when one has ended; the rate does not count.
        Closed = "closed",
        /// One is due at every beat of the rate, and those that had to wait start as soon as they may.
        Open = "open",
    }
}

words! {
    /// How often each key is taken.
    Spread {
        /// All equally often.
        #[default]
        Uniform = "uniform",
        /// The first about as often as the next two together, as the next four …
        Zipf = "zipf",
        /// Nine of ten operations go to the first hundredth of the keys.
        Hot = "hot",
    }
}

words! {
    /// Whom a client asks for reads.
    ReadsFrom {
        /// The master of the slot.
        #[default]
        Master = "master",
        /// A replica, after READONLY.
        Replica = "replica",
        /// Any of them.
        Any = "any",
    }
}

impl ClientSpec {
    /// A client with every default: 200 operations a second over 100 keys, half of them reads.
    pub fn named(name: &str) -> ClientSpec {
        ClientSpec {
            name: name.to_owned(),
            workload: Workload::Registers,
            profile: Profile::Plain,
            rate: Rate { count: 200, per: Span::from_secs(1) },
            pacing: Pacing::Paced,
            concurrency: 1,
            burst: 1,
            prefix: None,
            keys: 100,
            spread: Spread::Uniform,
            group: 1,
            reads: Ratio { numerator: 1, denominator: 2 },
            reads_from: None,
            life: Span::from_secs(30),
            load: Span::from_millis(10),
            wait: None,
            near: None,
            timeout: None,
            retries: None,
            redirects: None,
            think: Span::ZERO,
        }
    }
}
