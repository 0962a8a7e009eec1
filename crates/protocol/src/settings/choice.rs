//! The directives whose value is one of a few words.

use super::value::{Directive, Reason, Value};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// The word for it in redis.conf.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl Value for $name {
            const CHOICES: &'static [&'static str] = &[$($word),*];

            fn parse(_: &Directive, text: &str) -> Result<$name, Reason> {
                $(if text.eq_ignore_ascii_case($word) {
                    return Ok($name::$variant);
                })*
                Err(Reason::NotAChoice(Self::CHOICES))
            }

            fn print(&self) -> String {
                self.word().to_owned()
            }
        }
    };
}

choice! {
    /// What redirections and slot maps name a node by (rules CF-15, RD-16).
    EndpointType {
        /// Its IP address.
        Ip = "ip",
        /// Its announced hostname, `?` where it has none.
        Hostname = "hostname",
        /// Nothing: the client keeps the host it asked.
        UnknownEndpoint = "unknown-endpoint",
    }
}

choice! {
    /// When the append-only file is synced (rule CF-25).
    AppendFsync {
        /// About once a second.
        EverySec = "everysec",
        /// Before any reply.
        Always = "always",
        /// When the operating system likes.
        No = "no",
    }
}

choice! {
    /// How a replica loads what it is sent in a full synchronization (rules CF-21, RP-21).
    DisklessLoad {
        /// Through a file.
        Disabled = "disabled",
        /// From the socket if it holds no keys.
        OnEmptyDb = "on-empty-db",
        /// From the socket, beside the old data.
        SwapDb = "swapdb",
    }
}

choice! {
    /// What is evicted when memory runs out.
    MaxmemoryPolicy {
        /// The least recently used of the keys that expire.
        VolatileLru = "volatile-lru",
        /// The least frequently used of the keys that expire.
        VolatileLfu = "volatile-lfu",
        /// Any of the keys that expire.
        VolatileRandom = "volatile-random",
        /// The key that expires soonest.
        VolatileTtl = "volatile-ttl",
        /// The least recently used key.
        AllkeysLru = "allkeys-lru",
        /// The least frequently used key.
        AllkeysLfu = "allkeys-lfu",
        /// Any key.
        AllkeysRandom = "allkeys-random",
        /// Nothing: writes are refused.
        NoEviction = "noeviction",
    }
}

choice! {
    /// How much Redis would log.
    LogLevel {
        /// Everything.
        Debug = "debug",
        /// Much.
        Verbose = "verbose",
        /// What matters in production.
        Notice = "notice",
        /// Only what is critical.
        Warning = "warning",
    }
}
