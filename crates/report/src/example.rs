//! A small run made by hand, and what the report says of it.

use std::collections::BTreeMap;

use rcsim_observe::reason::*;
use rcsim_observe::summary::{
    ClientTotals, ExpectationResult, Failover, FaultLedger, Millis, Names, NodeSummary, Summary, Verdict,
};
use rcsim_observe::{Digest, Event, Finding, FindingKind, Loss, LossCause, Place, Record};
use rcsim_protocol::bus::MessageKind;
use rcsim_protocol::{AddressIx, Epoch, NodeId, NodeIx, Offset, ReplicationId, Slot, SlotSet};

pub(crate) fn names() -> Names {
    let nodes = (0..6).map(|place| (NodeId::from_random([place; 3]), Some(Place(place as u32)))).collect();
    Names {
        nodes,
        places: (1..=6).map(|number| format!("n{number}")).collect(),
        clients: vec!["c1".to_owned()],
    }
}

pub(crate) fn faults() -> Vec<FaultLedger> {
    let fault =
        |id: &str, kind: &str, targets: &[&str], started_ns: &[u64], effect: &[(&'static str, u64)]| {
            let targets = targets.iter().map(ToString::to_string).collect();
            let effect = BTreeMap::from_iter(effect.iter().copied());
            let (id, kind, started_ns) = (id.to_owned(), kind.to_owned(), started_ns.to_vec());
            FaultLedger { id, kind, targets, started_ns, must_fire: true, effect }
        };
    vec![
        fault(
            "crash-1",
            "crash",
            &["n1"],
            &[20_000_000_000],
            &[("connections reset", 20), ("processes ended", 1)],
        ),
        fault("partition-1", "partition", &["n2", "|", "n3"], &[29_000_000_000], &[]),
    ]
}

fn at(micros: u64, place: Option<u32>, event: Event) -> Record {
    Record { at_ns: micros * 1000, place: place.map(Place), event }
}

/// A failover from n1 to n4; places are numbered from 0.
pub(crate) fn records() -> Vec<Record> {
    let subject = NodeIx(0);
    let (master, candidate, epoch) = (subject, NodeIx(3), Epoch(7));
    let vote =
        Event::VoteGranted { candidate, master, epoch, forced: false, master_failed: true, answered: true };
    let moved = Event::SlotsMoved {
        from: Some(master),
        to: Some(candidate),
        count: 5461,
        first: 0,
        from_epoch: Epoch(1),
        to_epoch: epoch,
        abandoned: false,
        cause: BindCause::Claim,
    };
    vec![
        at(20_000_000, None, Event::FaultStarted { fault: 0 }),
        at(20_000_000, Some(0), Event::Crashed),
        at(25_102_000, Some(1), Event::Pfail { subject }),
        at(25_140_400, Some(2), Event::Pfail { subject }),
        at(25_377_000, Some(2), Event::Fail { subject, reports: 1, own_vote: true, needed: 2 }),
        at(25_377_900, Some(3), Event::FailReceived { subject, from: NodeIx(2) }),
        at(25_378_100, Some(4), Event::FailReceived { subject, from: NodeIx(2) }),
        at(25_400_000, Some(3), Event::ElectionScheduled { delay_ms: 641, rank: 0, offset: Offset(1234) }),
        at(26_041_000, Some(3), Event::ElectionStarted { epoch, manual: false }),
        at(26_042_000, Some(1), vote.clone()),
        at(26_042_100, Some(2), vote),
        at(26_042_200, Some(2), Event::VoteDenied { candidate: NodeIx(4), why: VoteDenied::MasterUp }),
        at(26_044_000, Some(3), Event::ElectionWon { epoch, votes: 2, needed: 2 }),
        at(26_045_000, Some(1), moved),
        at(29_000_000, None, Event::FaultStarted { fault: 1 }),
        at(30_000_000, None, Event::FaultEnded { fault: 1 }),
    ]
}

pub(crate) fn summary() -> Summary {
    let master = |name: &str, role, epoch, slots| NodeSummary {
        name: name.to_owned(),
        role,
        config_epoch: Epoch(epoch),
        slots,
        state: "ok",
        master: None,
    };
    let slot = |number| Slot::new(number).expect("a slot");
    let records = records();
    Summary {
        scenario: "a master dies".to_owned(),
        seed: 7,
        verdict: Verdict::Violated,
        fingerprint: "00112233445566778899aabbccddeeff".to_owned(),
        sim_ns: 60_000_000_000,
        events: 4321,
        messages: 1234,
        findings: vec![Finding {
            id: "S3".to_owned(),
            kind: FindingKind::Safety,
            at_ns: 26_044_000_000,
            places: vec![Place(3), Place(4)],
            text: "n4 and n5 were both elected in epoch 7".to_owned(),
            known_as: Some("EL-05"),
            led_by: vec![records[12].clone()],
        }],
        faults: faults(),
        coverage: BTreeMap::from([("pfail", 2), ("fail", 1)]),
        clients: ClientTotals {
            ok: 900,
            failed: 3,
            unknown: 2,
            lost_acknowledged: 1,
            stale_reads: 5,
            stalest_ns: 812_400_000,
        },
        losses: vec![loss()],
        failovers: vec![failover()],
        nodes: vec![
            master("n1", "down", 1, SlotSet::empty()),
            NodeSummary { master: Some("n4".to_owned()), ..master("n2", "replica", 7, SlotSet::empty()) },
            master("n4", "master", 7, SlotSet::range(slot(0), slot(5460))),
        ],
        expectations: vec![
            ExpectationResult {
                text: "cluster-ok".to_owned(),
                held: Some(true),
                seen: "at T+26.045s".to_owned(),
            },
            ExpectationResult {
                text: "never promoted".to_owned(),
                held: Some(false),
                seen: "once".to_owned(),
            },
            ExpectationResult { text: "finding S11".to_owned(), held: None, seen: "not judged".to_owned() },
        ],
        records,
        operations: Vec::new(),
        names: names(),
    }
}

fn loss() -> Loss {
    Loss {
        client: 0,
        key: "c1:17".into(),
        command: "SET",
        value: 42,
        acknowledged_by: Some(Place(0)),
        acknowledged_ns: 19_999_500_000,
        replicas: None,
        owner: Place(3),
        noticed_ns: 26_044_000_000,
        cause: LossCause::ReplicationWindow,
        remedies: vec!["WAIT", "min-replicas-to-write"],
    }
}

fn failover() -> Failover {
    let ms = |micros| Some(Millis(micros));
    Failover {
        master: "n1".to_owned(),
        cause: "crash".to_owned(),
        down_at_ms: ms(20_000_000),
        first_pfail_ms: ms(5_102_000),
        first_fail_ms: ms(5_377_000),
        fail_known_by_all_ms: ms(5_378_100),
        election_scheduled_ms: ms(5_400_000),
        election_started_ms: ms(6_041_000),
        promoted_ms: ms(6_044_000),
        winner: Some("n4".to_owned()),
        epoch: Some(Epoch(7)),
        votes: Some(2),
        ..Failover::default()
    }
}

/// One of every kind, in the order of declaration.
pub(crate) fn every_event() -> Vec<Event> {
    let (node, epoch, offset) = (NodeIx(1), Epoch(7), Offset(12));
    let (subject, peer, sender, candidate, master, from) = (node, node, node, node, node, NodeIx(2));
    vec![
        Event::NodeAdded { node, how: Arrival::Meet },
        Event::HandshakeCompleted { temporary: from, node },
        Event::NodeRemoved { node, why: Departure::Forget },
        Event::GossipBanned { node },
        Event::IdMismatch { expected: node, got: from },
        Event::AddressChanged { node, address: AddressIx::BLANK, source: AddressSource::Packet },
        Event::IdentityChanged { node },
        Event::LinkUp { peer },
        Event::LinkDown { peer, why: LinkDown::Broken },
        Event::PacketIgnored { kind: MessageKind::Ping, sender, why: Ignored::Filtered },
        Event::Pfail { subject },
        Event::PfailCleared { subject },
        Event::FailureReport { subject, reporter: from },
        Event::FailureReportWithdrawn { subject, reporter: from },
        Event::FailQuorumMissing { subject, have: 1, needed: 2 },
        Event::Fail { subject, reports: 2, own_vote: false, needed: 2 },
        Event::FailReceived { subject, from },
        Event::FailCleared { subject, why: FailCleared::ReplicaReachable },
        Event::StateOk,
        Event::StateFail { cause: StateCause::Minority { reachable: 1, needed: 2 } },
        Event::StateHeld { why: StateHold::Boot },
        Event::ConfigEpochChanged { epoch, cause: EpochCause::Bump },
        Event::EpochCollision { other: node, epoch },
        Event::SlotsMoved {
            from: None,
            to: Some(node),
            count: 1,
            first: 42,
            from_epoch: Epoch::ZERO,
            to_epoch: epoch,
            abandoned: false,
            cause: BindCause::Command,
        },
        Event::StaleClaim { sender, owner: from, answered: true },
        Event::CannotFailover { why: CannotFailover::DataAge { age_ms: 2, limit_ms: 1 } },
        Event::ElectionScheduled { delay_ms: 641, rank: 0, offset },
        Event::RankWorsened { rank: 1, added_ms: 1000 },
        Event::ElectionStarted { epoch, manual: true },
        Event::VoteGranted {
            candidate,
            master: from,
            epoch,
            forced: true,
            master_failed: false,
            answered: false,
        },
        Event::VoteDenied { candidate, why: VoteDenied::TooSoon { wait_ms: 5 } },
        Event::VoteReceived { from, votes: 1, epoch },
        Event::ElectionWon { epoch, votes: 2, needed: 2 },
        Event::Promoted { cause: PromotionCause::Takeover, old_master: Some(node), epoch, slots: 5461 },
        Event::Reconfigured { master, was_master: true, cause: ReconfigureCause::SlotsTaken },
        Event::RoleSeen { node, master: Some(from), is_master: false, was_master: true },
        Event::ManualFailoverRequested { kind: ManualFailoverKind::Default },
        Event::ManualFailoverPaused { replica: node },
        Event::ManualFailoverOffset { offset },
        Event::ManualFailoverCaughtUp { offset },
        Event::ManualFailoverTimedOut,
        Event::ManualFailoverEnded,
        Event::MigrationDeclined { orphan: Some(node), why: NoMigration::TooEarly },
        Event::ReplicationUp { master, full: true, offset },
        Event::ReplicationDown { why: ReplicationDown::Lost },
        Event::FullResync { offset },
        Event::PartialResync { offset },
        Event::LoadingStarted { bytes: 300 },
        Event::DataLoaded { from: DataSource::Log, keys: 12, cut: 7 },
        Event::DataDamaged { why: DamageCause::EndsEarlyBeforeOthers },
        Event::RdbSaved { size: 2048 },
        Event::RdbSaveFailed,
        Event::ShutdownWaits,
        Event::ShutdownCancelled,
        Event::AofRewritten { size: 4096 },
        Event::AofRewriteFailed,
        Event::AofWriteDelayed { for_s: 2 },
        Event::AofError,
        Event::AofErrorOver,
        Event::ReplicaDropped { why: ReplicaDropped::OutputLimit, offset },
        Event::SyncAborted { why: ReplicationDown::Lost, received: 262_144 },
        Event::StreamMark { stream: ReplicationId([0xABCD; 5]), offset, data: Digest(0x1234_5678) },
        Event::KeysDropped { keys: 12 },
        Event::ConfigSaved { fsync: true },
        Event::VoteSent { epoch },
        Event::Exited { why: ExitCause::ConfigNotSaved },
        Event::Started { node, fresh: true },
        Event::Crashed,
        Event::PoweredOff,
        Event::Paused,
        Event::Resumed,
        Event::ClockJumped { by_ms: -10_000 },
        Event::FaultStarted { fault: 0 },
        Event::FaultEnded { fault: 0 },
        Event::Healed,
    ]
}

/// Compares with `tests/golden/NAME`; with `RCSIM_BLESS` set, writes it instead.
pub(crate) fn check(name: &str, text: &str) {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = format!("{}\n", text.trim_end());
    if std::env::var_os("RCSIM_BLESS").is_some() {
        std::fs::write(&path, &text).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("there is a golden file");
    assert_eq!(text, golden, "{path} differs; RCSIM_BLESS=1 rewrites it");
}
