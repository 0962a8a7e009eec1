//! What each command is for, in a few words: what COMMAND DOCS tells.
//!
//! Summaries are our own; since when a command is there, and its group, are as in 7.0.15.

/// What is told about one command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Documentation {
    name: &'static str,
    /// The version that had it first.
    pub(super) since: &'static str,
    pub(super) group: &'static str,
    pub(super) summary: &'static str,
}

const fn row(
    name: &'static str,
    since: &'static str,
    group: &'static str,
    summary: &'static str,
) -> Documentation {
    Documentation { name, since, group, summary }
}

/// What is told about the command with this name, `config|get` included.
pub(super) fn documented(name: &str) -> Option<Documentation> {
    DOCUMENTED.iter().find(|known| known.name == name).copied()
}

#[rustfmt::skip]
const DOCUMENTED: &[Documentation] = &[
    row("append", "2.0.0", "string", "Adds bytes to the end of a string"),
    row("asking", "3.0.0", "cluster", "Lets the next command use a slot that is being imported"),
    row("auth", "1.0.0", "connection", "Says the password"),
    row("bgrewriteaof", "1.0.0", "server", "Rewrites the append-only file in a child process"),
    row("bgsave", "1.0.0", "server", "Saves a snapshot in a child process"),
    row("client|getname", "2.6.9", "connection", "Tells the name of this connection"),
    row("client|help", "5.0.0", "connection", "Tells what CLIENT can do"),
    row("client|id", "5.0.0", "connection", "Tells the number of this connection"),
    row("client|info", "6.2.0", "connection", "Describes this connection"),
    row("client|kill", "2.4.0", "connection", "Closes connections"),
    row("client|list", "2.4.0", "connection", "Describes all connections"),
    row("client|no-evict", "7.0.0", "connection", "Keeps this connection when memory is short"),
    row("client|pause", "2.9.50", "connection", "Lets all clients wait, or those that write"),
    row("client|reply", "3.2.0", "connection", "Says which replies this connection wants"),
    row("client|setname", "2.6.9", "connection", "Names this connection"),
    row("client|unpause", "6.2.0", "connection", "Ends the wait of clients"),
    row("cluster|addslots", "3.0.0", "cluster", "Gives slots to this node"),
    row("cluster|addslotsrange", "7.0.0", "cluster", "Gives ranges of slots to this node"),
    row("cluster|bumpepoch", "3.0.0", "cluster", "Gives this node a new config epoch"),
    row("cluster|count-failure-reports", "3.0.0", "cluster", "Counts who reports that a node has failed"),
    row("cluster|countkeysinslot", "3.0.0", "cluster", "Counts the keys of a slot"),
    row("cluster|delslots", "3.0.0", "cluster", "Takes slots from their owner, in the eyes of this node"),
    row("cluster|delslotsrange", "7.0.0", "cluster", "Takes ranges of slots from their owner, in the eyes of this node"),
    row("cluster|failover", "3.0.0", "cluster", "Makes this replica a master"),
    row("cluster|flushslots", "3.0.0", "cluster", "Takes all slots from this node"),
    row("cluster|forget", "3.0.0", "cluster", "Removes a node from the table of this one"),
    row("cluster|getkeysinslot", "3.0.0", "cluster", "Names keys of a slot"),
    row("cluster|help", "5.0.0", "cluster", "Tells what CLUSTER can do"),
    row("cluster|info", "3.0.0", "cluster", "Describes the state of the cluster"),
    row("cluster|keyslot", "3.0.0", "cluster", "Tells the slot of a key"),
    row("cluster|links", "7.0.0", "cluster", "Describes the links of the cluster bus"),
    row("cluster|meet", "3.0.0", "cluster", "Introduces another node to the cluster"),
    row("cluster|myid", "3.0.0", "cluster", "Tells the id of this node"),
    row("cluster|nodes", "3.0.0", "cluster", "Shows the table of nodes"),
    row("cluster|replicas", "5.0.0", "cluster", "Shows the replicas of a master"),
    row("cluster|replicate", "3.0.0", "cluster", "Makes this node a replica of a master"),
    row("cluster|reset", "3.0.0", "cluster", "Makes this node forget the cluster"),
    row("cluster|saveconfig", "3.0.0", "cluster", "Writes nodes.conf"),
    row("cluster|set-config-epoch", "3.0.0", "cluster", "Gives a new node its config epoch"),
    row("cluster|setslot", "3.0.0", "cluster", "Opens or closes a slot, or says whose it is"),
    row("cluster|shards", "7.0.0", "cluster", "Describes the shards: their slots and nodes"),
    row("cluster|slaves", "3.0.0", "cluster", "Shows the replicas of a master"),
    row("cluster|slots", "3.0.0", "cluster", "Maps ranges of slots to nodes"),
    row("command", "2.8.13", "server", "Describes all commands"),
    row("command|count", "2.8.13", "server", "Counts the commands"),
    row("command|docs", "7.0.0", "server", "Tells what commands are for"),
    row("command|getkeys", "2.8.13", "server", "Finds the keys of a command"),
    row("command|getkeysandflags", "7.0.0", "server", "Finds the keys of a command and how it uses them"),
    row("command|help", "5.0.0", "server", "Tells what COMMAND can do"),
    row("command|info", "2.8.13", "server", "Describes some commands"),
    row("command|list", "7.0.0", "server", "Names the commands"),
    row("config|get", "2.0.0", "server", "Shows settings"),
    row("config|help", "5.0.0", "server", "Tells what CONFIG can do"),
    row("config|resetstat", "2.0.0", "server", "Counts from zero again"),
    row("config|rewrite", "2.8.0", "server", "Writes the settings into redis.conf"),
    row("config|set", "2.0.0", "server", "Changes settings"),
    row("dbsize", "1.0.0", "server", "Counts the keys"),
    row("debug", "1.0.0", "server", "Is for those who look inside"),
    row("decr", "1.0.0", "string", "Takes one from a number"),
    row("decrby", "1.0.0", "string", "Takes a number from a number"),
    row("del", "1.0.0", "generic", "Deletes keys"),
    row("discard", "2.0.0", "transactions", "Gives up what is queued"),
    row("dump", "2.6.0", "generic", "Tells a value in a form that RESTORE takes"),
    row("echo", "1.0.0", "connection", "Says the same"),
    row("exec", "1.2.0", "transactions", "Runs what is queued"),
    row("exists", "1.0.0", "generic", "Counts which keys are there"),
    row("expire", "1.0.0", "generic", "Lets a key end in so many seconds"),
    row("expireat", "1.2.0", "generic", "Lets a key end at a time in seconds"),
    row("expiretime", "7.0.0", "generic", "Tells when a key ends, in seconds"),
    row("flushall", "1.0.0", "server", "Deletes all keys of all databases"),
    row("flushdb", "1.0.0", "server", "Deletes all keys"),
    row("get", "1.0.0", "string", "Reads a string"),
    row("getdel", "6.2.0", "string", "Reads a string and deletes it"),
    row("getex", "6.2.0", "string", "Reads a string and changes when it ends"),
    row("getrange", "2.4.0", "string", "Reads a part of a string"),
    row("getset", "1.0.0", "string", "Writes a string and tells what was there"),
    row("hello", "6.0.0", "connection", "Agrees on the protocol, and introduces both sides"),
    row("incr", "1.0.0", "string", "Adds one to a number"),
    row("incrby", "1.0.0", "string", "Adds a number to a number"),
    row("info", "1.0.0", "server", "Describes the server"),
    row("keys", "1.0.0", "generic", "Names the keys that a pattern matches"),
    row("lastsave", "1.0.0", "server", "Tells when the last snapshot was saved"),
    row("lindex", "1.0.0", "list", "Reads an element of a list"),
    row("linsert", "2.2.0", "list", "Puts an element before or behind another one"),
    row("llen", "1.0.0", "list", "Counts the elements of a list"),
    row("lmove", "6.2.0", "list", "Moves an element from an end of a list to an end of a list"),
    row("lpop", "1.0.0", "list", "Takes elements from the head of a list"),
    row("lpos", "6.0.6", "list", "Tells where an element is in a list"),
    row("lpush", "1.0.0", "list", "Puts elements before the head of a list"),
    row("lpushx", "2.2.0", "list", "Puts elements before the head of a list that is there"),
    row("lrange", "1.0.0", "list", "Reads a part of a list"),
    row("lrem", "1.0.0", "list", "Takes elements out of a list"),
    row("lset", "1.0.0", "list", "Changes an element of a list"),
    row("ltrim", "1.0.0", "list", "Keeps a part of a list"),
    row("mget", "1.0.0", "string", "Reads several strings"),
    row("mset", "1.0.1", "string", "Writes several strings"),
    row("msetnx", "1.0.1", "string", "Writes several strings if none of the keys is there"),
    row("multi", "1.2.0", "transactions", "Begins to queue"),
    row("object|encoding", "2.2.3", "generic", "Tells in which form a value is kept"),
    row("object|freq", "4.0.0", "generic", "Tells how often a key is used"),
    row("object|help", "6.2.0", "generic", "Tells what OBJECT can do"),
    row("object|idletime", "2.2.3", "generic", "Tells for how long a key has not been used"),
    row("object|refcount", "2.2.3", "generic", "Tells how many share a value"),
    row("persist", "2.2.0", "generic", "Lets a key stay for ever"),
    row("pexpire", "2.6.0", "generic", "Lets a key end in so many milliseconds"),
    row("pexpireat", "2.6.0", "generic", "Lets a key end at a time in milliseconds"),
    row("pexpiretime", "7.0.0", "generic", "Tells when a key ends, in milliseconds"),
    row("ping", "1.0.0", "connection", "Asks for a sign of life"),
    row("psetex", "2.6.0", "string", "Writes a string that ends in so many milliseconds"),
    row("psync", "2.8.0", "server", "Asks for the replication stream"),
    row("pttl", "2.6.0", "generic", "Tells how long a key stays, in milliseconds"),
    row("quit", "1.0.0", "connection", "Closes this connection"),
    row("randomkey", "1.0.0", "generic", "Names any key"),
    row("readonly", "3.0.0", "cluster", "Lets this connection read from a replica"),
    row("readwrite", "3.0.0", "cluster", "Ends that"),
    row("replconf", "3.0.0", "server", "Is what a replica tells its master about itself"),
    row("reset", "6.2.0", "connection", "Makes this connection as new"),
    row("restore", "2.6.0", "generic", "Writes a value from the form that DUMP tells"),
    row("restore-asking", "3.0.0", "server", "Does so in a slot that is being imported"),
    row("role", "2.8.12", "server", "Tells the role in replication"),
    row("rpop", "1.0.0", "list", "Takes elements from the end of a list"),
    row("rpoplpush", "1.2.0", "list", "Moves the last element of a list before the head of a list"),
    row("rpush", "1.0.0", "list", "Puts elements behind the end of a list"),
    row("rpushx", "2.2.0", "list", "Puts elements behind the end of a list that is there"),
    row("save", "1.0.0", "server", "Saves a snapshot while everybody waits"),
    row("scan", "2.8.0", "generic", "Names all keys, some at a time"),
    row("select", "1.0.0", "connection", "Chooses a database"),
    row("set", "1.0.0", "string", "Writes a string"),
    row("setex", "2.0.0", "string", "Writes a string that ends in so many seconds"),
    row("setnx", "1.0.0", "string", "Writes a string if the key is not there"),
    row("setrange", "2.2.0", "string", "Writes a part of a string"),
    row("shutdown", "1.0.0", "server", "Ends the process in good order"),
    row("strlen", "2.2.0", "string", "Counts the bytes of a string"),
    row("substr", "1.0.0", "string", "Reads a part of a string"),
    row("sync", "1.0.0", "server", "Asks for the replication stream, the old way"),
    row("time", "2.6.0", "server", "Tells the time"),
    row("touch", "3.2.1", "generic", "Counts which keys are there"),
    row("ttl", "1.0.0", "generic", "Tells how long a key stays, in seconds"),
    row("type", "1.0.0", "generic", "Tells what a key holds"),
    row("unlink", "4.0.0", "generic", "Deletes keys"),
    row("unwatch", "2.2.0", "transactions", "Watches nothing any more"),
    row("wait", "3.0.0", "generic", "Waits until replicas have acknowledged the writes of this connection"),
    row("watch", "2.2.0", "transactions", "Lets EXEC fail if a key changes before"),
    row("psubscribe", "2.0.0", "pubsub", "Listens to the channels that patterns match"),
    row("publish", "2.0.0", "pubsub", "Says something on a channel"),
    row("pubsub|channels", "2.8.0", "pubsub", "Names the channels that somebody listens to"),
    row("pubsub|help", "6.2.0", "pubsub", "Tells what PUBSUB can do"),
    row("pubsub|numpat", "2.8.0", "pubsub", "Counts the patterns that somebody listens to"),
    row("pubsub|numsub", "2.8.0", "pubsub", "Counts who listens to channels"),
    row("pubsub|shardchannels", "7.0.0", "pubsub", "Names the channels of the shard that somebody listens to"),
    row("pubsub|shardnumsub", "7.0.0", "pubsub", "Counts who listens to channels of the shard"),
    row("punsubscribe", "2.0.0", "pubsub", "Listens to patterns no longer"),
    row("spublish", "7.0.0", "pubsub", "Says something on a channel of the shard"),
    row("ssubscribe", "7.0.0", "pubsub", "Listens to channels of the shard"),
    row("subscribe", "2.0.0", "pubsub", "Listens to channels"),
    row("sunsubscribe", "7.0.0", "pubsub", "Listens to channels of the shard no longer"),
    row("unsubscribe", "2.0.0", "pubsub", "Listens to channels no longer"),
    row("migrate", "2.6.0", "generic", "Moves keys to another node"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::table::COMMANDS;

    #[test]
    fn every_command_that_runs_is_documented_and_nothing_else() {
        let all = COMMANDS.iter().flat_map(|known| std::iter::once(known).chain(known.subcommands));
        let runs = |known: &&crate::commands::Declaration| {
            !matches!(known.run, crate::commands::table::Run::Container)
        };
        let mut names: Vec<&str> = all.filter(runs).map(|known| known.name).collect();
        let mut documented: Vec<&str> = DOCUMENTED.iter().map(|known| known.name).collect();
        names.sort_unstable();
        documented.sort_unstable();
        assert_eq!(names, documented);
    }
}
