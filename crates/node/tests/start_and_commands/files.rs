//! What a start finds on its disk (AO-1, AO-2, AO-15, BT-7, RB-5). Each case was shown to a server of 7.0.15.

use rcsim_node::{DataDamage, DiskStep, Effect, Files};
use rcsim_observe::Event;
use rcsim_observe::reason::{DamageCause, DataSource, ExitCause};
use rcsim_protocol::{Command, Settings};

use super::support::Bench;

const TWO_INCREMENTS: &str = "file b seq 1 type b\nfile i1 seq 1 type i\nfile i2 seq 2 type i\n";

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in [("appendonly", "yes")].iter().chain(pairs) {
        settings.set(name, value).expect("a legal value");
    }
    settings
}

/// The bytes of these commands.
fn log(commands: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    commands.iter().for_each(|text| Command::new(text.split(' ')).write_resp(&mut bytes));
    bytes
}

fn torn(commands: &[&str]) -> Vec<u8> {
    let mut bytes = log(commands);
    bytes.truncate(bytes.len() - 3);
    bytes
}

/// A disk with this manifest and these files of the append-only file.
fn disk(manifest: &str, files: &[(&str, Vec<u8>)]) -> Files {
    let manifest = ("appendonly.aof.manifest", manifest.as_bytes().to_vec());
    let named = |(name, bytes): (&str, Vec<u8>)| (format!("appendonlydir/{name}"), bytes);
    [manifest].into_iter().chain(files.iter().cloned()).map(named).collect()
}

/// A node that starts with this disk; slots of keys are its own from then on (BT-7).
fn start(settings: Settings, disk: Files) -> Bench {
    Bench::boot_with(6379, settings, None, disk).expect("a new node")
}

/// Which of the keys a, b and c are there.
fn keys(node: &Bench) -> String {
    "abc".chars().filter(|key| node.node.value(key.to_string().as_bytes()).is_some()).collect()
}

/// The steps that the start asked of the disk, nodes.conf aside.
fn steps(node: &Bench) -> Vec<DiskStep> {
    let asked = |effect: &Effect| match effect {
        Effect::Disk(request) => request.steps.clone(),
        _ => Vec::new(),
    };
    let of_config = |step: &DiskStep| matches!(step, DiskStep::WriteOver { file, .. } | DiskStep::Fsync { file } | DiskStep::Truncate { file, .. } if file == "nodes.conf");
    node.effects.iter().flat_map(asked).filter(|step| !of_config(step)).collect()
}

fn ended(node: &Bench) -> bool {
    node.effects.iter().any(|effect| matches!(effect, Effect::Exit(ExitCause::DataCorrupt)))
}

#[test]
fn ao_15_base_and_increments_are_loaded_in_order() {
    let files =
        [("b", log(&["SET a 1", "SET b 1"])), ("i1", log(&["DEL b", "SET c 1"])), ("i2", log(&["DEL c"]))];
    let node = start(settings(&[]), disk(TWO_INCREMENTS, &files));
    assert_eq!(keys(&node), "a");
}

#[test]
fn ao_1_a_base_may_be_a_snapshot_and_a_log_may_go_on_behind_it() {
    let snapshot = rcsim_node::rdb::save(&Default::default(), [], true);
    let base = [&snapshot[..], &log(&["SET a 1"])].concat();
    let files = [("b", base.clone()), ("i1", log(&["SET b 1"])), ("i2", Vec::new())];
    let node = start(settings(&[]), disk(TWO_INCREMENTS, &files));
    assert_eq!(keys(&node), "ab");
    let files = [("b", base[..snapshot.len() - 1].to_vec()), ("i1", Vec::new()), ("i2", Vec::new())];
    let node = start(settings(&[]), disk(TWO_INCREMENTS, &files));
    assert!(ended(&node), "a torn snapshot is not cut: {:?}", node.effects);
    assert!(matches!(node.node.data_damage(), Some(DataDamage::Snapshot(_))));
}

#[test]
fn ao_15_the_last_file_may_end_early_and_is_cut() {
    let files = [("b", log(&["SET a 1"])), ("i1", Vec::new()), ("i2", torn(&["SET b 1", "SET c 1"]))];
    let node = start(settings(&[]), disk(TWO_INCREMENTS, &files));
    let cut = DiskStep::Truncate { file: "appendonlydir/i2".to_owned(), length: log(&["SET b 1"]).len() };
    assert_eq!(steps(&node), [cut]);
    let lost = (torn(&["SET c 1"]).len()) as u64;
    assert!(node.effects.iter().any(|effect| {
        matches!(effect, Effect::Event(Event::DataLoaded { from: DataSource::Log, keys: 2, cut }) if *cut == lost)
    }));
    assert_eq!(keys(&node), "ab");
}

#[test]
fn ao_15_another_file_that_ends_early_is_cut_and_then_the_process_ends() {
    let files = [("b", log(&["SET a 1"])), ("i1", torn(&["SET b 1"])), ("i2", Vec::new())];
    let node = start(settings(&[]), disk(TWO_INCREMENTS, &files));
    assert_eq!(steps(&node), [DiskStep::Truncate { file: "appendonlydir/i1".to_owned(), length: 0 }]);
    assert!(ended(&node));
    let text = node.node.data_damage().map(ToString::to_string);
    assert_eq!(text.as_deref(), Some("Fatal error: the truncated file is not the last file"));
}

#[test]
fn ao_15_what_cannot_be_loaded_ends_the_process() {
    let last = |bytes: Vec<u8>| [("b", Vec::new()), ("i1", Vec::new()), ("i2", bytes)];
    let no = [("aof-load-truncated", "no")];
    let cases = [
        (settings(&[]), disk("x\n", &[]), "Invalid AOF manifest file format", DamageCause::BadManifest),
        (
            settings(&[]),
            disk(TWO_INCREMENTS, &last(Vec::new())[..2]),
            "Unable to obtain the AOF file i2 length. stat: No such file or directory",
            DamageCause::MissingFile,
        ),
        (
            settings(&[]),
            disk(TWO_INCREMENTS, &last(b"hello\n".to_vec())),
            "Bad file format reading the append only file i2",
            DamageCause::BadFormat,
        ),
        (
            settings(&[]),
            disk(TWO_INCREMENTS, &last(log(&["NOPE x"]))),
            "Unknown command 'NOPE' reading the append only file i2",
            DamageCause::UnknownCommand,
        ),
        (
            settings(&no),
            disk(TWO_INCREMENTS, &last(torn(&["SET a 1"]))),
            "Unexpected end of file reading the append only file i2",
            DamageCause::EndsEarly,
        ),
    ];
    for (settings, disk, text, why) in cases {
        let node = start(settings, disk);
        assert!(ended(&node), "{text}");
        assert_eq!(node.node.data_damage().map(ToString::to_string).as_deref(), Some(text));
        let told = |effect: &Effect| matches!(effect, Effect::Event(Event::DataDamaged { why: told }) if *told == why);
        assert!(node.effects.iter().any(told), "{text}");
        assert_eq!(steps(&node), [], "{text}");
    }
}

/// A manifest is read in any case, the data only with `appendonly`.
#[test]
fn rb_5_without_appendonly_the_log_is_not_loaded() {
    let files = [("b", log(&["SET a 1"])), ("i1", Vec::new()), ("i2", Vec::new())];
    let node = start(settings(&[("appendonly", "no")]), disk(TWO_INCREMENTS, &files));
    assert_eq!(keys(&node), "");
    assert!(ended(&start(settings(&[("appendonly", "no")]), disk("x\n", &[]))));
}

#[test]
fn ao_2_a_start_without_files_makes_them() {
    for (preamble, base, begins) in [("yes", "base.rdb", &b"REDIS0010"[..]), ("no", "base.aof", b"")] {
        let node = start(settings(&[("aof-use-rdb-preamble", preamble)]), Files::new());
        let steps = steps(&node);
        let renamed = format!("appendonlydir/appendonly.aof.1.{base}");
        assert!(steps.iter().any(|step| matches!(step, DiskStep::Rename { to, .. } if *to == renamed)));
        let [_, DiskStep::Append { bytes, .. }, ..] = &steps[..] else { panic!("{steps:?}") };
        assert!(bytes.starts_with(begins));
        let manifest = format!(
            "file appendonly.aof.1.{base} seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
        );
        assert!(
            steps.iter().any(
                |step| matches!(step, DiskStep::Append { bytes, .. } if bytes[..] == *manifest.as_bytes())
            )
        );
    }
}

#[test]
fn ao_13_a_start_removes_what_is_history() {
    let manifest = "file old seq 1 type h\nfile i1 seq 1 type i\n";
    let node = start(settings(&[]), disk(manifest, &[("i1", Vec::new())]));
    let steps = steps(&node);
    assert!(steps.contains(&DiskStep::Unlink { file: "appendonlydir/old".to_owned() }), "{steps:?}");
    let left = b"file i1 seq 1 type i\n";
    assert!(steps.iter().any(|step| matches!(step, DiskStep::Append { bytes, .. } if bytes[..] == *left)));
}
