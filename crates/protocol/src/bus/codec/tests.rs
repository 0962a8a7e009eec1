//! The codec, byte by byte and round trip by round trip (WR-1 … WR-17).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::address::Address;
use crate::bus::message::{Body, GossipEntry, HEADER_LEN, Header, Heartbeat, Message, MessageKind, Update};
use crate::epoch::Epoch;
use crate::flags::NodeFlags;
use crate::node_id::NodeId;
use crate::offset::Offset;
use crate::registry::{AddressIx, Card, CardIx, NodeIx, Registry};
use crate::slot::Slot;
use crate::slot_set::SlotSet;

fn id(letter: u8) -> NodeId {
    NodeId::from_bytes([letter; 40])
}

/// A message with a different value in every field.
fn sample(registry: &mut Registry, body: impl FnOnce(&mut Registry) -> Body) -> Message {
    let address = Address { ip: "10.1.2.3".parse().ok(), port: 0x1122, cport: 0x3344, pport: 0x5566 };
    Message {
        header: Header {
            sender: registry.node(id(b's')),
            address: registry.address(address),
            current_epoch: Epoch(0x0102_0304_0506_0708),
            config_epoch: Epoch(0x1112_1314_1516_1718),
            offset: Offset(0x2122_2324_2526_2728),
            slots: [9, 16383].into_iter().filter_map(Slot::new).collect(),
            master: Some(registry.node(id(b'm'))),
            flags: NodeFlags(0x0111),
            cluster_failed: true,
            paused: true,
            force_ack: true,
        },
        body: body(registry),
    }
}

fn entry(registry: &mut Registry) -> GossipEntry {
    let ip = Some(IpAddr::V4(Ipv4Addr::new(192, 168, 100, 200)));
    let node = registry.node(id(b'g'));
    let address = registry.address(Address { ip, port: 0xC1C2, cport: 0xC3C4, pport: 0xC5C6 });
    GossipEntry {
        card: registry.card(Card { node, address, flags: NodeFlags(0xD1D2) }),
        ping_sent: 0xA1A2_A3A4,
        pong_received: 0xB1B2_B3B4,
    }
}

fn packet(body: impl FnOnce(&mut Registry) -> Body) -> Vec<u8> {
    let mut registry = Registry::new();
    let message = sample(&mut registry, body);
    encode(&message, &registry)
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(length, 0);
    bytes
}

/// Overwrites the length field, then decodes.
fn decode_resized(packet: &mut [u8]) -> Result<Message, DecodeError> {
    let length = (packet.len() as u32).to_be_bytes();
    packet[4..8].copy_from_slice(&length);
    decode(packet, &mut Registry::new())
}

#[test]
fn wr_2_every_header_field_stands_at_its_offset() {
    let packet = packet(|_| Body::AuthRequest);
    let mut slots = vec![0; 2048];
    (slots[1], slots[2047]) = (2, 128);
    let fields: [(usize, &[u8]); 22] = [
        (0, b"RCmb"),
        (4, &2256_u32.to_be_bytes()),
        (8, &[0, 1]),
        (10, &[0x11, 0x22]),
        (12, &[0, 5]),
        (14, &[0, 0]),
        (16, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (24, &[0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18]),
        (32, &[0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28]),
        (40, &[b's'; 40]),
        (80, &slots),
        (2128, &[b'm'; 40]),
        (2168, &padded("10.1.2.3", 46)),
        (2214, &[0, 0]),
        (2216, &[0; 30]),
        (2246, &[0x55, 0x66]),
        (2248, &[0x33, 0x44]),
        (2250, &[0x01, 0x11]), // WR-14: 273 = MIGRATE_TO, MYSELF, MASTER
        (2252, &[1]),
        (2253, &[1 | 2]),
        (2254, &[0, 0]),
        (2256, &[]),
    ];
    let mut end = 0;
    for (offset, bytes) in fields {
        assert_eq!(offset, end, "no gap, no overlap");
        assert_eq!(&packet[offset..offset + bytes.len()], bytes, "at {offset}");
        end += bytes.len();
    }
    assert_eq!(end, packet.len());
    let flags = NodeFlags(0x0111);
    assert_eq!((flags, flags.0), (NodeFlags::MIGRATE_TO | NodeFlags::MYSELF | NodeFlags::MASTER, 273));
}

#[test]
fn wr_4_every_field_of_a_gossip_entry_stands_at_its_offset() {
    let packet = packet(|registry| {
        Body::Ping(Heartbeat { gossip: vec![entry(registry), entry(registry)], hostname: None })
    });
    let mut expected = vec![b'g'; 40];
    expected.extend([0xA1, 0xA2, 0xA3, 0xA4, 0xB1, 0xB2, 0xB3, 0xB4]);
    expected.extend(padded("192.168.100.200", 46));
    expected.extend([0xC1, 0xC2, 0xC3, 0xC4, 0xD1, 0xD2, 0xC5, 0xC6, 0, 0]);
    assert_eq!(expected.len(), 104);
    assert_eq!(packet[2256..2360], expected);
    assert_eq!(packet[2360..], expected);
    assert_eq!(packet[14..16], [0, 2], "the count");
}

#[test]
fn wr_6_a_hostname_is_one_extension_padded_to_eight() {
    let of = |name: &str| {
        packet(|registry| {
            let gossip = vec![entry(registry), entry(registry)];
            Body::Meet(Heartbeat { gossip, hostname: Some(name.into()) })
        })
    };
    let packet = of("fourteen.chars");
    assert_eq!(packet.len(), 2488);
    assert_eq!(packet[2464..2472], [0, 0, 0, 24, 0, 0, 0, 0]);
    assert_eq!(packet[2472..], padded("fourteen.chars", 16));
    assert_eq!((packet[2214], packet[2215], packet[2253]), (0, 1, 1 | 2 | 4), "WR-7: one, and EXT_DATA");
    assert_eq!(of("seven.7").len(), 2464 + 16, "7 characters and the NUL fill 8");
    assert_eq!(of("eight.88").len(), 2464 + 24);
    assert_eq!((of("").len(), of("")[2215], of("")[2253] & 4), (2464, 0, 0), "an empty one is none");
}

#[test]
fn wr_8_to_wr_12_the_other_bodies() {
    let bytes = |text: &str| Arc::<[u8]>::from(text.as_bytes());
    let fail = packet(|registry| Body::Fail(registry.node(id(b'x'))));
    assert_eq!((fail.len(), &fail[2256..]), (2296, &[b'x'; 40][..]));
    for body in [Body::AuthRequest, Body::AuthAck, Body::MfStart] {
        assert_eq!(packet(|_| body).len(), 2256);
    }
    let publish = packet(|_| Body::PublishShard(bytes("ab"), bytes("xyz")));
    assert_eq!(&publish[2256..], b"\0\0\0\x02\0\0\0\x03abxyz");
    let module = packet(|_| Body::Module(*b"moduleid", 7, bytes("load")));
    assert_eq!(&module[2256..], b"moduleid\0\0\0\x04\x07load");
    let slots: SlotSet = Slot::new(8).into_iter().collect();
    let update = packet(|registry| {
        Body::Update(Update { node: registry.node(id(b'o')), config_epoch: Epoch(0x77), slots })
    });
    assert_eq!(update.len(), 4352);
    assert_eq!(update[2256..2264], [0, 0, 0, 0, 0, 0, 0, 0x77]);
    assert_eq!(update[2264..2304], [b'o'; 40]);
    assert_eq!(update[2304..2307], [0, 1, 0]);
}

#[test]
fn wr_13_framing_needs_eight_bytes_and_closes_the_link_on_nonsense() {
    assert_eq!(frame_len(b"RCmb\0\0\x08"), Ok(None));
    assert_eq!(frame_len(b"RCmb\0\0\x08\xd0"), Ok(Some(2256)));
    assert_eq!(frame_len(b"RCmb\0\0\x08\xcf"), Err(FrameError::Length(2255)));
    assert_eq!(frame_len(b"HTTP\0\0\x08\xd0!"), Err(FrameError::Signature(*b"HTTP")));
}

#[test]
fn pk_3_to_pk_6_what_makes_a_packet_ignored() {
    let whole = packet(|registry| {
        Body::Ping(Heartbeat { gossip: vec![entry(registry)], hostname: Some("host.name".into()) })
    });
    let refused = |offset: usize, bytes: &[u8]| {
        let mut packet = whole.clone();
        packet[offset..offset + bytes.len()].copy_from_slice(bytes);
        decode(&packet, &mut Registry::new()).expect_err("refused")
    };
    let length = whole.len() as u32;
    assert_eq!(refused(4, &[0, 1]), DecodeError::Truncated { says: 65536 + length, has: whole.len() });
    assert_eq!(refused(8, &[0, 2]), DecodeError::Version(2));
    assert_eq!(refused(12, &[0, 11]), DecodeError::UnknownType(11));
    assert_eq!(refused(12, &[0, 3]), DecodeError::Length(length), "too long for a FAIL");
    assert_eq!(refused(12, &[0, 7]), DecodeError::Length(length), "too short for an UPDATE");
    assert_eq!(refused(12, &[0, 4]), DecodeError::Length(length), "a PUBLISH of a very long channel");
    assert_eq!(refused(12, &[0, 9]), DecodeError::Length(length), "a MODULE of a very long payload");
    assert_eq!(refused(14, &[255, 255]), DecodeError::Length(length), "more entries than bytes");
    assert_eq!(refused(2214, &[0, 2]), DecodeError::Length(length), "WR-6: two extensions where one is");
    assert_eq!(refused(2214, &[0, 0]), DecodeError::Length(length), "WR-6: none where one is");
    assert_eq!(refused(2253, &[0]), DecodeError::UnflaggedExtensions(1), "WR-7");
    for wrong in [23, 20, 0, 32, u32::MAX - 7] {
        assert_eq!(refused(2360, &wrong.to_be_bytes()), DecodeError::ExtensionLength(wrong), "WR-6");
    }
    assert_eq!(refused(2368, &[255]), DecodeError::BadHostname);
    assert_eq!(refused(2368, &[b'a'; 16]), DecodeError::BadHostname, "no NUL");
    assert_eq!(refused(2168, b"10.1.2.345"), DecodeError::BadAddress, "the sender's");
    assert_eq!(refused(2304, b"example"), DecodeError::BadAddress, "the entry's");
}

#[test]
fn pk_18_unknown_extensions_are_skipped() {
    let mut packet = packet(|_| Body::Pong(Heartbeat { gossip: vec![], hostname: Some("host".into()) }));
    packet[2215] = 2;
    packet.extend(b"\0\0\0\x10\0\x63\0\0opaque!!");
    let message = decode_resized(&mut packet).expect("well-formed");
    assert_eq!(message.heartbeat().and_then(|heartbeat| heartbeat.hostname.as_deref()), Some("host"));
}

fn registry() -> impl Strategy<Value = Registry> {
    let address = any::<(Option<IpAddr>, u16, u16, u16)>();
    let cards = vec(any::<(Index, Index, u16)>(), 1..8);
    (vec(vec(any::<u8>(), 40), 1..6), vec(address, 0..5), cards).prop_map(|(ids, addresses, cards)| {
        let mut registry = Registry::new();
        for bytes in ids {
            registry.node(NodeId::from_bytes(bytes.try_into().expect("40 bytes")));
        }
        for (ip, port, cport, pport) in addresses {
            registry.address(Address { ip, port, cport, pport });
        }
        for (index, address, flags) in cards {
            let address = AddressIx(address.index(registry.address_count() as usize) as u32);
            registry.card(Card { node: node(&registry, index), address, flags: NodeFlags(flags) });
        }
        registry
    })
}

fn slots() -> impl Strategy<Value = SlotSet> {
    vec((0_u16..16384, 0_u16..300), 0..4).prop_map(|runs| {
        runs.into_iter().flat_map(|(first, length)| first..first + length).filter_map(Slot::new).collect()
    })
}

/// Picks an index that this registry knows.
fn node(registry: &Registry, index: Index) -> NodeIx {
    NodeIx(index.index(registry.node_count() as usize) as u32)
}

prop_compose! {
    fn header(registry: Registry)(
        (sender, master, address) in any::<(Index, Option<Index>, prop::sample::Index)>(),
        (current_epoch, config_epoch, offset) in any::<(u64, u64, i64)>(),
        slots in slots(),
        (flags, cluster_failed, paused, force_ack) in any::<(u16, bool, bool, bool)>(),
    ) -> Header {
        // Address 0 is the blank one, and there always.
        let address = AddressIx(address.index(registry.address_count() as usize) as u32);
        Header {
            sender: node(&registry, sender),
            address,
            current_epoch: Epoch(current_epoch),
            config_epoch: Epoch(config_epoch),
            offset: Offset(offset),
            slots,
            master: master.map(|master| node(&registry, master)),
            flags: NodeFlags(flags),
            cluster_failed,
            paused,
            force_ack,
        }
    }
}

fn body(registry: Registry) -> impl Strategy<Value = Body> {
    let known = registry.clone();
    let gossip = vec(any::<(Index, u32, u32)>(), 0..8);
    let heartbeat =
        (gossip, proptest::option::of("[A-Za-z0-9.-]{1,255}")).prop_map(move |(gossip, hostname)| {
            let gossip = gossip
                .into_iter()
                .map(|(card, ping_sent, pong_received)| GossipEntry {
                    card: CardIx(card.index(known.card_count() as usize) as u32),
                    ping_sent,
                    pong_received,
                })
                .collect();
            Heartbeat { gossip, hostname: hostname.map(Arc::from) }
        });
    let bytes = || vec(any::<u8>(), 0..40).prop_map(Arc::<[u8]>::from);
    let failed = registry.clone();
    prop_oneof![
        4 => (heartbeat, 0..3).prop_map(|(heartbeat, kind)| match kind {
            0 => Body::Ping(heartbeat),
            1 => Body::Pong(heartbeat),
            _ => Body::Meet(heartbeat),
        }),
        1 => any::<Index>().prop_map(move |index| Body::Fail(node(&failed, index))),
        1 => (bytes(), bytes()).prop_map(|(channel, text)| Body::Publish(channel, text)),
        1 => (bytes(), bytes()).prop_map(|(channel, text)| Body::PublishShard(channel, text)),
        1 => prop_oneof![Just(Body::AuthRequest), Just(Body::AuthAck), Just(Body::MfStart)],
        1 => (any::<Index>(), any::<u64>(), slots()).prop_map(move |(index, epoch, slots)| {
            Body::Update(Update { node: node(&registry, index), config_epoch: Epoch(epoch), slots })
        }),
        1 => (any::<[u8; 8]>(), any::<u8>(), bytes()).prop_map(|(id, kind, load)| {
            Body::Module(id, kind, load)
        }),
    ]
}

/// Any message, and the registry that its indices come from.
fn message() -> impl Strategy<Value = (Message, Registry)> {
    registry().prop_flat_map(|registry| {
        (header(registry.clone()), body(registry.clone()), Just(registry))
            .prop_map(|(header, body, registry)| (Message { header, body }, registry))
    })
}

/// Decoding does not panic, leaves the registry alone if it refuses, and what it accepts it means.
fn check(packet: &[u8]) -> Result<(), TestCaseError> {
    let mut registry = Registry::new();
    match decode(packet, &mut registry) {
        Err(error) => {
            prop_assert_eq!((registry.node_count(), registry.address_count()), (0, 1), "{}", error);
        }
        Ok(message) => {
            let again = encode(&message, &registry);
            prop_assert!(again.len() <= packet.len());
            prop_assert_eq!(decode(&again, &mut registry), Ok(message));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_message_survives_the_wire((message, mut registry) in message()) {
        let packet = encode(&message, &registry);
        prop_assert_eq!(packet.len() as u32, message.wire_len());
        prop_assert_eq!(frame_len(&packet), Ok(Some(message.wire_len())));
        prop_assert_eq!(packet[13], message.kind() as u8);
        prop_assert_eq!(decode(&packet, &mut registry), Ok(message));
        let mut stranger = Registry::new();
        let message = decode(&packet, &mut stranger).expect("decoded before");
        prop_assert_eq!(encode(&message, &stranger), packet);
    }

    #[test]
    fn flipped_and_cut_packets_are_refused_or_understood(
        (message, registry) in message(),
        flips in vec((any::<Index>(), any::<u8>()), 0..6),
        cut in any::<Option<Index>>(),
    ) {
        let mut packet = encode(&message, &registry);
        for (index, bits) in flips {
            // The slots are most of a header; hit the rest too.
            let at = index.index(packet.len() + 512);
            let at = if at >= packet.len() { 2128 + (at - packet.len()) % (packet.len() - 2128) } else { at };
            packet[at] ^= bits;
        }
        if let Some(cut) = cut {
            packet.truncate(cut.index(packet.len()));
        }
        check(&packet)?;
        if packet.len() >= HEADER_LEN as usize {
            let length = (packet.len() as u32).to_be_bytes();
            packet[..8].copy_from_slice(&[&SIGNATURE[..], &length].concat());
            check(&packet)?;
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_understood(
        bytes in vec(any::<u8>(), 0..3000),
        kind in 0..MessageKind::ALL.len() as u8,
        small in any::<(u8, u8)>(),
    ) {
        check(&bytes)?;
        let mut packet = bytes;
        packet.resize(packet.len().max(HEADER_LEN as usize), 0);
        let length = (packet.len() as u32).to_be_bytes();
        packet[..8].copy_from_slice(&[&SIGNATURE[..], &length].concat());
        // As far as the body: version, type, count, no ip, extensions.
        packet[8..10].copy_from_slice(&[0, 1]);
        packet[12..16].copy_from_slice(&[0, kind, 0, small.0 % 4]);
        packet[2168] = 0;
        packet[2214..2216].copy_from_slice(&[0, small.1 % 3]);
        check(&packet)?;
    }
}
