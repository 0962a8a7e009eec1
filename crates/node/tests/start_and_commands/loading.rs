//! A start that takes time, because there is data to load (LP-9, BT-2, BT-3, ST-2).

use rcsim_node::{Effect, Files, Input, Work};
use rcsim_observe::{Event, NodeGlimpse};
use rcsim_protocol::{Command, Settings};

use super::support::{Bench, START_MS};

const COUNT: usize = 3;

/// A member of a formed cluster that starts with three keys in its append-only file.
fn loading() -> Bench {
    let mut log = Vec::new();
    for key in ["a", "b", "c"] {
        Command::new(["SET", key, "1"]).write_resp(&mut log);
    }
    let files = Files::from([
        ("appendonlydir/appendonly.aof.manifest".to_owned(), b"file i seq 1 type i\n".to_vec()),
        ("appendonlydir/i".to_owned(), log),
    ]);
    let settings = Settings { appendonly: true, ..Settings::default() };
    Bench::boot_loading(settings, &Bench::formed(0).config(), files)
}

#[test]
fn bt_1_a_start_with_data_says_how_much_there_is_to_load() {
    let node = loading();
    let bytes = (COUNT * "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n".len()) as u64;
    assert!(node.told(&Event::LoadingStarted { bytes }));
    let work = Work { bytes, keys: COUNT as u64 };
    let load =
        |effect: &Effect| matches!(effect, Effect::Load { work: told, old_keys: 0, .. } if *told == work);
    assert!(node.effects.iter().any(load), "{:?}", node.effects);
    assert_eq!(node.node.value(b"a"), None);
}

#[test]
fn bt_2_no_timer_runs_while_data_are_loaded_and_it_runs_at_once_afterwards() {
    let mut node = loading();
    let load = node.effects.iter().find_map(|effect| match effect {
        Effect::Load { load, .. } => Some(*load),
        _ => None,
    });
    let connects = |node: &Bench| node.effects.iter().filter(|it| matches!(it, Effect::Connect(..))).count();
    for _ in 0..30 {
        node.tick_after(100);
        assert!(node.effects.is_empty(), "{:?}", node.effects);
    }
    node.input(Input::Loaded { load: load.expect("there is something to load") });
    assert_eq!(connects(&node), 5, "it opens a link to each of the others");
    assert_eq!(node.node.value(b"a"), Some(&b"1"[..]));
    node.now_ms = START_MS + 4_900;
    node.tick_after(0);
    assert!(!node.node.state_ok(), "ST-2: the two seconds begin when the data are loaded");
    node.tick_after(300);
    assert!(node.node.state_ok());
}

#[test]
fn bt_3_nobody_on_the_bus_is_let_in_and_clients_are_told() {
    let mut node = loading();
    assert!(node.node.lets_nobody_in());
    assert_eq!(node.ask("PING").to_string(), "-LOADING Redis is loading the dataset in memory");
    assert_eq!(node.ask("DBSIZE").to_string(), "-LOADING Redis is loading the dataset in memory");
    assert_eq!(node.info("loading"), "1");
    node.effects = vec![Effect::Load { load: 1, work: Work::default(), old_keys: 0 }];
    node.finish_loading();
    assert!(!node.node.lets_nobody_in());
    assert_eq!(node.info("loading"), "0");
}
