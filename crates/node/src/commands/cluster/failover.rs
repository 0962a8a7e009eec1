//! CLUSTER FAILOVER, on a replica: it wants its master's place.
//!
//! Rules: MF-1 … MF-6. What follows is in `manual_failover` and `election`.

use rcsim_observe::Event;
use rcsim_observe::reason::{ManualFailoverKind, PromotionCause};
use rcsim_protocol::bus::Body;
use rcsim_protocol::{Command, NodeIx, Reply};

use super::too_many_words;
use crate::commands::Answer;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// Begins a manual failover; OK says only that it began (MF-2).
    pub(super) fn cluster_failover(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        too_many_words(command, 3)?;
        let kind = match command.len() {
            2 => ManualFailoverKind::Default,
            _ if command.is(2, "force") => ManualFailoverKind::Force,
            _ if command.is(2, "takeover") => ManualFailoverKind::Takeover,
            _ => return Err(Reply::err("syntax error")),
        };
        let master = self.replaceable_master(kind)?;
        self.begin_manual_failover(kind == ManualFailoverKind::Force, out);
        out.tell(Event::ManualFailoverRequested { kind });
        match kind {
            ManualFailoverKind::Default => {
                self.send_to(master, Body::MfStart, out);
            }
            ManualFailoverKind::Force => {}
            ManualFailoverKind::Takeover => {
                self.bump_config_epoch(out);
                self.promote(PromotionCause::Takeover, out);
            }
        }
        Ok(Reply::ok())
    }

    /// My master, if its place can be asked for in this form (MF-1).
    fn replaceable_master(&self, kind: ManualFailoverKind) -> Result<NodeIx, Reply> {
        if self.am_master() {
            return Err(Reply::err("You should send CLUSTER FAILOVER to a replica"));
        }
        let unknown = || Reply::err("I'm a replica but my master is unknown to me");
        let master = self.my_master().ok_or_else(unknown)?;
        let reachable = !self.has_failed(master) && self.view.peer(master).link().is_some();
        if kind == ManualFailoverKind::Default && !reachable {
            return Err(Reply::err("Master is down or failed, please use CLUSTER FAILOVER FORCE"));
        }
        Ok(master)
    }
}
