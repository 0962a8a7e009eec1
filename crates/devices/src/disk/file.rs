//! The content of one file: as cached, as durable, and which pages differ in the eyes of the kernel.

use std::collections::BTreeMap;
use std::sync::Arc;

use rcsim_engine::{Nanos, Span};

const PAGE: usize = 4096;
const SECTOR: usize = 512;
/// After this time the kernel has written a dirty page back by itself (`dirty_expire_centisecs`).
const WRITE_BACK: Span = Span::from_secs(30);

/// What an fsync has taken upon itself: the pages that were dirty when it began, and the length at that time.
#[derive(Clone, Debug)]
pub(super) struct Sync {
    pages: BTreeMap<u32, Nanos>,
    length: usize,
    length_since: Option<Nanos>,
}

impl Sync {
    /// Takes over the work of another fsync of the same file.
    pub(super) fn include(&mut self, earlier: &Sync) {
        self.pages.extend(&earlier.pages);
        self.length_since = self.length_since.or(earlier.length_since);
    }
}

#[derive(Clone, Debug)]
pub(super) struct File {
    /// Both share their bytes while they are the same.
    cached: Arc<Vec<u8>>,
    durable: Arc<Vec<u8>>,
    /// Dirty pages by number, with the time they became so.
    dirty: BTreeMap<u32, Nanos>,
    /// Since when the durable length is out of date.
    length_since: Option<Nanos>,
}

impl File {
    /// A new, empty file.
    pub(super) fn created(now: Nanos) -> Self {
        Self {
            cached: Arc::default(),
            durable: Arc::default(),
            dirty: BTreeMap::new(),
            length_since: Some(now),
        }
    }

    pub(super) fn durable(content: Vec<u8>) -> Self {
        let content = Arc::new(content);
        Self { cached: Arc::clone(&content), durable: content, dirty: BTreeMap::new(), length_since: None }
    }

    pub(super) fn cached(&self) -> &[u8] {
        &self.cached
    }

    pub(super) fn durable_part(&self) -> &[u8] {
        &self.durable
    }

    pub(super) fn write(&mut self, now: Nanos, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        let start = offset.min(self.cached.len());
        if end > self.cached.len() {
            Arc::make_mut(&mut self.cached).resize(end, 0);
            self.length_since.get_or_insert(now);
        }
        Arc::make_mut(&mut self.cached)[offset..end].copy_from_slice(bytes);
        self.soil(now, start, end);
    }

    pub(super) fn truncate(&mut self, now: Nanos, length: usize) {
        let before = self.cached.len();
        if length == before {
            return;
        }
        Arc::make_mut(&mut self.cached).resize(length, 0);
        self.length_since.get_or_insert(now);
        self.dirty.retain(|page, _| *page as usize * PAGE < length);
        self.soil(now, before, length);
    }

    fn soil(&mut self, now: Nanos, start: usize, end: usize) {
        for page in start / PAGE..end.div_ceil(PAGE).max(start / PAGE) {
            self.dirty.entry(page as u32).or_insert(now);
        }
    }

    /// Takes the dirty pages into an fsync; what is written from now on is not part of it.
    pub(super) fn start_sync(&mut self) -> Sync {
        Sync {
            pages: std::mem::take(&mut self.dirty),
            length: self.cached.len(),
            length_since: self.length_since.take(),
        }
    }

    /// The fsync has done its work. A page that was written again meanwhile goes out as it is now.
    pub(super) fn finish_sync(&mut self, sync: Sync) {
        let grew = sync.length_since.is_some();
        if grew {
            self.set_durable_length(sync.length);
        }
        for page in sync.pages.into_keys() {
            self.write_out(page as usize * PAGE, PAGE);
        }
        // Not for a file that grows: its next append would have to copy all of it.
        if !grew && self.dirty.is_empty() && self.durable == self.cached {
            self.durable = Arc::clone(&self.cached);
        }
    }

    /// The fsync did nothing: its pages are as dirty as before.
    pub(super) fn abandon_sync(&mut self, sync: Sync) {
        for (page, since) in
            sync.pages.into_iter().filter(|(page, _)| *page as usize * PAGE < self.cached.len())
        {
            self.dirty.entry(page).and_modify(|known| *known = since.min(*known)).or_insert(since);
        }
        self.length_since = sync.length_since.or(self.length_since);
    }

    /// The fsync failed: the kernel takes its pages for clean. The length is part of the journal and is lost
    /// as well.
    pub(super) fn fail_sync(&mut self, sync: Sync) {
        drop(sync);
    }

    fn set_durable_length(&mut self, length: usize) {
        let known = self.durable.len().min(length);
        Arc::make_mut(&mut self.durable).resize(length, 0);
        // What lies beyond the old end comes from the cache: there is never a hole.
        let end = length.min(self.cached.len());
        if known < end {
            Arc::make_mut(&mut self.durable)[known..end].copy_from_slice(&self.cached[known..end]);
        }
    }

    /// Copies from the cache what both have of this range.
    fn write_out(&mut self, start: usize, length: usize) {
        let end = (start + length).min(self.cached.len()).min(self.durable.len());
        if start < end {
            Arc::make_mut(&mut self.durable)[start..end].copy_from_slice(&self.cached[start..end]);
        }
    }

    /// Power is lost: the cache becomes what survives. `draw` gives random bits for each page (and for the
    /// length under a number that no page has). Returns the bytes lost and the pages torn.
    pub(super) fn lose_power(
        &mut self,
        now: Nanos,
        writes_back: bool,
        draw: impl Fn(u64) -> u64,
    ) -> (u64, u64) {
        let written_back = |since: Nanos| writes_back && now - since >= WRITE_BACK;
        let mut torn = 0;
        let overwritten = self.durable.len().min(self.cached.len());
        for (page, since) in std::mem::take(&mut self.dirty) {
            let start = page as usize * PAGE;
            let bits = draw(u64::from(page));
            let survives = match bits % 8 {
                _ if written_back(since) => PAGE,
                0..4 => 0,
                4..7 => PAGE,
                _ => SECTOR * (1 + (bits >> 32) as usize % (PAGE / SECTOR - 1)),
            };
            let length = survives.min(overwritten.saturating_sub(start));
            torn += u64::from(survives % PAGE != 0 && length == survives);
            self.write_out(start, length);
        }
        if let Some(since) = self.length_since.take() {
            let length =
                if written_back(since) { self.cached.len() } else { self.surviving_length(draw(u64::MAX)) };
            self.set_durable_length(length);
        }
        let lost = differing(&self.cached, &self.durable);
        self.cached.clone_from(&self.durable);
        (lost, torn)
    }

    /// A longer file keeps a tail of whole sectors (or all of it); a shorter one was cut or not.
    fn surviving_length(&self, bits: u64) -> usize {
        let (old, new) = (self.durable.len(), self.cached.len());
        if new <= old {
            return if bits.is_multiple_of(2) { old } else { new };
        }
        let steps = (new - old).div_ceil(SECTOR) as u64 + 1;
        let kept = ((u128::from(bits) * u128::from(steps)) >> 64) as usize;
        (old + kept * SECTOR).min(new)
    }

    /// Flips a bit of the cached content and of what is durable of it; returns the byte's offset.
    pub(super) fn flip(&mut self, bit: u64) -> usize {
        let (byte, mask) = ((bit / 8) as usize, 1 << (bit % 8));
        Arc::make_mut(&mut self.cached)[byte] ^= mask;
        if let Some(durable) = Arc::make_mut(&mut self.durable).get_mut(byte) {
            *durable ^= mask;
        }
        byte
    }
}

/// At how many offsets two contents differ, a missing byte included.
fn differing(one: &[u8], other: &[u8]) -> u64 {
    let changed = one.iter().zip(other).filter(|(a, b)| a != b).count();
    (changed + one.len().abs_diff(other.len())) as u64
}
