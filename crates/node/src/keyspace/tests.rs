//! The keyspace by itself.

use proptest::prelude::*;

use super::*;

fn string(text: &str) -> Entry {
    Entry::lasting(Value::String(Bytes::from(text.as_bytes())))
}

#[test]
fn ks_2_keys_of_a_slot_come_newest_first() {
    let mut keyspace = Keyspace::default();
    for key in ["{t}a", "{t}b", "{t}c"] {
        keyspace.insert(key.as_bytes(), string("1"));
    }
    assert!(keyspace.remove(b"{t}b").is_some());
    let slot = key_slot(b"{t}");
    let keys: Vec<&[u8]> = keyspace.keys_in_slot(slot).map(AsRef::as_ref).collect();
    assert_eq!(keys, [b"{t}c", b"{t}a"]);
    keyspace.delete_slot(slot);
    assert_eq!((keyspace.count_in_slot(slot), keyspace.len()), (0, 0));
    assert_eq!((keyspace.digest(), keyspace.bytes()), (0, 0), "nothing is left of them");
}

#[test]
fn an_entry_is_there_at_the_very_millisecond_of_its_end() {
    let entry = Entry { expires_at_ms: Some(1000), ..string("1") };
    assert_eq!((entry.is_expired(1000), entry.is_expired(1001)), (false, true));
}

/// Something that changes a keyspace.
#[derive(Clone, Debug)]
enum Change {
    Insert(u8, Vec<u8>, Option<i64>),
    Remove(u8),
    Expiry(u8, Option<i64>),
    Push(u8, bool, Vec<u8>),
    Pop(u8, bool),
    DeleteSlot(u8),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let key = || 0u8..6;
    let text = || prop::collection::vec(0u8..4, 0..12);
    let time = || prop::option::of(0i64..5);
    let change = prop_oneof![
        (key(), text(), time()).prop_map(|(key, text, time)| Change::Insert(key, text, time)),
        key().prop_map(Change::Remove),
        (key(), time()).prop_map(|(key, time)| Change::Expiry(key, time)),
        (key(), any::<bool>(), text()).prop_map(|(key, left, text)| Change::Push(key, left, text)),
        (key(), any::<bool>(), text()).prop_map(|(key, left, text)| Change::Push(key, left, text)),
        (key(), any::<bool>()).prop_map(|(key, left)| Change::Pop(key, left)),
        key().prop_map(Change::DeleteSlot),
    ];
    prop::collection::vec(change, 0..60)
}

fn apply(keyspace: &mut Keyspace, change: &Change) {
    let side = |left: bool| if left { Side::Left } else { Side::Right };
    match change {
        Change::Insert(key, text, time) => {
            let value = Value::String(Bytes::from(text.as_slice()));
            keyspace.insert(&[*key], Entry { value, expires_at_ms: *time });
        }
        Change::Remove(key) => drop(keyspace.remove(&[*key])),
        Change::Expiry(key, time) => drop(keyspace.set_expiry(&[*key], *time)),
        Change::Push(key, left, text) => drop(keyspace.push(&[*key], side(*left), text)),
        Change::Pop(key, left) => drop(keyspace.pop(&[*key], side(*left))),
        Change::DeleteSlot(key) => keyspace.delete_slot(key_slot(&[*key])),
    }
}

/// The same entries put into a new keyspace, in the order of the keys.
fn rebuilt(keyspace: &Keyspace) -> Keyspace {
    let mut other = Keyspace::default();
    keyspace.entries().for_each(|(key, entry)| other.insert(key, entry.clone()));
    other
}

proptest! {
    #[test]
    fn indexes_and_digest_are_those_of_the_entries_however_they_came_about(changes in changes()) {
        let mut keyspace = Keyspace::default();
        changes.iter().for_each(|change| apply(&mut keyspace, change));
        let other = rebuilt(&keyspace);
        prop_assert_eq!(&keyspace, &other);
        prop_assert_eq!((keyspace.digest(), keyspace.bytes()), (other.digest(), other.bytes()));
        prop_assert_eq!(&keyspace.expiring, &other.expiring);
        for (key, _) in keyspace.entries() {
            let slot = key_slot(key);
            prop_assert_eq!(keyspace.keys_in_slot(slot).collect::<Vec<_>>(), [key]);
        }
        prop_assert_eq!(keyspace.by_slot.len(), keyspace.len());
    }

    #[test]
    fn what_differs_has_another_digest(changes in changes(), more in changes()) {
        let (mut one, mut two) = (Keyspace::default(), Keyspace::default());
        changes.iter().for_each(|change| apply(&mut one, change));
        changes.iter().chain(&more).for_each(|change| apply(&mut two, change));
        prop_assert_eq!(one.digest() == two.digest(), one.entries().eq(two.entries()));
    }
}

/// All keys of a walk that looks at `count` keys at a time; between two steps something happens to the keyspace.
fn walk(
    keyspace: &mut Keyspace,
    count: usize,
    mut meanwhile: impl FnMut(&mut Keyspace, usize),
) -> Vec<Bytes> {
    let (mut found, mut cursor) = (Vec::new(), 0);
    for step in 0.. {
        let mut keys = keyspace.keys_from(cursor);
        found.extend(keys.by_ref().take(count).map(|(_, key)| key.clone()));
        match keys.next() {
            Some((next, _)) => cursor = next,
            None => break,
        }
        drop(keys);
        meanwhile(keyspace, step);
    }
    found
}

proptest! {
    #[test]
    fn a_walk_finds_every_key_that_is_there_all_the_time_once_and_ends(
        count in 1..5_usize,
        lasting in prop::collection::btree_set("[a-d{}]{1,3}", 0..20),
        changes in prop::collection::vec(("[a-d{}]{1,3}", any::<bool>()), 0..40),
    ) {
        let mut keyspace = Keyspace::default();
        lasting.iter().for_each(|key| keyspace.insert(key.as_bytes(), string("1")));
        let found = walk(&mut keyspace, count, |keyspace, step| {
            for (key, comes) in changes.iter().skip(step * 3).take(3).filter(|(key, _)| !lasting.contains(key)) {
                if *comes {
                    keyspace.insert(key.as_bytes(), string("2"));
                } else {
                    keyspace.remove(key.as_bytes());
                }
            }
            lasting.iter().for_each(|key| keyspace.insert(key.as_bytes(), string("3")));
        });
        for key in &lasting {
            let times = found.iter().filter(|other| ***other == *key.as_bytes()).count();
            prop_assert_eq!(times, 1, "{} was found {} times", key, times);
        }
    }
}

#[test]
fn a_walk_ends_although_keys_come_faster_than_it_goes() {
    let mut keyspace = Keyspace::default();
    let key = |number: usize| format!("{{t}}{number}");
    (0..10).for_each(|number| keyspace.insert(key(number).as_bytes(), string("1")));
    let found = walk(&mut keyspace, 1, |keyspace, step| {
        (0..3).for_each(|more| keyspace.insert(key(100 + 3 * step + more).as_bytes(), string("2")));
    });
    assert_eq!(found.len(), 10);
    assert_eq!(keyspace.keys_from(u64::MAX).count(), 0, "behind the last slot there is nothing");
    let mut all: Vec<&[u8]> = (0..keyspace.len()).map(|it| &**keyspace.nth_key(it).expect("a key")).collect();
    all.sort_unstable();
    assert!(
        all.iter().copied().eq(keyspace.entries().map(|(key, _)| &**key)),
        "each index names another key"
    );
}
