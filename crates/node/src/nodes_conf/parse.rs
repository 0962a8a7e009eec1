//! Reading nodes.conf: as lenient, and as strict, as Redis 7.0.15.
//!
//! Rules: NC-5 … NC-11, NC-14; compared with a running server, case by case. A damaged file that still has
//! the form of a good one is read without a word (NC-9): that is faithful, and dangerous. One deviation: an
//! IP or a port that is none (`foo`, `-5`) is unknown here, where Redis keeps it and tries it.

use rcsim_protocol::{Epoch, NodeFlags, NodeId, Slot, SlotSet};

use super::words::{leading_integer, leading_unsigned, split};
use super::{CorruptConfig, Damage};

/// The content of a nodes.conf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedConfig {
    /// The lines about nodes, in order. Exactly one has the flag myself; several may be about one node.
    pub nodes: Vec<SavedNode>,
    /// `currentEpoch`; 0 if it is missing.
    pub current_epoch: Epoch,
    /// `lastVoteEpoch`; 0 if it is missing (NC-9).
    pub last_vote_epoch: Epoch,
}

/// One line about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedNode {
    /// Its id.
    pub id: NodeId,
    /// Its IP as it stands there; empty if unknown.
    pub ip: String,
    /// Client port.
    pub port: u16,
    /// Bus port; the client port + 10000 if it is missing (NC-14).
    pub cport: u16,
    /// Its hostname.
    pub hostname: Option<String>,
    /// Its flags (NC-11).
    pub flags: NodeFlags,
    /// Its master. May be a node without a line of its own (NC-11).
    pub master: Option<NodeId>,
    /// When the oldest unanswered PING was sent; only whether it is 0 counts (NC-12).
    pub ping_sent: i64,
    /// When the last PONG came; only whether it is 0 counts (NC-12).
    pub pong_received: i64,
    /// Its config epoch, as shown: for a replica its master's (EP-8).
    pub config_epoch: Epoch,
    /// Slots that the line gives it; those of an earlier line do not count (NC-10).
    pub slots: SlotSet,
    /// Slots that the node of the file moves to others.
    pub migrating: Vec<(Slot, NodeId)>,
    /// Slots that the node of the file takes over from others.
    pub importing: Vec<(Slot, NodeId)>,
}

/// Reads a nodes.conf that is not empty (an empty one means a new node, NC-5).
///
/// # Errors
///
/// The first damage that Redis would stumble on.
pub fn parse(text: &[u8]) -> Result<SavedConfig, CorruptConfig> {
    let mut config = SavedConfig::default();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        // To Redis a line ends at a zero byte, too.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let at = |damage| CorruptConfig { line: Some(index as u32 + 1), damage };
        if !line.is_empty() {
            config.read_line(line).map_err(at)?;
        }
    }
    if config.nodes.iter().any(SavedNode::is_myself) {
        Ok(config)
    } else {
        Err(CorruptConfig { line: None, damage: Damage::NoMyself })
    }
}

impl SavedConfig {
    fn read_line(&mut self, line: &[u8]) -> Result<(), Damage> {
        let words = split(line).ok_or(Damage::Quotes)?;
        match words.first() {
            None => Err(Damage::Blanks),
            Some(name) if name.eq_ignore_ascii_case("vars") => self.read_variables(&words[1..]),
            Some(_) => {
                let node = self.read_node(&words)?;
                self.nodes.push(node);
                Ok(())
            }
        }
    }

    /// Names and values in pairs; unknown names are skipped (NC-6).
    fn read_variables(&mut self, words: &[String]) -> Result<(), Damage> {
        let (pairs, []) = words.as_chunks::<2>() else { return Err(Damage::HalfVariable) };
        for [name, value] in pairs {
            if name.eq_ignore_ascii_case("currentEpoch") {
                self.current_epoch = Epoch(leading_unsigned(value));
            } else if name.eq_ignore_ascii_case("lastVoteEpoch") {
                self.last_vote_epoch = Epoch(leading_unsigned(value));
            }
        }
        Ok(())
    }

    fn read_node(&self, words: &[String]) -> Result<SavedNode, Damage> {
        let [id, address, flags, master, ping_sent, pong_received, epoch, _link, slots @ ..] = words else {
            return Err(Damage::TooFewFields(words.len()));
        };
        let id = id.parse().map_err(|_| Damage::NodeId(id.clone()))?;
        let mut node = SavedNode::at(id, address)?;
        node.flags = read_flags(flags)?;
        if node.is_myself() && self.nodes.iter().any(SavedNode::is_myself) {
            return Err(Damage::SecondMyself);
        }
        if !master.starts_with('-') {
            node.master = Some(master.parse().map_err(|_| Damage::MasterId(master.clone()))?);
        }
        node.ping_sent = leading_integer(ping_sent);
        node.pong_received = leading_integer(pong_received);
        node.config_epoch = Epoch(leading_unsigned(epoch));
        slots.iter().try_for_each(|word| node.read_slots(word))?;
        Ok(node)
    }
}

fn read_flags(words: &str) -> Result<NodeFlags, Damage> {
    words.split(',').try_fold(NodeFlags::NONE, |flags, word| {
        let flag = NodeFlags::from_word(&word.to_ascii_lowercase());
        flag.map(|flag| flags | flag).ok_or_else(|| Damage::Flag(word.to_owned()))
    })
}

impl SavedNode {
    fn is_myself(&self) -> bool {
        self.flags.any(NodeFlags::MYSELF)
    }

    /// A node at `ip:port[@cport][,hostname]`; the IP goes up to the last colon.
    fn at(id: NodeId, word: &str) -> Result<SavedNode, Damage> {
        let (address, hostname) = word.split_once(',').unwrap_or((word, ""));
        let (ip, ports) = address.rsplit_once(':').ok_or_else(|| Damage::Address(word.to_owned()))?;
        if ip.len() >= 46 {
            return Err(Damage::IpTooLong(ip.to_owned()));
        }
        let (port, cport) = match ports.split_once('@') {
            Some((port, cport)) => (leading_integer(port), leading_integer(cport)),
            None => (leading_integer(ports), leading_integer(ports).saturating_add(10000)),
        };
        let port_number = |port: i64| u16::try_from(port).unwrap_or(0);
        Ok(SavedNode {
            id,
            ip: ip.to_owned(),
            port: port_number(port),
            cport: port_number(cport),
            hostname: Some(hostname.to_owned()).filter(|name| !name.is_empty()),
            flags: NodeFlags::NONE,
            master: None,
            ping_sent: 0,
            pong_received: 0,
            config_epoch: Epoch::ZERO,
            slots: SlotSet::empty(),
            migrating: Vec::new(),
            importing: Vec::new(),
        })
    }

    /// `<slot>`, `<first>-<last>`, or an open slot in brackets. A range that runs backwards is empty (NC-9).
    fn read_slots(&mut self, word: &str) -> Result<(), Damage> {
        if let Some(open) = word.strip_prefix('[') {
            return self.read_open_slot(word, open);
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (first, last) = (read_slot(first, word)?, read_slot(last, word)?);
        for slot in (first.number()..=last.number()).filter_map(Slot::new) {
            self.slots.insert(slot);
        }
        Ok(())
    }

    /// What stands behind `[`: `<slot>->-<id>]` or `<slot>-<-<id>]`. Only `>` means that the slot migrates,
    /// and what stands behind `]` is not looked at.
    fn read_open_slot(&mut self, word: &str, open: &str) -> Result<(), Damage> {
        let damage = || Damage::OpenSlot(word.to_owned());
        let (slot, rest) =
            open.split_once('-').ok_or_else(|| Damage::OpenSlotWithoutDash(word.to_owned()))?;
        let slot = read_slot(slot, word)?;
        let mut characters = rest.chars();
        let direction = characters.next().ok_or_else(damage)?;
        characters.next().ok_or_else(damage)?;
        let (id, _) = characters.as_str().split_once(']').ok_or_else(damage)?;
        let id: NodeId = id.parse().map_err(|_| damage())?;
        let open_slots = if direction == '>' { &mut self.migrating } else { &mut self.importing };
        open_slots.push((slot, id));
        Ok(())
    }
}

fn read_slot(text: &str, word: &str) -> Result<Slot, Damage> {
    let number = u16::try_from(leading_integer(text)).ok();
    number.and_then(Slot::new).ok_or_else(|| Damage::Slot(word.to_owned()))
}
