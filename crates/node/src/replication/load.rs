//! A replica takes its master's whole data set in place of its own.
//!
//! Rules: RP-12, RP-20, RP-21, BT-3, LP-9, CF-21. Until the snapshot is complete the old data is served and the old place in the
//! stream remembered; with it both go, the append-only file ends, and while it is loaded no timer runs and data commands
//! are answered LOADING.
//! With `repl-diskless-load` loading begins with the first byte.

use std::sync::Arc;

use rcsim_observe::Event;
use rcsim_observe::reason::ReplicationDown;
use rcsim_protocol::settings::DisklessLoad;
use rcsim_protocol::{Offset, ReplicationId};

use crate::effect::{Effect, Work};
use crate::node::Node;
use crate::outside::Outside;
use crate::replication::{BulkPiece, Snapshot, StreamChunk};

/// A snapshot on its way to me.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    /// The stream and the point in it, as the master announced them.
    announced: Option<(ReplicationId, Offset)>,
    /// Bytes that came.
    pub(crate) received: u64,
    /// How long it is; unknown until the first piece, and with a streamed one until the end.
    pub(crate) length: Option<u64>,
    /// It is loaded as it comes.
    direct: bool,
    /// Which loading it is, once it has begun; the answer to an earlier one is void.
    loading: Option<u32>,
    /// What came behind the snapshot while it was loaded.
    queued: Vec<Arc<StreamChunk>>,
    /// The master hung up while it was loaded.
    hung_up: bool,
    /// The snapshot, when it is complete.
    complete: Option<Arc<Snapshot>>,
}

impl Incoming {
    pub(super) fn new(announced: Option<(ReplicationId, Offset)>) -> Incoming {
        Incoming {
            announced,
            received: 0,
            length: None,
            direct: false,
            loading: None,
            queued: Vec::new(),
            hung_up: false,
            complete: None,
        }
    }
}

impl Node {
    /// Whether I load a data set: data commands are refused and no timer runs (LP-9).
    pub(crate) fn is_loading(&self) -> bool {
        self.is_starting()
            || self.replication.incoming.as_ref().is_some_and(|incoming| incoming.loading.is_some())
    }

    /// The number of a loading that begins.
    pub(crate) fn next_load(&mut self) -> u32 {
        self.replication.loads += 1;
        self.replication.loads
    }

    /// While a data set is loaded as it comes, no timer runs, but waiting for more of it ends (RP-12).
    pub(crate) fn check_load_timeout(&mut self, out: &mut Outside<'_>) {
        if self.replication.incoming.as_ref().is_some_and(|incoming| incoming.complete.is_none()) {
            self.check_master_timeout(out);
        }
    }

    /// A piece of the snapshot came.
    pub(super) fn take_bulk(&mut self, piece: &BulkPiece, out: &mut Outside<'_>) {
        let is_empty = self.keyspace.is_empty();
        let Some(incoming) = &mut self.replication.incoming else { return };
        let is_first = incoming.received == 0;
        incoming.received = piece.received;
        incoming.length = (!piece.snapshot.streamed).then_some(piece.snapshot.length);
        if is_first {
            incoming.direct = match self.settings.repl_diskless_load {
                DisklessLoad::Disabled => false,
                DisklessLoad::OnEmptyDb => is_empty,
                DisklessLoad::SwapDb => true,
            };
        }
        let direct = incoming.direct;
        if is_first && direct {
            self.begin_loading(out);
        }
        if !piece.is_last() {
            return;
        }
        let old_keys = self.keyspace.len() as u64;
        if !direct {
            self.begin_loading(out);
        }
        let Some(incoming) = &mut self.replication.incoming else { return };
        incoming.complete = Some(Arc::clone(&piece.snapshot));
        let work = if direct { Work::default() } else { piece.snapshot.work() };
        out.effects.push(Effect::Load { load: incoming.loading.unwrap_or(0), work, old_keys });
    }

    /// From here on there is no way back (RP-21): my place in the old stream is forgotten, my own replicas go, and so does
    /// the old data, unless it is kept aside until the new is complete.
    fn begin_loading(&mut self, out: &mut Outside<'_>) {
        let load = self.next_load();
        if let Some(incoming) = &mut self.replication.incoming {
            incoming.loading = Some(load);
        }
        self.replication.cached = None;
        self.drop_replicas(out);
        self.replication.backlog = None;
        self.stop_log_if_open(out);
        if self.settings.repl_diskless_load != DisklessLoad::SwapDb {
            self.keyspace.clear();
        }
    }

    /// The data set is loaded: I am where the master was at its snapshot (RP-21).
    pub(crate) fn loaded(&mut self, load: u32, out: &mut Outside<'_>) {
        let mine = |incoming: &mut Incoming| incoming.loading == Some(load);
        let Some(incoming) = self.replication.incoming.take_if(mine) else { return };
        let (Some(snapshot), Some(address)) = (incoming.complete, self.replication.link.address()) else {
            return;
        };
        self.keyspace.replace_with(snapshot.keyspace.clone());
        let place = incoming.announced.unwrap_or((snapshot.id, snapshot.offset));
        (self.replication.id, self.replication.offset) = place;
        (self.replication.previous, self.replication.strayed) = (None, false);
        self.ensure_backlog();
        self.mark_this_point(out);
        self.master_link_up(address, true, out);
        self.restart_log_after_sync(out);
        if snapshot.streamed {
            // RP-20: the master begins with the stream when it hears of me.
            self.acknowledge(out);
        }
        for chunk in incoming.queued {
            self.apply_stream(&chunk, out);
        }
        if incoming.hung_up {
            self.master_link_down(ReplicationDown::Lost, out);
        }
    }

    /// The stream begins behind a snapshot that is not loaded yet: nobody reads it before that is done.
    pub(super) fn queue_stream(&mut self, chunk: Arc<StreamChunk>) {
        if let Some(incoming) = &mut self.replication.incoming {
            incoming.queued.push(chunk);
        }
    }

    /// The master hung up. Who is busy loading finds that out later; says whether it is so.
    pub(super) fn queue_hang_up(&mut self) -> bool {
        let complete = |incoming: &&mut Incoming| incoming.complete.is_some();
        let Some(incoming) = self.replication.incoming.as_mut().filter(complete) else { return false };
        incoming.hung_up = true;
        true
    }

    /// A full synchronisation comes to nothing. If the old data was flushed already, none is left.
    pub(super) fn abort_sync(&mut self, why: ReplicationDown, out: &mut Outside<'_>) {
        let Some(incoming) = self.replication.incoming.take() else { return };
        out.tell(Event::SyncAborted { why, received: incoming.received });
    }
}
