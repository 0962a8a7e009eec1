//! Whatever can be said is read back as it was written, and no text makes the parser panic.

use proptest::collection::vec;
use proptest::prelude::*;
use rcsim_scenario::*;

use crate::vocabulary;

fn span() -> impl Strategy<Value = Span> {
    (1_u64..20_000_000_000).prop_map(Span::from_nanos)
}

fn length() -> impl Strategy<Value = Option<Span>> {
    span().prop_map(Some)
}

fn ratio() -> impl Strategy<Value = Ratio> {
    (1_u32.., 0_u32..)
        .prop_map(|(one, other)| Ratio { numerator: one.min(other), denominator: one.max(other) })
}

fn distribution() -> impl Strategy<Value = Distribution> {
    let uniform =
        (span(), span()).prop_map(|(one, other)| Distribution::Uniform(one.min(other), one.max(other)));
    let exponential = (span(), span())
        .prop_map(|(one, other)| Distribution::Exponential { mean: one.max(other), min: one.min(other) });
    let quantiles = (vec(1_u16..1_000, 0..4), vec(span(), 6)).prop_map(|(mut at, mut values)| {
        at.extend([0, 1_000]);
        at.sort_unstable();
        at.dedup();
        values.sort_unstable();
        Distribution::Quantiles(at.into_iter().zip(values).collect())
    });
    let plain = prop_oneof![span().prop_map(Distribution::Constant), uniform, exponential, quantiles];
    plain.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), inner, ratio()).prop_map(|(usual, other, share)| Distribution::Bimodal {
            usual: Box::new(usual),
            other: Box::new(other),
            share,
        })
    })
}

fn node() -> impl Strategy<Value = Target> {
    (1..=6).prop_map(|number| Target::Node(format!("n{number}")))
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        node(),
        vec(node(), 2..4).prop_map(Target::List),
        (0_u16..16_384).prop_map(|slot| Target::MasterOf(SlotRef::Slot(slot))),
        "[a-z]{0,3}\\{[a-z]{1,3}\\}".prop_map(|key| Target::MasterOf(SlotRef::Key(key))),
        node().prop_map(|node| Target::ReplicaOf(Box::new(Target::MasterOfNode(Box::new(node))))),
        Just(Target::One),
        Just(Target::Minority),
        Just(Target::Majority),
        Just(Target::Masters),
        Just(Target::Replicas),
        Just(Target::All),
    ]
}

fn count() -> impl Strategy<Value = Count> {
    (0..u64::MAX, proptest::option::of(0_u64..9)).prop_map(|(at_least, more)| Count {
        at_least,
        at_most: more.map(|more| at_least.saturating_add(more)),
    })
}

fn event() -> impl Strategy<Value = String> {
    proptest::sample::select(rcsim_observe::event_names()).prop_map(str::to_owned)
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let eyes = || proptest::option::of(target());
    let state = || proptest::sample::select(State::ALL.to_vec());
    let client = || proptest::option::of(Just("c1".to_owned()));
    let slots = (0_u16..16_384, 0_u16..16_384)
        .prop_map(|(one, other)| vec![SlotRange { first: one.min(other), last: one.max(other) }]);
    prop_oneof![
        (state(), eyes()).prop_map(|(state, node)| Expectation::Now { state, node }),
        (event(), eyes(), count()).prop_map(|(name, node, count)| Expectation::Event { name, node, count }),
        (event(), target()).prop_map(|(name, node)| Expectation::Never { name, node: Some(node) }),
        Just(Expectation::Finding("S11".to_owned())),
        (count(), proptest::option::of(Just(rcsim_observe::LossCause::LastWords)))
            .prop_map(|(count, because)| Expectation::LostAcknowledgedWrites { count, because }),
        (client(), count()).prop_map(|(client, count)| Expectation::Answered { client, count }),
        (client(), count()).prop_map(|(client, count)| Expectation::StaleReads { client, count }),
        (client(), ratio()).prop_map(|(client, at_least)| Expectation::Availability { client, at_least }),
        (slots, target()).prop_map(|(slots, is)| Expectation::Owner { slots, is }),
        (node(), proptest::option::of(target())).prop_map(|(node, of)| {
            let is = if of.is_some() { NodeRole::Replica } else { NodeRole::Master };
            Expectation::Role { node, is, of }
        }),
    ]
}

fn process_fault() -> impl Strategy<Value = Action> {
    let restart = (target(), any::<bool>(), any::<bool>()).prop_map(|(who, empty, new)| Action::Restart {
        who,
        disk: if empty { DiskContents::Empty } else { DiskContents::Kept },
        address: if new { Address::New } else { Address::Same },
    });
    let jump = (any::<bool>(), span()).prop_map(|(back, by)| Shift { back, by });
    prop_oneof![
        target().prop_map(Action::Crash),
        target().prop_map(Action::PowerOff),
        restart,
        (target(), length()).prop_map(|(who, length)| Action::Pause { who, length }),
        Just(Action::Pause { who: Target::Client("c1".to_owned()), length: None }),
        target().prop_map(Action::Resume),
        (target(), jump, -500_000..500_000_i32, length()).prop_map(|(node, jump, ppm, length)| {
            Action::Clock { node, jump: Some(jump), drift: Some(Ppm(ppm)), length }
        }),
        (target(), span(), length()).prop_map(|(node, each_loop, length)| Action::Slow {
            node,
            each_loop,
            length
        }),
    ]
}

fn network_fault() -> impl Strategy<Value = Action> {
    let kinds = rcsim_protocol::bus::MessageKind::ALL.to_vec();
    let drop = proptest::sample::subsequence(kinds, 0..4);
    let link = (target(), distribution(), ratio(), drop, any::<[bool; 3]>(), length());
    prop_oneof![
        link.prop_map(|(end, latency, loss, drop, [refuse, reset, one_way], length)| Action::Network {
            between: (end, Target::Rest),
            latency: Some(latency),
            loss: Some(loss),
            drop,
            refuse,
            reset,
            bandwidth: Some(Bandwidth(64_000)),
            one_way,
            length
        }),
        (1..6_u16, length()).prop_map(|(split, length)| {
            let names =
                |range: std::ops::RangeInclusive<u16>| range.map(|number| Target::Node(format!("n{number}")));
            Action::Partition {
                groups: vec![names(1..=split).collect(), names(split + 1..=6).collect()],
                length,
            }
        }),
        (target(), length()).prop_map(|(from, length)| Action::Cut { from, to: Target::Rest, length }),
        Just(Action::Heal),
    ]
}

fn other_action() -> impl Strategy<Value = Action> {
    let fsync = prop_oneof![
        Just(FsyncFault::Stall),
        Just(FsyncFault::Fail),
        Just(FsyncFault::Lie),
        distribution().prop_map(FsyncFault::Slow)
    ];
    let text = || "[ -~äß\\n]{0,12}";
    let reply = prop_oneof![
        text().prop_map(ReplyPattern::Equals),
        text().prop_map(ReplyPattern::StartsWith),
        text().prop_map(ReplyPattern::Contains),
        text().prop_map(ReplyPattern::Error),
    ];
    let argument = prop_oneof![
        text().prop_map(Argument::Text),
        Just(Argument::IdOf("n1".to_owned())),
        Just(Argument::IpOf("n2".to_owned())),
        Just(Argument::PortOf("n3".to_owned())),
    ];
    prop_oneof![
        (target(), proptest::option::of(fsync), length()).prop_map(|(node, fsync, length)| Action::Disk {
            node,
            full: fsync.is_none(),
            writes_stall: fsync.is_none(),
            fsync,
            length
        }),
        (target(), vec(argument, 1..4), proptest::option::of(reply))
            .prop_map(|(node, argv, reply)| Action::Command { node, argv, reply }),
        vec(expectation(), 1..3).prop_map(Action::Check),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        span().prop_map(When::At),
        (span(), span(), length(), proptest::option::of(1_u32..9)).prop_map(|(every, from, more, times)| {
            When::Every { every, from, to: more.map(|more| from.saturating_add(more)), times }
        }),
        (event(), proptest::option::of(target()), 1_u32..5, span())
            .prop_map(|(event, node, nth, after)| When::On { event, node, nth, after }),
    ]
}

fn timeline() -> impl Strategy<Value = Vec<Entry>> {
    let action = prop_oneof![process_fault(), network_fault(), other_action()];
    vec((when(), action, any::<bool>()), 0..6).prop_map(|entries| {
        let named = entries.into_iter().enumerate();
        named
            .map(|(index, (when, action, must_fire))| Entry {
                id: format!("e-{index}"),
                when,
                action,
                must_fire,
            })
            .collect()
    })
}

fn cluster() -> impl Strategy<Value = Cluster> {
    let node = (any::<bool>(), span(), -500_000..500_000_i32).prop_map(|(back, by, ppm)| NodeOverride {
        name: "n4".to_owned(),
        settings: vec![("cluster-replica-no-failover".to_owned(), "yes".to_owned())],
        clock: ClockSpec { offset: Shift { back, by }, drift: Ppm(ppm) },
        slots: None,
        replica_of: Some("n2".to_owned()),
    });
    (0..3_u16, 1..60_000_u32, proptest::option::of(node)).prop_map(|(extra, timeout, node)| Cluster {
        masters: 3,
        replicas: 1,
        extra,
        formed: true,
        settings: vec![("cluster-node-timeout".to_owned(), timeout.to_string())],
        nodes: node.into_iter().collect(),
    })
}

fn nemesis() -> impl Strategy<Value = Nemesis> {
    let faults = proptest::sample::subsequence(NemesisFault::ALL.to_vec(), 1..9);
    (faults, 1..1_000_u32, span(), span(), 1..100_u32, any::<bool>()).prop_map(
        |(faults, weight, short, more, at_most_at_once, keep_majority)| Nemesis {
            from: Span::from_secs(5),
            to: Span::from_secs(50),
            faults: faults.into_iter().map(|fault| (fault, weight)).collect(),
            gap: (short, short.saturating_add(more)),
            length: (short, short.saturating_add(more)),
            at_most_at_once,
            keep_majority,
        },
    )
}

/// A client without any default.
fn busy_client() -> ClientSpec {
    ClientSpec {
        workload: Workload::MultiKey,
        profile: Profile::GoRedis,
        pacing: Pacing::Open,
        concurrency: 8,
        burst: 2,
        prefix: Some("shared".to_owned()),
        keys: 9,
        spread: Spread::Zipf,
        group: 3,
        reads_from: Some(ReadsFrom::Any),
        life: Span::from_secs(7),
        load: Span::from_millis(3),
        wait: Some(Wait { replicas: 2, timeout: Span::from_millis(50) }),
        timeout: Some(Span::from_millis(300)),
        retries: Some(1),
        redirects: Some(2),
        think: Span::from_millis(1),
        ..ClientSpec::named("c3")
    }
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let texts = ("[ -~ä]{0,20}", proptest::option::of("[a-z\\n]{0,20}"));
    let wire = any::<bool>().prop_map(|checked| if checked { Wire::Checked } else { Wire::Fast });
    let devices = (distribution(), ratio(), distribution());
    let plan = (timeline(), proptest::option::of(nemesis()), vec(expectation(), 0..4));
    let run = (wire, proptest::option::of(any::<u64>()), proptest::option::of(1..u64::MAX));
    (texts, cluster(), devices, plan, run).prop_map(|(texts, cluster, devices, plan, run)| Scenario {
        name: texts.0,
        description: texts.1,
        cluster,
        clients: vec![
            ClientSpec::named("c1"),
            ClientSpec { near: Some("n1".to_owned()), ..ClientSpec::named("c2") },
            busy_client(),
        ],
        network: NetworkSpec { latency: devices.0, loss: devices.1, bandwidth: None },
        disk: DiskSpec { fsync: devices.2 },
        process: ProcessSpec { load_per_key: Span::from_millis(1), ..ProcessSpec::default() },
        timeline: plan.0,
        nemesis: plan.1,
        expect: plan.2,
        until: Span::from_secs(60),
        seed: run.1,
        wire: run.0,
        known_weaknesses: vec!["EL-05".to_owned()],
        budget: run.2.map(|events| Budget { events }),
    })
}

/// A text that uses most of the format, to be damaged.
const WHOLE: &str = include_str!("../whole.json");

#[test]
fn the_file_to_be_damaged_is_sound() {
    parse(WHOLE, "whole.json", &vocabulary()).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scenario_is_read_back_as_it_is_written(scenario in scenario()) {
        let text = scenario.to_json();
        match parse(&text, "written.json", &vocabulary()) {
            Ok(read) => prop_assert_eq!(read, scenario, "{}", text),
            Err(diagnostics) => prop_assert!(false, "{}\n{}", diagnostics, text),
        }
    }

    #[test]
    fn no_damage_makes_the_parser_panic(
        cuts in vec((any::<[prop::sample::Index; 2]>(), "[-{}\\[\\]\",:0-9a-zäß\\n/ ]{0,6}"), 1..5)
    ) {
        let mut text = WHOLE.to_owned();
        for ([at, length], insert) in cuts {
            let letters: Vec<char> = text.chars().collect();
            let start = at.index(letters.len() + 1);
            let end = (start + length.index(12)).min(letters.len());
            let inserted: Vec<char> = insert.chars().collect();
            text = [&letters[..start], &inserted, &letters[end..]].concat().into_iter().collect();
        }
        let (scenario, diagnostics) = check(&text, "damaged.json", &vocabulary(), &[]);
        prop_assert_eq!(scenario.is_some(), !diagnostics.has_errors());
        prop_assert_eq!(diagnostics.render(Colour::Plain).is_empty(), diagnostics.is_empty());
    }

    #[test]
    fn no_option_makes_the_parser_panic(path in "[a-z0-9.-]{0,24}", value in "[-{}\\[\\]\",:0-9a-z]{0,12}") {
        let (_, diagnostics) = check(WHOLE, "whole.json", &vocabulary(), &[(&path, &value)]);
        diagnostics.render(Colour::Ansi);
    }
}
