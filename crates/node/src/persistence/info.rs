//! The section of INFO about persistence.
//!
//! Rules: CM-27, AO-11, RB-1. What only a real memory has, such as pages that a child made it copy, is 0.

use std::fmt::Write;

use crate::node::Node;

/// Lines of the section: a field and its value.
struct Lines(String);

impl Lines {
    fn put(&mut self, field: &str, value: impl std::fmt::Display) {
        write!(self.0, "{field}:{value}\r\n").expect("a string takes all");
    }

    fn status(&mut self, field: &str, ok: bool) {
        self.put(field, if ok { "ok" } else { "err" });
    }
}

impl Node {
    pub(crate) fn persistence_section(&self) -> String {
        let mut lines = Lines(String::new());
        lines.put("loading", u8::from(self.is_loading()));
        lines.put("async_loading", 0);
        lines.put("current_cow_peak", 0);
        lines.put("current_cow_size", 0);
        lines.put("current_cow_size_age", 0);
        lines.put("current_fork_perc", "0.00");
        lines.put("current_save_keys_processed", 0);
        lines.put("current_save_keys_total", 0);
        self.snapshot_lines(&mut lines);
        self.log_lines(&mut lines);
        if self.persistence.log.is_open() {
            self.open_log_lines(&mut lines);
        }
        if let Some(loading) = &self.persistence.loading {
            lines.put("loading_start_time", loading.since_s);
            lines.put("loading_total_bytes", loading.bytes);
            lines.put("loading_rdb_used_mem", 0);
            lines.put("loading_loaded_bytes", 0);
            lines.put("loading_loaded_perc", "0.00");
            lines.put("loading_eta_seconds", 1);
        }
        lines.0
    }

    fn snapshot_lines(&self, lines: &mut Lines) {
        let (snapshots, now_s) = (&self.persistence.snapshots, self.clock.now_s());
        let child = snapshots.child.as_ref();
        lines.put("rdb_changes_since_last_save", self.unsaved_changes());
        lines.put("rdb_bgsave_in_progress", u8::from(child.is_some()));
        lines.put("rdb_last_save_time", snapshots.saved_s);
        lines.status("rdb_last_bgsave_status", !snapshots.has_failed);
        lines.put("rdb_last_bgsave_time_sec", snapshots.took_s.unwrap_or(-1));
        lines.put("rdb_current_bgsave_time_sec", child.map_or(-1, |child| now_s - child.since_s));
        lines.put("rdb_saves", snapshots.begun);
        lines.put("rdb_last_cow_size", 0);
        lines.put("rdb_last_load_keys_expired", snapshots.loaded.1);
        lines.put("rdb_last_load_keys_loaded", snapshots.loaded.0);
    }

    fn log_lines(&self, lines: &mut Lines) {
        let log = &self.persistence.log;
        lines.put("aof_enabled", u8::from(log.is_open()));
        lines.put("aof_rewrite_in_progress", u8::from(self.persistence.child.is_some()));
        lines.put("aof_rewrite_scheduled", u8::from(self.persistence.rewrite_scheduled));
        let now_s = self.clock.now_s();
        let running = log.rewrites.since_s.filter(|_| self.persistence.child.is_some());
        lines.put("aof_last_rewrite_time_sec", log.rewrites.took_s.unwrap_or(-1));
        lines.put("aof_current_rewrite_time_sec", running.map_or(-1, |since| now_s - since));
        lines.status("aof_last_bgrewrite_status", log.rewrites.failures == 0);
        lines.put("aof_rewrites", log.rewrites.begun);
        lines.put("aof_rewrites_consecutive_failures", log.rewrites.failures);
        lines.status("aof_last_write_status", log.error().is_none());
        lines.put("aof_last_cow_size", 0);
        lines.put("module_fork_in_progress", 0);
        lines.put("module_fork_last_cow_size", 0);
    }

    fn open_log_lines(&self, lines: &mut Lines) {
        let log = &self.persistence.log;
        lines.put("aof_current_size", log.current_size);
        lines.put("aof_base_size", log.base_size);
        lines.put("aof_pending_rewrite", 0);
        lines.put("aof_buffer_length", log.buffer.len());
        lines.put("aof_pending_bio_fsync", u8::from(log.fsync_runs));
        lines.put("aof_delayed_fsync", log.delayed_fsyncs);
    }
}
