//! What a snapshot says about itself and about the stream it is a point of (RB-4).

use rcsim_protocol::{Offset, ReplicationId};

/// The facts in front of the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aux {
    /// When it was made, in Unix seconds.
    pub created_s: i64,
    /// The memory the process used, in bytes.
    pub used_memory: u64,
    /// Where in the replication stream it stands, if its maker had a stream (RB-4).
    pub stream: Option<StreamPosition>,
    /// Whether it is the base of an append-only file (AO-1).
    pub aof_base: bool,
}

/// A point of a replication stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    /// The name of the stream.
    pub id: ReplicationId,
    /// How many bytes of it are contained.
    pub offset: Offset,
}

impl Aux {
    /// The fields as 7.0.15 writes them, in its order.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("redis-ver", "7.0.15".to_owned()),
            ("redis-bits", "64".to_owned()),
            ("ctime", self.created_s.to_string()),
            ("used-mem", self.used_memory.to_string()),
        ];
        if let Some(stream) = self.stream {
            fields.push(("repl-stream-db", "0".to_owned()));
            fields.push(("repl-id", stream.id.to_string()));
            fields.push(("repl-offset", stream.offset.to_string()));
        }
        fields.push(("aof-base", u8::from(self.aof_base).to_string()));
        fields
    }
}

/// The fields of a file that is being read. Redis ignores names that it does not know, and so does this.
#[derive(Default)]
pub(super) struct AuxReader {
    aux: Aux,
    id: Option<ReplicationId>,
    offset: Option<i64>,
    database: Option<i64>,
}

impl AuxReader {
    pub(super) fn take(&mut self, name: &[u8], value: &[u8]) {
        let text = std::str::from_utf8(value).unwrap_or_default();
        match name {
            b"ctime" => self.aux.created_s = text.parse().unwrap_or_default(),
            b"used-mem" => self.aux.used_memory = text.parse().unwrap_or_default(),
            b"aof-base" => self.aux.aof_base = text == "1",
            b"repl-stream-db" => self.database = text.parse().ok(),
            b"repl-id" => self.id = ReplicationId::parse(text),
            b"repl-offset" => self.offset = text.parse().ok(),
            _ => {}
        }
    }

    /// All of it. The stream counts only if it is complete: id, offset and database (RB-4).
    pub(super) fn finish(mut self) -> Aux {
        if let (Some(id), Some(offset), Some(0..)) = (self.id, self.offset, self.database)
            && offset != -1
        {
            self.aux.stream = Some(StreamPosition { id, offset: Offset(offset) });
        }
        self.aux
    }
}
