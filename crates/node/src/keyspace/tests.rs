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
