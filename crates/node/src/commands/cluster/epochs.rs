//! SET-CONFIG-EPOCH, BUMPEPOCH, SAVECONFIG.
//!
//! Rules: CM-23 … CM-25, EP-3. A SAVECONFIG that the disk refuses ends the process here, where Redis would
//! answer with an error.

use rcsim_observe::reason::EpochCause;
use rcsim_protocol::{Command, Epoch, Reply};

use crate::commands::Answer;
use crate::commands::text::required_integer;
use crate::node::Node;
use crate::outside::Outside;

impl Node {
    /// Gives a node that knows nobody its first config epoch (CM-23).
    pub(super) fn cluster_set_config_epoch(&mut self, command: &Command, out: &mut Outside<'_>) -> Answer {
        let epoch = required_integer(command, 2)?;
        let Ok(epoch) = u64::try_from(epoch) else {
            return Err(Reply::err(format_args!("Invalid config epoch specified: {epoch}")));
        };
        if self.view.len() > 1 {
            let text = "The user can assign a config epoch only when the node does not know any other node.";
            return Err(Reply::err(text));
        }
        if self.config_epoch() != Epoch::ZERO {
            return Err(Reply::err("Node config epoch is already non-zero"));
        }
        self.set_config_epoch(Epoch(epoch), EpochCause::Command, out);
        self.current_epoch = self.current_epoch.max(Epoch(epoch));
        self.save_and_update();
        Ok(Reply::ok())
    }

    /// Takes a new config epoch without asking anybody (CM-24).
    pub(super) fn cluster_bumpepoch(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        let word = if self.bump_config_epoch(out) { "BUMPED" } else { "STILL" };
        Ok(Reply::simple(format!("{word} {}", self.config_epoch())))
    }

    /// Writes nodes.conf at once, durably (CM-25).
    pub(super) fn cluster_saveconfig(&mut self, _: &Command, out: &mut Outside<'_>) -> Answer {
        self.save_config(true, out);
        Ok(Reply::ok())
    }
}
