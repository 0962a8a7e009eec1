//! The catalogue of faults: what each word of a timeline does, with an example.

use rcsim_scenario::ActionKind;

/// What is said of one kind of fault.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topic {
    /// What it does, in one sentence.
    pub(crate) sentence: &'static str,
    /// A timeline entry.
    pub(crate) example: &'static str,
    /// How it ends.
    pub(crate) ends: &'static str,
}

/// What is said of this kind.
pub(crate) const fn topic(kind: ActionKind) -> Topic {
    let (sentence, example, ends) = match kind {
        ActionKind::Crash => (
            "The process dies as by kill -9: its connections are reset, what it wrote survives.",
            r#"{ "at": "20s", "crash": "n1" }"#,
            "`restart`; otherwise the node stays dead",
        ),
        ActionKind::PowerOff => (
            "The host loses its power: nobody answers, and what was not synced is gone.",
            r#"{ "at": "20s", "power-off": "replica-of:n1" }"#,
            "`restart`; otherwise the host stays off",
        ),
        ActionKind::Restart => (
            "The process starts again, with the disk it left or an empty one, at its old address or a new one.",
            r#"{ "at": "40s", "restart": "n1", "disk": "empty", "address": "new" }"#,
            "at once",
        ),
        ActionKind::Pause => (
            "SIGSTOP: the process does nothing, its sockets stay open and fill.",
            r#"{ "at": "20s", "pause": "master-of:{user42}", "for": "3s" }"#,
            "`for`, or `resume`",
        ),
        ActionKind::Resume => (
            "SIGCONT: the process goes on and finds everything that came in meanwhile.",
            r#"{ "at": "23s", "resume": "n1" }"#,
            "at once",
        ),
        ActionKind::Partition => (
            "Nothing passes between the groups, in either direction; what is under way is lost or comes late.",
            r#"{ "at": "20s", "partition": [["n1", "c1"], ["*"]], "for": "6s" }"#,
            "`for`, or `heal`",
        ),
        ActionKind::Cut => (
            "Nothing passes from one side to the other; the way back is open.",
            r#"{ "at": "20s", "cut": { "from": "n1", "to": "masters" }, "for": "6s" }"#,
            "`for`, or `heal`",
        ),
        ActionKind::Heal => {
            ("Ends all partitions, cuts and network faults.", r#"{ "at": "30s", "heal": true }"#, "at once")
        }
        ActionKind::Network => (
            "A worse link: slower, lossy, narrow; refused or reset connections; dropped kinds of messages.",
            r#"{ "at": "5s", "network": { "between": ["n1", "n2"], "loss": "1/100" }, "for": "60s" }"#,
            "`for`, or `heal`",
        ),
        ActionKind::Clock => (
            "The wall clock of a host jumps or drifts.",
            r#"{ "at": "20s", "clock": { "node": "n2", "jump": "-10s" } }"#,
            "`for`; a jump without `for` stays",
        ),
        ActionKind::Disk => (
            "The disk goes wrong: fsync stalls, fails, lies or is slow; or no space is left.",
            r#"{ "at": "20s", "disk": { "node": "n2", "fsync": "stall" }, "for": "2s" }"#,
            "`for`",
        ),
        ActionKind::Slow => (
            "Every turn of the event loop takes longer, so timers and answers come late.",
            r#"{ "at": "20s", "slow": { "node": "n1", "loop": "80ms" }, "for": "10s" }"#,
            "`for`",
        ),
        ActionKind::Command => (
            "A raw command of an operator; its reply is compared if one is given.",
            r#"{ "at": "20s", "command": { "node": "n4", "argv": ["CLUSTER", "FAILOVER"] }, "reply": "OK" }"#,
            "at once",
        ),
        ActionKind::Check => (
            "Breaks nothing: expectations that are judged at that moment.",
            r#"{ "at": "35s", "check": [{ "eventually": "cluster-ok", "within": "5s" }] }"#,
            "at once",
        ),
    };
    Topic { sentence, example, ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_an_entry_that_a_scenario_takes() {
        for kind in ActionKind::ALL {
            let fault = topic(kind);
            let text = format!(
                r#"{{ "name": "example", "until": "90s", "clients": [{{ "name": "c1" }}], "timeline": [{}] }}"#,
                fault.example
            );
            let scenario = rcsim_scenario::parse(&text, "example", &rcsim_runner::vocabulary());
            let scenario = scenario.unwrap_or_else(|errors| panic!("{}: {errors}", kind.word()));
            assert_eq!(scenario.timeline[0].action.kind(), kind);
        }
    }
}
