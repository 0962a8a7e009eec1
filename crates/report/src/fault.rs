//! The sentences of faults: what the scenario does to the world, by the words of its timeline.

use rcsim_observe::summary::FaultLedger;

use crate::sentence::{Interest, Sentence, Symbol, say};

/// A fault as the scenario calls it: who is struck, and its id in the ledger.
pub(crate) fn started(ledger: Option<&FaultLedger>, number: u32) -> Sentence {
    let Some(ledger) = ledger else {
        return say(Symbol::Fault, Interest::Story, "", format!("fault number {number} begins"), "");
    };
    let list = ledger.targets.join(" ");
    let (verb, rest) = match ledger.kind.as_str() {
        "crash" => ("is", "killed (kill -9)".to_owned()),
        "power-off" => ("loses", "power".to_owned()),
        "restart" => ("is", "started again".to_owned()),
        "pause" => ("is", "stopped (SIGSTOP)".to_owned()),
        "resume" => ("is", "told to go on (SIGCONT)".to_owned()),
        "clock" => ("gets", "a wrong clock".to_owned()),
        "disk" => ("gets", "a bad disk".to_owned()),
        "slow" => ("gets", "a slow event loop".to_owned()),
        "command" => ("gets", "a command of the operator".to_owned()),
        "heal" => ("", "the network is healed".to_owned()),
        "check" => ("", "expectations are checked".to_owned()),
        "partition" => ("", format!("the network is partitioned: {list}")),
        "cut" => ("", format!("one way is cut: {list}")),
        "network" => ("", format!("links are worse: {list}")),
        kind => ("", format!("{kind}: {list}")),
    };
    let interest = if ledger.kind == "check" { Interest::Detail } else { Interest::Story };
    let said =
        say(Symbol::Fault, interest, verb, rest.trim_end_matches(": "), format!("fault {}", ledger.id));
    if verb.is_empty() { said } else { said.of(ledger.targets.clone()) }
}

/// The end of a fault.
pub(crate) fn ended(ledger: Option<&FaultLedger>, number: u32) -> Sentence {
    let rest = match ledger {
        Some(ledger) => format!("{} is over", ledger.kind),
        None => format!("fault number {number} is over"),
    };
    let why = ledger.map(|ledger| format!("fault {}", ledger.id)).unwrap_or_default();
    say(Symbol::Fault, Interest::Story, "", rest, why)
}
