//! The scenarios in this binary: those of the repository's `scenarios` folder, by their path without `.json`.

/// The scenario of `rcsim` without arguments.
pub(crate) const DEFAULT: &str = "lessons/kill-a-master";

/// A scenario in this binary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Embedded {
    /// Its path under `scenarios`, without `.json`.
    pub(crate) name: &'static str,
    /// Its text.
    pub(crate) text: &'static str,
}

macro_rules! embedded {
    ($($name:literal)*) => {
        /// All of them, by name.
        pub(crate) const ALL: &[Embedded] = &[$(Embedded {
            name: $name,
            text: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/", $name, ".json")),
        }),*];
    };
}

embedded! {
    "lessons/hello"
    "lessons/kill-a-master"
    "library/aof-everysec-and-power-loss"
    "library/cache-aside-across-a-failover"
    "library/clock-jump"
    "library/disk-full"
    "library/empty-master-wipes-its-replicas"
    "library/empty-restart"
    "library/epoch-collision"
    "library/flapping-link"
    "library/force-loses-what-the-master-had"
    "library/forgotten-node"
    "library/full-sync-over-a-slow-path"
    "library/isolated-master-with-clients"
    "library/isolated-master-with-clients-5s"
    "library/kill-9-under-load"
    "library/kill-master-and-its-replica"
    "library/kill-two-masters-of-three"
    "library/late-write"
    "library/lists-and-counters-across-a-failover"
    "library/loading-takes-too-long"
    "library/manual-failover"
    "library/manual-failover-force"
    "library/manual-failover-takeover"
    "library/manual-failover-under-load"
    "library/migrate-without-a-willing-target"
    "library/min-replicas-bound-the-loss"
    "library/minority-partition-with-clients-on-both-sides"
    "library/nemesis-3+3"
    "library/nemesis-5+10"
    "library/nemesis-aof"
    "library/nodes-conf-cut"
    "library/one-way-partition"
    "library/output-buffer-limit"
    "library/partial-partition-bridge"
    "library/partial-resync"
    "library/paused-master-comes-back"
    "library/planned-stop"
    "library/rate-limiter-across-a-failover"
    "library/rdb-only"
    "library/readonly-reads-are-stale"
    "library/replica-far-behind"
    "library/replica-migration-to-an-orphan"
    "library/replica-of-another-shard-takes-over"
    "library/restart-with-new-address"
    "library/rewrite-and-crash"
    "library/sessions-across-a-failover"
    "library/slow-disk-at-the-vote"
    "library/slow-fork"
    "library/stale-replica-must-not-win"
    "library/stalled-fsync"
    "library/stalled-write"
    "library/takeover-loses-what-the-master-had"
    "library/torn-tail"
    "library/transactions-across-a-failover"
    "library/two-replicas-race"
    "library/wait-is-no-guarantee"
    "library/whole-cluster-restart"
}

/// The scenario of this name; `scenarios/` in front and `.json` behind are taken too.
pub(crate) fn find(name: &str) -> Option<Embedded> {
    let name = name.strip_prefix("scenarios/").unwrap_or(name);
    let name = name.strip_suffix(".json").unwrap_or(name);
    ALL.iter().find(|scenario| scenario.name == name).copied()
}

/// Names that somebody who typed `name` may have meant: those with the same last part, or with the word in it.
pub(crate) fn resembling(name: &str) -> Vec<&'static str> {
    let word = name.trim_end_matches(".json").rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ALL.iter()
        .map(|scenario| scenario.name)
        .filter(|known| !word.is_empty() && known.contains(&word))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn collect(folder: &Path, root: &Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            let text = path.to_string_lossy();
            if path.is_dir() {
                collect(&path, root, names);
            } else if text.ends_with(".json") && !text.ends_with(".schema.json") {
                let inside = path.strip_prefix(root).expect("it is inside").with_extension("");
                names.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }

    #[test]
    fn the_table_is_the_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
        let mut names = Vec::new();
        collect(&root, &root, &mut names);
        names.sort();
        let table: Vec<&str> = ALL.iter().map(|scenario| scenario.name).collect();
        assert_eq!(table, names, "the table in library.rs lists every file of scenarios/, in order");
    }

    #[test]
    fn names_are_found_as_people_write_them() {
        for name in [DEFAULT, "scenarios/lessons/kill-a-master.json", "lessons/kill-a-master.json"] {
            assert_eq!(find(name).map(|found| found.name), Some(DEFAULT), "{name}");
        }
        assert!(find("kill-a-master").is_none());
        assert_eq!(resembling("Kill-a-master"), [DEFAULT]);
    }
}
