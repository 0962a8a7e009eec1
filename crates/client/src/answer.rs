//! What a reply means to an operation (rules RD-2, RD-6, RD-8, RD-12).

use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_observe::{OperationKind, Outcome};
use rcsim_protocol::{Reply, Slot};

use crate::slot_map::endpoint_ip;

/// A reply, read by a client. Every error reply proves that the command had no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The slot belongs to another node.
    Moved(Slot, SocketAddr),
    /// This once, another node is to be asked, with ASKING before.
    Ask(SocketAddr),
    /// Not now: TRYAGAIN, CLUSTERDOWN, LOADING and the like.
    Later(Arc<str>),
    /// The operation is over.
    Over(Outcome),
}

/// Error codes that pass by themselves.
const PASSING: [&str; 6] = ["TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS", "BUSY"];

impl Answer {
    /// What this reply of `asked` means for an operation of this kind.
    pub(crate) fn read(reply: &Reply, kind: &OperationKind, asked: SocketAddr) -> Answer {
        match (reply, kind) {
            (Reply::Error(text), _) => Answer::read_error(text, asked),
            (Reply::Null, OperationKind::Get) => Answer::Over(Outcome::Read(None)),
            (Reply::Bulk(bytes), OperationKind::Get) => match number(bytes) {
                Some(number) => Answer::Over(Outcome::Read(Some(number))),
                None => Answer::Over(Outcome::Failed("the register holds no number".into())),
            },
            (Reply::Simple(text), OperationKind::Set(_)) if text == "OK" => Answer::Over(Outcome::Written),
            _ => Answer::Over(Outcome::Failed(format!("unexpected reply {reply}").into())),
        }
    }

    fn read_error(text: &str, asked: SocketAddr) -> Answer {
        let refused = || Answer::Over(Outcome::Failed(text.into()));
        match text.split_ascii_whitespace().next().unwrap_or_default() {
            "MOVED" => redirection(text, asked).map_or_else(refused, |(slot, to)| Answer::Moved(slot, to)),
            "ASK" => redirection(text, asked).map_or_else(refused, |(_, to)| Answer::Ask(to)),
            code if PASSING.contains(&code) => Answer::Later(text.into()),
            _ => refused(),
        }
    }
}

/// Slot and node of `MOVED 3999 127.0.0.1:6381`; an IPv6 address stands without brackets.
fn redirection(text: &str, asked: SocketAddr) -> Option<(Slot, SocketAddr)> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let slot = words.next()?.parse().ok().and_then(Slot::new)?;
    let (endpoint, port) = words.next()?.rsplit_once(':')?;
    Some((slot, SocketAddr::new(endpoint_ip(endpoint, asked)?, port.parse().ok()?)))
}

fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Answer {
        let asked = "10.0.0.9:7009".parse().expect("an address");
        Answer::read(&Reply::Error(text.to_owned()), &OperationKind::Get, asked)
    }

    #[test]
    fn rd_16_redirections_name_a_node_in_three_ways() {
        let slot = Slot::new(3999).expect("a slot");
        let moved = |text: &str| Answer::Moved(slot, text.parse().expect("an address"));
        assert_eq!(read("MOVED 3999 10.0.0.1:6381"), moved("10.0.0.1:6381"));
        assert_eq!(read("MOVED 3999 ::1:6381"), moved("[::1]:6381"));
        assert_eq!(read("MOVED 3999 :6381"), moved("10.0.0.9:6381"));
    }

    #[test]
    fn rd_6_a_cluster_that_is_down_may_come_back_and_a_syntax_error_may_not() {
        assert!(matches!(read("CLUSTERDOWN The cluster is down"), Answer::Later(_)));
        assert!(matches!(read("ERR syntax error"), Answer::Over(Outcome::Failed(_))));
        assert!(matches!(read("MOVED nowhere"), Answer::Over(Outcome::Failed(_))));
    }
}
