//! The table of all directives: each stands here once, and nowhere else.
//!
//! A row reads: name, deprecated alias if any => field: type = default, unit (with range), when it can be
//! changed, effect, meaning.

use std::net::IpAddr;
use std::sync::Arc;

use super::choice::{AppendFsync, DisklessLoad, EndpointType, LogLevel, MaxmemoryPolicy};
use super::directive::{Change, Directive, Effect, Unit};
use super::output_limits::OutputLimits;
use super::value::Value;

const I32: i32 = i32::MAX;
const I64: i64 = i64::MAX;
const U64: u64 = u64::MAX;

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

macro_rules! directives {
    ($($name:literal $(or $alias:literal)? => $field:ident: $type:ty = $default:literal,
        $unit:ident $(($min:literal, $max:expr))?, $change:ident, $effect:ident, $meaning:literal;)*) => {
        /// The value of every directive of one node.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Settings {
            $(
                #[doc = concat!("`", $name, "`, [`Unit::", stringify!($unit), "`], [`Effect::",
                    stringify!($effect), "`], default `", $default, "`: ", $meaning, ".")]
                pub $field: $type,
            )*
        }

        pub(super) static DIRECTIVES: &[Directive] = &[$(Directive {
            name: $name,
            alias: optional!($($alias)?),
            unit: Unit::$unit,
            range: optional!($(($min as i128, $max as i128))?),
            choices: <$type as Value>::CHOICES,
            default: $default,
            change: Change::$change,
            effect: Effect::$effect,
            meaning: $meaning,
            parse: |settings, directive, text| Ok(settings.$field = Value::parse(directive, text)?),
            print: |settings| settings.$field.print(),
        }),*];

        impl Default for Settings {
            fn default() -> Settings {
                let mut directives = DIRECTIVES.iter();
                Settings { $($field: default_of(directives.next()),)* }
            }
        }
    };
}

/// The default of a directive; the fields of [`Settings`] stand in the order of the table.
fn default_of<T: Value>(directive: Option<&Directive>) -> T {
    let directive = directive.expect("there is a row for every field");
    match T::parse(directive, directive.default) {
        Ok(value) => value,
        Err(reason) => panic!("the default of {} is not legal: {reason}", directive.name),
    }
}

directives! {
    "cluster-enabled" => cluster_enabled: bool = "no", YesNo, AtStart, Live,
        "run as a node of a cluster (CF-1)";
    "cluster-config-file" => cluster_config_file: String = "nodes.conf", Text, AtStart, Live,
        "the file that the node keeps its view of the cluster in (CF-2, NC-1)";
    "cluster-node-timeout" => cluster_node_timeout: i64 = "15000", Milliseconds(0, I64), AtRunTime, Live,
        "how long a node may be silent before it counts as failing; many other delays follow from it (CF-3)";
    "cluster-port" => cluster_port: u16 = "0", Count(0, 65535), AtStart, Live,
        "the port of the cluster bus; 0 means client port + 10000 (CF-4)";
    "cluster-replica-validity-factor" or "cluster-slave-validity-factor" =>
        cluster_replica_validity_factor: i32 = "10", Count(0, I32), AtRunTime, Live,
        "how old, in node timeouts, the data of a candidate may be; 0 means any age (CF-5, EL-5)";
    "cluster-migration-barrier" => cluster_migration_barrier: i32 = "1", Count(0, I32), AtRunTime, Live,
        "how many working replicas a master keeps when one moves to an orphaned master (CF-6, RM-2)";
    "cluster-allow-replica-migration" =>
        cluster_allow_replica_migration: bool = "yes", YesNo, AtRunTime, Live,
        "replicas may move to orphaned masters, and masters without slots become replicas (CF-7, RM-1, SO-9)";
    "cluster-require-full-coverage" => cluster_require_full_coverage: bool = "yes", YesNo, AtRunTime, Live,
        "the cluster is down for all slots while one of them is not covered (CF-8, ST-3)";
    "cluster-replica-no-failover" or "cluster-slave-no-failover" =>
        cluster_replica_no_failover: bool = "no", YesNo, AtRunTime, Live,
        "this replica does not stand for election unless told to by hand (CF-9, EL-2)";
    "cluster-allow-reads-when-down" => cluster_allow_reads_when_down: bool = "no", YesNo, AtRunTime, Live,
        "reads are served while the cluster is down (CF-10, RD-6)";
    "cluster-allow-pubsubshard-when-down" =>
        cluster_allow_pubsubshard_when_down: bool = "yes", YesNo, AtRunTime, Live,
        "sharded pub/sub is served while the cluster is down (CF-11, RD-6)";
    "cluster-link-sendbuf-limit" => cluster_link_sendbuf_limit: u64 = "0", Bytes(0, U64), AtRunTime, Live,
        "a link with more unsent bytes than this is closed; 0 means never (CF-12, LK-9)";
    "cluster-announce-ip" => cluster_announce_ip: Option<IpAddr> = "", Ip, AtRunTime, Live,
        "the IP address that this node claims to have (CF-13)";
    "cluster-announce-port" => cluster_announce_port: u16 = "0", Count(0, 65535), AtRunTime, Live,
        "the client port that this node claims to have; 0 means the real one (CF-13)";
    "cluster-announce-tls-port" => cluster_announce_tls_port: u16 = "0", Count(0, 65535), AtRunTime, Live,
        "the TLS client port that this node claims to have; 0 means the real one (CF-13)";
    "cluster-announce-bus-port" => cluster_announce_bus_port: u16 = "0", Count(0, 65535), AtRunTime, Live,
        "the bus port that this node claims to have; 0 means the real one (CF-13)";
    "cluster-announce-hostname" => cluster_announce_hostname: Option<Arc<str>> = "", Text, AtRunTime, Live,
        "the hostname that this node tells the others (CF-14, WR-6)";
    "cluster-preferred-endpoint-type" =>
        cluster_preferred_endpoint_type: EndpointType = "ip", Choice, AtRunTime, Live,
        "what redirections and slot maps name nodes by (CF-15, RD-16)";
    "hz" => hz: u32 = "10", Count(0, I32), AtRunTime, Live,
        "how often a second the server cron runs, brought into 1 to 500 (CF-16, LP-7)";
    "dynamic-hz" => dynamic_hz: bool = "yes", YesNo, AtRunTime, Live,
        "run the server cron more often where there are many clients (CF-16, LP-7)";

    "port" => port: u16 = "6379", Count(0, 65535), AtRunTime, Live,
        "the client port (CF-32)";
    "tls-port" => tls_port: u16 = "0", Count(0, 65535), AtRunTime, Live,
        "the TLS client port; 0 means none (CF-32)";
    "tls-cluster" => tls_cluster: bool = "no", YesNo, AtRunTime, Live,
        "the bus uses TLS, and nodes are known by their TLS ports (CF-32)";
    "tls-replication" => tls_replication: bool = "no", YesNo, AtRunTime, Outside,
        "replication uses TLS";

    "repl-timeout" => repl_timeout: i64 = "60", Seconds(1, I32), AtRunTime, Live,
        "how long a replication link may be silent before it is closed (CF-17, RP-12, RP-22)";
    "repl-ping-replica-period" or "repl-ping-slave-period" =>
        repl_ping_replica_period: i64 = "10", Seconds(1, I32), AtRunTime, Live,
        "how often a master puts a PING into its replication stream (CF-18, RP-3, EL-5)";
    "repl-backlog-size" => repl_backlog_size: u64 = "1mb", Bytes(1, I64), AtRunTime, Live,
        "how much of the stream a master keeps for replicas that come back; at least 16 KiB is (CF-19, RP-6)";
    "repl-backlog-ttl" => repl_backlog_ttl: i64 = "3600", Seconds(0, I64), AtRunTime, Live,
        "how long a master without replicas keeps that part; 0 means for ever (CF-19, RP-7)";
    "repl-diskless-sync" => repl_diskless_sync: bool = "yes", YesNo, AtRunTime, Live,
        "a full synchronization goes to the sockets without a file (CF-20, RP-18)";
    "repl-diskless-sync-delay" => repl_diskless_sync_delay: i64 = "5", Seconds(0, I32), AtRunTime, Live,
        "how long a master waits for more replicas before it starts one (CF-20, RP-18)";
    "repl-diskless-sync-max-replicas" =>
        repl_diskless_sync_max_replicas: i32 = "0", Count(0, I32), AtRunTime, Live,
        "with so many replicas waiting it starts at once; 0 means it never does (CF-20, RP-18)";
    "repl-diskless-load" => repl_diskless_load: DisklessLoad = "disabled", Choice, AtRunTime, Live,
        "how a replica loads what it is sent (CF-21, RP-21)";
    "repl-disable-tcp-nodelay" => repl_disable_tcp_nodelay: bool = "no", YesNo, AtRunTime, Outside,
        "let TCP gather small writes to replicas";
    "min-replicas-to-write" or "min-slaves-to-write" =>
        min_replicas_to_write: i32 = "0", Count(0, I32), AtRunTime, Live,
        "a master with fewer good replicas refuses writes; 0 means never (CF-22, RP-23)";
    "min-replicas-max-lag" or "min-slaves-max-lag" =>
        min_replicas_max_lag: i64 = "10", Seconds(0, I32), AtRunTime, Live,
        "a replica silent for longer is not good (CF-22, RP-23)";
    "replica-read-only" or "slave-read-only" => replica_read_only: bool = "yes", YesNo, AtRunTime, Live,
        "a replica refuses writes (CF-23)";
    "replica-serve-stale-data" or "slave-serve-stale-data" =>
        replica_serve_stale_data: bool = "yes", YesNo, AtRunTime, Live,
        "a replica without its master goes on serving reads (CF-24)";
    "replica-priority" or "slave-priority" =>
        replica_priority: i32 = "100", Count(0, I32), AtRunTime, Outside,
        "Sentinel's order of preference; a cluster does not look at it";
    "replica-announced" => replica_announced: bool = "yes", YesNo, AtRunTime, Outside,
        "Sentinel may see this replica; a cluster does not look at it";
    "replica-announce-ip" or "slave-announce-ip" =>
        replica_announce_ip: String = "", Text, AtRunTime, Live,
        "the address that a replica tells its master for INFO";
    "replica-announce-port" or "slave-announce-port" =>
        replica_announce_port: u16 = "0", Count(0, 65535), AtRunTime, Live,
        "the port that a replica tells its master for INFO; 0 means the real one";
    "client-output-buffer-limit" => client_output_buffer_limit: OutputLimits =
        "normal 0 0 0 slave 256mb 64mb 60 pubsub 32mb 8mb 60", OutputLimits, AtRunTime, Live,
        "how much may pile up for a client before it is closed: at once, or for so many seconds (RP-22)";
    "replica-lazy-flush" or "slave-lazy-flush" => replica_lazy_flush: bool = "no", YesNo, AtRunTime, DataPath,
        "a replica drops its old data in the background";
    "replica-ignore-maxmemory" or "slave-ignore-maxmemory" =>
        replica_ignore_maxmemory: bool = "yes", YesNo, AtRunTime, Live,
        "a replica has no limit of its own";

    "appendonly" => appendonly: bool = "no", YesNo, AtRunTime, Live,
        "keep an append-only file (CF-25)";
    "appendfsync" => appendfsync: AppendFsync = "everysec", Choice, AtRunTime, Live,
        "when the append-only file is synced (CF-25)";
    "no-appendfsync-on-rewrite" => no_appendfsync_on_rewrite: bool = "no", YesNo, AtRunTime, Live,
        "do not sync the append-only file while it is rewritten or a snapshot is saved (CF-26)";
    "aof-load-truncated" => aof_load_truncated: bool = "yes", YesNo, AtRunTime, Live,
        "load an append-only file although its end is missing (CF-26)";
    "aof-use-rdb-preamble" => aof_use_rdb_preamble: bool = "yes", YesNo, AtRunTime, Live,
        "the base of an append-only file is a snapshot (CF-26)";
    "aof-timestamp-enabled" => aof_timestamp_enabled: bool = "no", YesNo, AtRunTime, DataPath,
        "write the time into the append-only file (CF-26)";
    "auto-aof-rewrite-percentage" =>
        auto_aof_rewrite_percentage: i32 = "100", Count(0, I32), AtRunTime, Live,
        "rewrite the append-only file when it grew by so many per cent; 0 means never (CF-27, AO-12)";
    "auto-aof-rewrite-min-size" =>
        auto_aof_rewrite_min_size: u64 = "64mb", Bytes(0, I64), AtRunTime, Live,
        "but not while it is smaller than this (CF-27, AO-12)";
    "appendfilename" => appendfilename: String = "appendonly.aof", FileName, AtStart, Live,
        "the name that the files of the append-only file begin with (CF-28, AO-1)";
    "appenddirname" => appenddirname: String = "appendonlydir", FileName, AtStart, Live,
        "the directory of these files (CF-28, AO-1)";
    "save" => save: Vec<(u64, u64)> = "3600 1 300 100 60 10000", SavePoints, AtRunTime, Live,
        "when a snapshot is saved: after so many seconds with so many changes (CF-29, RB-1)";
    "stop-writes-on-bgsave-error" => stop_writes_on_bgsave_error: bool = "yes", YesNo, AtRunTime, Live,
        "refuse writes when the last snapshot failed (CF-30, RB-3)";
    "dbfilename" => dbfilename: String = "dump.rdb", FileName, Protected, Live,
        "the file of the snapshot";
    "rdbcompression" => rdbcompression: bool = "yes", YesNo, AtRunTime, Live,
        "compress strings in snapshots";
    "rdbchecksum" => rdbchecksum: bool = "yes", YesNo, AtStart, DataPath,
        "put a checksum at the end of snapshots";
    "shutdown-timeout" => shutdown_timeout: i64 = "10", Seconds(0, I32), AtRunTime, Live,
        "how long a shutdown waits for replicas to catch up (CF-31, RB-7)";
    "maxmemory" => maxmemory: u64 = "0", Bytes(0, U64), AtRunTime, Live,
        "refuse above this what may need memory; 0 means no limit";
    "maxmemory-policy" => maxmemory_policy: MaxmemoryPolicy = "noeviction", Choice, AtRunTime, Outside,
        "what is evicted; here nothing is, whatever the policy";

    "databases" => databases: i32 = "16", Count(1, I32), AtStart, Outside,
        "how many databases there are; a cluster uses the first only";
    "bind" => bind: String = "* -::*", Text, AtRunTime, Outside,
        "the interfaces to listen on";
    "protected-mode" => protected_mode: bool = "yes", YesNo, AtRunTime, Outside,
        "refuse strangers while there is no password";
    "requirepass" => requirepass: String = "", Text, AtRunTime, Live,
        "the password of clients";
    "masterauth" => masterauth: String = "", Text, AtRunTime, Live,
        "the password that a replica sends to its master";
    "masteruser" => masteruser: String = "", Text, AtRunTime, Live,
        "the user that a replica is for its master";
    "timeout" => timeout: i32 = "0", Seconds(0, I32), AtRunTime, Live,
        "close clients that are idle for so long; 0 means never";
    "tcp-keepalive" => tcp_keepalive: i32 = "300", Seconds(0, I32), AtRunTime, Outside,
        "how often TCP probes silent clients";
    "tcp-backlog" => tcp_backlog: i32 = "511", Count(0, I32), AtStart, Outside,
        "how many connections may wait to be accepted";
    "maxclients" => maxclients: u32 = "10000", Count(1, u32::MAX), AtRunTime, Live,
        "how many clients may be connected, the links of the bus counted among them";
    "io-threads" => io_threads: i32 = "1", Count(1, 128), AtStart, Outside,
        "how many threads read and write";
    "daemonize" => daemonize: bool = "no", YesNo, AtStart, Outside,
        "run in the background";
    "pidfile" => pidfile: String = "", Text, AtStart, Outside,
        "the file that the process id is written to";
    "dir" => dir: String = "./", Text, Protected, Outside,
        "the directory of all files; every simulated node has its own disk";
    "loglevel" => loglevel: LogLevel = "notice", Choice, AtRunTime, Outside,
        "how much is logged; a simulation reports events instead";
    "logfile" => logfile: String = "", Text, AtStart, Outside,
        "the file that is logged to";
}
