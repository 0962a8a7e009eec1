//! Packets that running 7.0.15 servers sent to a hand-made peer on 127.0.0.1:17320 (its id is forty `f`).
//!
//! Four servers had ports 7311 to 7314; 7311 announced the hostname `node-1.example`, 7314 followed the peer.

use std::collections::BTreeSet;

use super::*;
use crate::bus::message::{Body, Message, MessageKind};
use crate::flags::NodeFlags;
use crate::registry::Registry;
use crate::slot::Slot;

macro_rules! packets {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../../../tests/data/bus/", $name, ".bin")))),*]
    };
}

const PACKETS: &[(&str, &[u8])] = packets! {
    "ping" "ping-hostname" "ping-replica" "pong" "meet" "fail" "publish" "auth-req" "auth-ack" "update"
    "mfstart" "publishshard"
};

fn read(name: &str) -> (Message, Registry) {
    let (_, packet) = PACKETS.iter().find(|(known, _)| *known == name).expect("a captured packet");
    let mut registry = Registry::new();
    let message = decode(packet, &mut registry).expect("a real packet");
    (message, registry)
}

#[test]
fn wr_1_real_packets_come_out_byte_for_byte_as_they_went_in() {
    let mut kinds = BTreeSet::new();
    for (name, packet) in PACKETS {
        assert_eq!(frame_len(packet), Ok(Some(packet.len() as u32)), "{name}");
        let (message, registry) = read(name);
        assert!(name.starts_with(message.kind().name()), "{name}");
        assert!(encode(&message, &registry) == *packet, "{name}");
        kinds.insert(message.kind());
    }
    let missing: Vec<_> = MessageKind::ALL.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    assert_eq!(missing, [MessageKind::Module], "no module was at hand");
}

#[test]
fn wr_6_the_extension_of_a_real_meet() {
    let (message, registry) = read("meet");
    let heartbeat = message.heartbeat().expect("a heartbeat");
    assert_eq!(message.wire_len(), 2488);
    assert_eq!(heartbeat.hostname.as_deref(), Some("node-1.example"));
    let ports: Vec<_> = heartbeat
        .gossip
        .iter()
        .map(|entry| registry.address_of(registry.card_of(entry.card).address).port)
        .collect();
    assert!(ports.len() == 2 && ports.iter().all(|port| (7312..=7314).contains(port)), "{ports:?}");
    let own = registry.address_of(message.header.address);
    assert_eq!((own.ip, own.port, own.cport, own.pport), (None, 7311, 17311, 0));
}

#[test]
fn wr_16_a_real_replica_speaks_for_its_master() {
    let (message, registry) = read("mfstart");
    assert_eq!(message.header.flags, NodeFlags::MYSELF | NodeFlags::SLAVE);
    assert_eq!(message.header.master.map(|master| registry.id(master).to_string()), Some("f".repeat(40)));
    let (request, _) = read("auth-req");
    assert!(request.header.force_ack && !request.header.paused);
    assert_eq!(request.header.slots.to_string(), "16383", "the slot that the peer claimed");
}

#[test]
fn wr_8_wr_10_wr_11_the_bodies_of_real_packets() {
    let (update, _) = read("update");
    let Body::Update(body) = &update.body else { panic!("{:?}", update.body) };
    assert_eq!(body.slots.to_string(), "0-5460", "the peer had claimed slot 0");
    assert!(body.node != update.header.sender && body.slots.contains(Slot::new(0).expect("a slot")));

    let (fail, registry) = read("fail");
    let Body::Fail(failed) = fail.body else { panic!("{:?}", fail.body) };
    assert!(failed != fail.header.sender && registry.node_count() == 2);

    assert_eq!(read("publish").0.body, Body::Publish(b"news"[..].into(), b"hello"[..].into()));
    let (sharded, _) = read("publishshard");
    let Body::PublishShard(channel, text) = &sharded.body else { panic!("{:?}", sharded.body) };
    assert!(sharded.header.slots.contains(crate::slot::key_slot(channel)));
    assert_eq!(&**text, b"sharded");
    let (vote, _) = read("auth-ack");
    assert_eq!(vote.wire_len(), 2256);
}
