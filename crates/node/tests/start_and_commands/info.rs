//! What a node tells of itself by INFO, and the limits of clients (CM-27).

use rcsim_node::{ClientOutput, Effect};
use rcsim_protocol::Settings;

use super::support::Bench;

/// A master that serves all slots.
fn master() -> Bench {
    let mut node = Bench::boot(Settings::default(), None).expect("a new node");
    node.ask("CLUSTER ADDSLOTSRANGE 0 16383");
    node.tick_after(100);
    node.tick_after(2100);
    node
}

/// The value of a field.
fn field(node: &mut Bench, section: &str, name: &str) -> String {
    let text = node.ask(&format!("INFO {section}")).to_string();
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

#[test]
fn sections_are_chosen_as_in_redis() {
    let mut node = master();
    let mut headings = |command: &str| -> String {
        let text = node.ask(command).to_string();
        text.lines().filter_map(|line| line.strip_prefix("# ")).collect::<Vec<_>>().join(" ")
    };
    let default =
        "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace";
    assert_eq!(headings("INFO"), default);
    assert_eq!(headings("INFO default"), default);
    let all = default.replace("Errorstats", "Commandstats Errorstats");
    for command in ["INFO all", "INFO everything", "INFO default commandstats", "INFO all nope"] {
        assert_eq!(headings(command), all, "{command}");
    }
    assert_eq!(headings("INFO commandstats SERVER nope"), "Server Commandstats");
    assert_eq!(headings("INFO module_list"), "Modules");
    assert_eq!(headings("INFO nope"), "");
    assert_eq!(
        node.ask("INFO modules cluster").to_string(),
        "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:1\r\n"
    );
}

#[test]
fn what_happens_is_counted_until_resetstat() {
    let mut node = master();
    node.ask("CONFIG RESETSTAT");
    for command in [
        "SET k v",
        "SET e v PX 1",
        "GET k",
        "GET no",
        "EXISTS k {k}no",
        "SCAN 0",
        "GETSET k w",
        "GET",
        "NOPE",
    ] {
        node.ask(command);
    }
    node.ask("LPUSH k a");
    node.tick_after(100);
    let calls = node.ask("INFO commandstats").to_string();
    assert!(
        calls.contains("cmdstat_get:calls=2,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\r\n"),
        "{calls}"
    );
    assert!(
        calls.contains("cmdstat_lpush:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1\r\n")
    );
    assert!(calls.contains("cmdstat_config|resetstat:calls=1,"));
    assert_eq!(field(&mut node, "errorstats", "errorstat_ERR"), "count=2");
    assert_eq!(field(&mut node, "errorstats", "errorstat_WRONGTYPE"), "count=1");
    for (name, value) in [
        ("keyspace_hits", "3"),
        ("keyspace_misses", "2"),
        ("expired_keys", "1"),
        ("total_error_replies", "3"),
        ("total_connections_received", "0"),
    ] {
        assert_eq!(field(&mut node, "stats", name), value, "{name}");
    }
    node.ask("CONFIG RESETSTAT");
    assert_eq!(field(&mut node, "stats", "total_commands_processed"), "1", "RESETSTAT itself");
    assert_eq!(field(&mut node, "stats", "keyspace_hits"), "0");
    assert_eq!(node.ask("CONFIG REWRITE").to_string(), "-ERR The server is running without a config file");
}

#[test]
fn too_many_clients_are_sent_away_and_silent_ones_closed() {
    let mut node = master();
    node.ask("CONFIG SET maxclients 2");
    let second = node.connect(2);
    assert_eq!(node.ask_as(second, "PING").to_string(), "PONG");
    let third = node.connect(3);
    let replies: Vec<String> = node.replies_to(third).iter().map(ToString::to_string).collect();
    assert_eq!(replies, ["-ERR max number of clients + cluster connections reached"]);
    let is_closed = |node: &Bench, client| {
        node.effects.iter().any(|it| matches!(it, Effect::Client(to, ClientOutput::Close) if *to == client))
    };
    assert!(is_closed(&node, third));
    assert_eq!(node.try_ask_as(third, "PING"), None, "what it had sent is for nobody");
    assert_eq!(field(&mut node, "stats", "rejected_connections"), "1");
    assert_eq!(field(&mut node, "clients", "connected_clients"), "2");
    node.ask("CONFIG SET timeout 2");
    node.tick_after(2000);
    assert!(!is_closed(&node, second), "two seconds are allowed");
    node.ask("PING");
    node.tick_after(1000);
    assert!(is_closed(&node, second));
    assert_eq!(node.ask("PING").to_string(), "PONG", "the other one was not silent");
}

#[test]
fn debug_sleep_comes_before_its_reply() {
    let mut node = master();
    assert_eq!(node.ask("DEBUG SLEEP 0.5").to_string(), "OK");
    assert!(matches!(node.effects.first(), Some(Effect::Sleep { micros: 500_000 })), "{:?}", node.effects);
    assert_eq!(
        node.ask("DEBUG SLEEP").to_string(),
        "-ERR unknown subcommand or wrong number of arguments for 'SLEEP'. Try DEBUG HELP."
    );
}
