//! What an error reply means to an operation (rules RD-2, RD-6, RD-8, RD-12).

use std::net::SocketAddr;
use std::sync::Arc;

use rcsim_protocol::Slot;

use crate::policy::Policy;
use crate::slot_map::endpoint_ip;

/// An error reply, read by a client. Each proves that the command had no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The slot belongs to another node.
    Moved(Slot, SocketAddr),
    /// This once, another node is to be asked, with ASKING before.
    Ask(SocketAddr),
    /// Not now: what the client's policy takes as passing.
    Later(Arc<str>),
    /// It will not have it.
    Final(Arc<str>),
}

impl Refusal {
    /// What this error of `asked` means.
    pub(crate) fn read(text: &str, policy: &Policy, asked: SocketAddr) -> Refusal {
        let refused = || Refusal::Final(text.into());
        match text.split_ascii_whitespace().next().unwrap_or_default() {
            "MOVED" => redirection(text, asked).map_or_else(refused, |(slot, to)| Refusal::Moved(slot, to)),
            "ASK" => redirection(text, asked).map_or_else(refused, |(_, to)| Refusal::Ask(to)),
            code if policy.passes(code) => Refusal::Later(text.into()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Refusal {
        let asked = "10.0.0.9:7009".parse().expect("an address");
        Refusal::read(text, &crate::profiles()[0].policy, asked)
    }

    #[test]
    fn rd_16_redirections_name_a_node_in_three_ways() {
        let slot = Slot::new(3999).expect("a slot");
        let moved = |text: &str| Refusal::Moved(slot, text.parse().expect("an address"));
        assert_eq!(read("MOVED 3999 10.0.0.1:6381"), moved("10.0.0.1:6381"));
        assert_eq!(read("MOVED 3999 ::1:6381"), moved("[::1]:6381"));
        assert_eq!(read("MOVED 3999 :6381"), moved("10.0.0.9:6381"));
    }

    #[test]
    fn rd_6_a_cluster_that_is_down_may_come_back_and_a_syntax_error_may_not() {
        assert!(matches!(read("CLUSTERDOWN The cluster is down"), Refusal::Later(_)));
        assert!(matches!(read("ERR syntax error"), Refusal::Final(_)));
        assert!(matches!(read("MOVED nowhere"), Refusal::Final(_)));
    }
}
