//! What a client says of itself, and what is told of clients.

use rcsim_node::{ClientOutput, ConnectionId, Effect};
use rcsim_protocol::Reply;

use super::commands::error;
use super::support::Bench;

#[test]
fn a_name_and_a_number() {
    let mut node = Bench::formed(0);
    let second = node.connect(2);
    assert_eq!(
        (node.ask("CLIENT ID"), node.ask_as(second, "CLIENT ID")),
        (Reply::Integer(1), Reply::Integer(2))
    );
    assert_eq!(node.ask("CLIENT GETNAME"), Reply::Null);
    assert_eq!(node.ask("CLIENT SETNAME me"), Reply::ok());
    let spaces = "ERR Client names cannot contain spaces, newlines or special characters.";
    assert_eq!(node.ask("CLIENT SETNAME a\tb"), error(spaces));
    assert_eq!(node.ask("CLIENT GETNAME").to_string(), "me");
    node.now_ms += 3000;
    assert_eq!(
        node.ask("CLIENT INFO").to_string(),
        "id=1 addr=127.0.0.1:40000 laddr=127.0.0.1:22170 fd=1 name=me age=3 idle=0 flags=N db=0 sub=0 psub=0 ssub=0 \
         multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r \
         cmd=client|info user=default redir=-1 resp=2\n"
    );
    let list = |reply: Reply| reply.to_string().lines().map(|line| line[..4].to_owned()).collect::<Vec<_>>();
    assert_eq!(list(node.ask("CLIENT LIST")), ["id=1", "id=2"]);
    assert_eq!(list(node.ask("CLIENT LIST ID 2 7")), ["id=2"]);
    assert_eq!(list(node.ask("CLIENT LIST TYPE replica")), [""; 0]);
    assert_eq!(node.ask("CLIENT LIST ID x"), error("ERR Invalid client ID"));
    assert_eq!(node.ask("CLIENT LIST TYPE x"), error("ERR Unknown client type 'x'"));
    assert_eq!(node.ask("CLIENT LIST x"), error("ERR syntax error"));
}

#[test]
fn cm_3_flags_tell_what_a_client_is_in_the_middle_of() {
    let mut node = Bench::formed(0);
    let second = node.connect(2);
    let remote = "127.0.0.1:40009".parse().expect("an address");
    node.node.formed_replication_from(ConnectionId(9), remote, 22175);
    for command in ["READONLY", "CLIENT NO-EVICT on", "WATCH bar", "MULTI", "PING"] {
        node.ask_as(second, command);
    }
    node.ask("SET bar 1");
    let shown = node.ask("CLIENT LIST").to_string();
    let flags: Vec<&str> =
        shown.split(' ').filter(|field| field.starts_with("flags") || field.starts_with("multi=")).collect();
    assert_eq!(flags, ["flags=N", "multi=-1", "flags=xdre", "multi=1", "flags=S", "multi=-1"]);
}

#[test]
fn a_killed_client_is_gone_and_who_asks_is_answered_first() {
    let mut node = Bench::formed(0);
    let closed = |node: &Bench| -> Vec<ConnectionId> {
        let close = |effect: &Effect| match effect {
            Effect::Client(connection, ClientOutput::Close) => Some(*connection),
            _ => None,
        };
        node.effects.iter().filter_map(close).collect()
    };
    let (second, third) = (node.connect(2), node.connect(3));
    assert_eq!(node.ask("CLIENT KILL ID 2"), Reply::Integer(1));
    assert_eq!(closed(&node), [second]);
    assert_eq!(node.ask("CLIENT KILL ID 2"), Reply::Integer(0));
    assert_eq!(node.ask("CLIENT KILL 127.0.0.1:40003"), Reply::ok());
    assert_eq!(closed(&node), [third]);
    assert_eq!(node.ask("CLIENT KILL 127.0.0.1:40003"), error("ERR No such client"));
    assert_eq!(node.ask("CLIENT KILL TYPE normal"), Reply::Integer(0), "who asks is spared");
    for (wrong, text) in [
        ("ID x", "ERR client-id should be greater than 0"),
        ("TYPE x", "ERR Unknown client type 'x'"),
        ("USER nobody", "ERR No such user 'nobody'"),
        ("FOO x", "ERR syntax error"),
        ("ID 1 SKIPME", "ERR syntax error"),
        ("SKIPME x", "ERR syntax error"),
    ] {
        assert_eq!(node.ask(&format!("CLIENT KILL {wrong}")), error(text));
    }
    assert_eq!(node.ask("CLIENT KILL TYPE normal SKIPME no"), Reply::Integer(1));
    assert_eq!((node.replies().len(), closed(&node)), (1, vec![ConnectionId(1)]));
    assert_eq!(node.try_ask("PING"), None);
}

#[test]
fn client_pause_lets_all_wait_or_those_who_write() {
    let mut node = Bench::formed(0);
    let second = node.connect(2);
    assert_eq!(node.ask("CLIENT PAUSE 1000 WRITE"), Reply::ok());
    assert_eq!(node.ask_as(second, "GET bar"), Reply::Null);
    assert_eq!(node.try_ask_as(second, "SET bar 1"), None);
    assert_eq!(node.ask("CLIENT UNPAUSE"), Reply::ok());
    assert_eq!(node.replies_to(second), [Reply::ok()]);
    assert_eq!(node.ask("CLIENT PAUSE 1000"), Reply::ok());
    assert_eq!(node.try_ask_as(second, "GET bar"), None);
    assert_eq!(node.try_ask("CLIENT UNPAUSE"), None, "even this");
    node.tick_after(1001);
    assert_eq!((node.replies(), node.replies_to(second).len()), (vec![Reply::ok()], 1));
    for (wrong, text) in [
        ("x", "ERR timeout is not an integer or out of range"),
        ("-1", "ERR timeout is negative"),
        ("1 FOO", "ERR CLIENT PAUSE mode must be WRITE or ALL"),
        ("1 ALL x", "ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP."),
    ] {
        assert_eq!(node.ask(&format!("CLIENT PAUSE {wrong}")), error(text));
    }
}

#[test]
fn a_client_may_do_without_replies() {
    let mut node = Bench::formed(0);
    assert_eq!(node.try_ask("CLIENT REPLY SKIP"), None);
    assert_eq!(node.try_ask("SET bar 1"), None);
    assert_eq!(node.ask("GET bar").to_string(), "1");
    assert_eq!(node.try_ask("CLIENT REPLY OFF"), None);
    assert_eq!(
        (node.try_ask("PING"), node.try_ask("CLIENT REPLY SKIP"), node.try_ask("PING")),
        (None, None, None)
    );
    assert_eq!(node.ask("CLIENT REPLY ON"), Reply::ok());
    for skipped in ["NOSUCH", "GET", "GET foo"] {
        assert_eq!(
            (node.try_ask("CLIENT REPLY SKIP"), node.try_ask(skipped)),
            (None, None),
            "an error counts"
        );
        assert_eq!(node.ask("PING"), Reply::simple("PONG"));
    }
}

#[test]
fn replconf_alone_makes_no_replica() {
    let mut node = Bench::formed(0);
    for (command, reply) in [
        ("REPLCONF listening-port 1", Reply::ok()),
        ("REPLCONF", Reply::ok()),
        ("REPLCONF capa", error("ERR syntax error")),
        ("REPLCONF listening-port x", error("ERR value is not an integer or out of range")),
        ("REPLCONF capa eof foo bar", error("ERR Unrecognized REPLCONF option: foo")),
        ("SET bar 1", Reply::ok()),
    ] {
        assert_eq!(node.ask(command), reply, "{command}");
    }
    assert!(node.ask("CLIENT LIST").to_string().contains(" flags=N "));
}

#[test]
fn who_is_killed_by_its_own_transaction_is_answered_first() {
    let mut node = Bench::formed(0);
    for command in ["MULTI", "SET bar 1", "CLIENT KILL ID 1 SKIPME no", "EXEC"] {
        node.try_ask(command);
    }
    assert_eq!(node.replies()[0].to_string(), "[OK 1]");
    let closed = |effect: &Effect| matches!(effect, Effect::Client(_, ClientOutput::Close));
    assert!(closed(node.effects.last().expect("something")), "and then closed");
}

#[test]
fn the_password_comes_first() {
    let mut node = Bench::formed(0);
    let unasked = "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                   configuration is correct?";
    assert_eq!(node.ask("AUTH x"), error(unasked));
    assert_eq!(node.ask("AUTH default x"), Reply::ok());
    assert_eq!(node.ask("CONFIG SET requirepass secret"), Reply::ok());
    assert_eq!(node.ask("GET bar"), Reply::Null, "who was there before stays");
    let late = node.connect(2);
    let mut asked = |command: &str| node.ask_as(late, command).to_string();
    assert_eq!(asked("GET foo"), "-NOAUTH Authentication required.", "it comes before MOVED");
    assert_eq!(asked("GET"), "-ERR wrong number of arguments for 'get' command", "but this before it");
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.";
    assert_eq!((asked("AUTH x").as_str(), asked("AUTH nobody secret").as_str()), (wrong, wrong));
    assert!(
        asked("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client already authenticated")
    );
    assert!(
        asked("HELLO 3 AUTH default secret SETNAME me").contains("proto=3 id=2 mode=cluster role=master")
    );
    assert_eq!((asked("CLIENT GETNAME").as_str(), asked("GET bar").as_str()), ("me", "(nil)"));
    assert_eq!(
        (asked("RESET").as_str(), asked("PING").as_str()),
        ("RESET", "-NOAUTH Authentication required.")
    );
    assert_eq!(asked("HELLO 4"), "-NOPROTO unsupported protocol version");
    assert_eq!(asked("HELLO x"), "-ERR Protocol version is not an integer or out of range");
    assert_eq!(asked("HELLO 2 FOO"), "-ERR Syntax error in HELLO option 'FOO'");
    assert_eq!(asked("AUTH a b c"), "-ERR syntax error");
    node.ask("CONFIG SET requirepass ");
    let mut asked = |command: &str| node.ask_as(late, command).to_string();
    assert_eq!(asked("GET bar"), "(nil)", "nobody is asked for a password that there is not");
    assert_eq!(asked("QUIT"), "OK");
    assert_eq!(node.try_ask_as(late, "PING"), None);
}
