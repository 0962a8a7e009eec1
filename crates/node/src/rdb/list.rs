//! Lists: a chain of nodes, each a listpack of up to 8 KiB (`list-max-listpack-size -2`).

use std::collections::VecDeque;

use super::error::{Fault, RdbError};
use super::reader::Reader;
use super::writer::Writer;
use super::{listpack, opcode, ziplist};
use crate::keyspace::Bytes;

/// A node grows up to so many bytes.
const NODE: usize = 8192;
/// What Redis reckons for the lengths around an element when it asks whether it fits.
const AROUND: usize = 8;
/// An element from this length on gets a node of its own, unpacked.
const LARGE: usize = 1 << 30;

/// Writes a list, cut into nodes as RPUSH cuts it.
pub(super) fn write(writer: &mut Writer, list: &VecDeque<Bytes>) {
    let nodes = nodes(list);
    writer.length(nodes.len() as u64);
    for (container, bytes) in nodes {
        writer.length(container);
        writer.string(&bytes);
    }
}

fn nodes(list: &VecDeque<Bytes>) -> Vec<(u64, Vec<u8>)> {
    let mut nodes = Vec::new();
    let (mut body, mut count) = (Vec::new(), 0);
    let close = |body: &mut Vec<u8>, count: &mut usize, nodes: &mut Vec<_>| {
        if *count > 0 {
            nodes.push((opcode::PACKED, listpack::finish(body, *count)));
            body.clear();
            *count = 0;
        }
    };
    for element in list {
        let large = element.len() >= LARGE;
        if large || listpack::EMPTY + body.len() + element.len() + AROUND > NODE {
            close(&mut body, &mut count, &mut nodes);
        }
        if large {
            nodes.push((opcode::PLAIN, element.to_vec()));
        } else {
            listpack::push(&mut body, element);
            count += 1;
        }
    }
    close(&mut body, &mut count, &mut nodes);
    nodes
}

/// Reads a list of this type; it is empty if it says so, which some old servers wrote.
pub(super) fn read(reader: &mut Reader<'_>, kind: u8) -> Result<VecDeque<Bytes>, RdbError> {
    let mut list = VecDeque::new();
    if kind == opcode::LIST_ZIPLIST {
        list.extend(packed(reader, ziplist::elements)?);
        return Ok(list);
    }
    for _ in 0..reader.length()? {
        match kind {
            opcode::LIST => list.push_back(reader.string()?),
            opcode::LIST_QUICKLIST => list.extend(packed(reader, ziplist::elements)?),
            _ => match reader.length()? {
                opcode::PLAIN => list.push_back(reader.string()?),
                opcode::PACKED => list.extend(packed(reader, listpack::elements)?),
                _ => return Err(reader.fault(Fault::List)),
            },
        }
    }
    Ok(list)
}

fn packed(
    reader: &mut Reader<'_>,
    elements: impl Fn(&[u8]) -> Option<Vec<Bytes>>,
) -> Result<Vec<Bytes>, RdbError> {
    let bytes = reader.string()?;
    elements(&bytes).ok_or_else(|| reader.fault(Fault::List))
}
