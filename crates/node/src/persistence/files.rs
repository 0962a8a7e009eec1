//! The files that make up an append-only file: a base, increments, and what is history; and the manifest that lists
//! them.
//!
//! Rules: AO-1 … AO-3. Never: touches a file; the steps that make a manifest durable are made here, and done elsewhere.

use std::fmt::Write;

use rcsim_protocol::Settings;

use super::shared;
use crate::disk::DiskStep;
use crate::nodes_conf::words;

/// A line of a manifest is shorter than this.
const LONGEST_LINE: usize = 1024;

/// The directory and the common beginning of the names (CF-28).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileNames {
    directory: String,
    stem: String,
}

/// One file of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFile {
    pub(crate) name: String,
    pub(crate) seq: i64,
}

/// What a manifest lists (AO-2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileSet {
    pub(crate) base: Option<LogFile>,
    pub(crate) history: Vec<LogFile>,
    pub(crate) incr: Vec<LogFile>,
    /// The greatest numbers given so far.
    base_seq: i64,
    incr_seq: i64,
}

impl FileNames {
    pub(crate) fn new(settings: &Settings) -> FileNames {
        FileNames { directory: settings.appenddirname.clone(), stem: settings.appendfilename.clone() }
    }

    /// A file of the directory, as the disk knows it.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }

    pub(crate) fn manifest_name(&self) -> String {
        format!("{}.manifest", self.stem)
    }

    /// Where commands go while there is no base for them yet (AO-14).
    pub(crate) fn temporary_incr(&self) -> String {
        self.path(&format!("temp-{}.incr", self.stem))
    }

    /// Replaces the manifest in one step (AO-3).
    pub(crate) fn manifest_steps(&self, files: &FileSet) -> Vec<DiskStep> {
        let (temporary, manifest) =
            (self.path(&format!("temp-{}", self.manifest_name())), self.path(&self.manifest_name()));
        let bytes = shared(files.text().into_bytes());
        vec![
            DiskStep::Create { file: temporary.clone() },
            DiskStep::Append { file: temporary.clone(), bytes },
            DiskStep::Fsync { file: temporary.clone() },
            DiskStep::Rename { from: temporary, to: manifest },
            DiskStep::FsyncDirectory,
        ]
    }
}

impl FileSet {
    /// A new base, with what came before as history (AO-13). A base is a snapshot, or a log of commands (AO-1).
    pub(crate) fn add_base(&mut self, names: &FileNames, snapshot: bool) -> String {
        self.history.extend(self.base.take());
        self.base_seq += 1;
        let kind = if snapshot { "rdb" } else { "aof" };
        let name = format!("{}.{}.base.{kind}", names.stem, self.base_seq);
        self.base = Some(LogFile { name: name.clone(), seq: self.base_seq });
        name
    }

    /// A new increment behind the others.
    pub(crate) fn add_incr(&mut self, names: &FileNames) -> String {
        self.incr_seq += 1;
        let name = format!("{}.{}.incr.aof", names.stem, self.incr_seq);
        self.incr.push(LogFile { name: name.clone(), seq: self.incr_seq });
        name
    }

    /// All increments but the last `kept` are in the base now.
    pub(crate) fn retire_incrs(&mut self, kept: usize) {
        let old = self.incr.len().saturating_sub(kept);
        self.history.extend(self.incr.drain(..old));
    }

    /// The manifest.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let kinds =
            [(self.base.as_slice(), 'b'), (self.history.as_slice(), 'h'), (self.incr.as_slice(), 'i')];
        for (files, kind) in kinds {
            for LogFile { name, seq } in files {
                writeln!(text, "file {name} seq {seq} type {kind}").expect("a string takes all");
            }
        }
        text
    }

    /// Reads a manifest; `None` if it is none (AO-2). As lenient as Redis: the pairs of a line come in any order, unknown
    /// ones are ignored, and of a kind the first letter counts.
    pub(crate) fn parse(text: &[u8]) -> Option<FileSet> {
        let mut files = FileSet::default();
        if text.is_empty() {
            return None;
        }
        for line in text.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")) {
            let line = line.strip_suffix(b"\n").filter(|line| line.len() < LONGEST_LINE)?;
            let (file, kind) = read_line(line)?;
            match kind {
                b'b' if files.base.is_none() => {
                    files.base_seq = file.seq;
                    files.base = Some(file);
                }
                b'h' => files.history.push(file),
                b'i' if file.seq > files.incr_seq => {
                    files.incr_seq = file.seq;
                    files.incr.push(file);
                }
                _ => return None,
            }
        }
        Some(files)
    }
}

/// A line of a manifest: a file, and the letter of its kind.
fn read_line(line: &[u8]) -> Option<(LogFile, u8)> {
    let words = words::split(line)?;
    if words.len() < 6 || !words.len().is_multiple_of(2) {
        return None;
    }
    let (mut name, mut seq, mut kind) = (None, 0, None);
    for [key, value] in words.as_chunks::<2>().0 {
        match key.to_ascii_lowercase().as_str() {
            "file" if value.contains(['/', '\\']) => return None,
            "file" => name = Some(value),
            "seq" => seq = words::leading_integer(value),
            "type" => kind = value.bytes().next(),
            _ => {}
        }
    }
    let name = name.filter(|_| seq != 0)?.clone();
    Some((LogFile { name, seq }, kind?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ao_2_a_manifest_is_read_as_it_was_written() {
        let names = FileNames::new(&Settings::default());
        let mut files = FileSet::default();
        files.add_base(&names, false);
        files.add_incr(&names);
        files.add_incr(&names);
        files.add_base(&names, true);
        files.retire_incrs(1);
        let text = "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.1.base.aof seq 1 type h\n\
                    file appendonly.aof.1.incr.aof seq 1 type h\nfile appendonly.aof.2.incr.aof seq 2 type i\n";
        assert_eq!(files.text(), text);
        assert_eq!(FileSet::parse(text.as_bytes()), Some(files));
    }

    #[test]
    fn ao_2_a_line_may_be_written_in_other_ways() {
        let plain = FileSet::parse(b"file x seq 1 type i\n");
        assert!(plain.is_some());
        for other in [
            "seq 1 type i file x\n",
            "FILE x Seq 1 TYPE i\n",
            "  file   x  seq 1 type  i  \r\n",
            "file \"x\" seq 1x type ii\n",
            "file y file x seq 1 type i foo bar\n",
            "#one\nfile x seq 1 type i\n#two",
        ] {
            assert_eq!(FileSet::parse(other.as_bytes()), plain, "{other:?}");
        }
        assert_eq!(FileSet::parse(b"#alone\n"), Some(FileSet::default()));
        let any_order = FileSet::parse(b"file x seq 1 type i\nfile h seq 9 type h\nfile y seq 2 type b\n");
        assert!(any_order.is_some_and(|files| files.base.is_some() && files.history.len() == 1));
    }

    #[test]
    fn ao_2_what_is_no_manifest_is_refused() {
        let line = "file a seq 1 type i\n";
        for wrong in [
            "",
            "\n",
            "file a seq 1 type x\n",
            "file a/b seq 1 type i\n",
            "file a seq x type i\n",
            "file a seq 0 type i\n",
            "file a seq 0 type b\n",
            "file a seq -1 type i\n",
            "file a seq 1 type i",
            "file a seq 1 type i foo\n",
            "file a seq 1\n",
            "file a seq 1 type i\n\n",
            "file a seq 2 type i\nfile b seq 1 type i\n",
            "file a seq 1 type b\nfile b seq 2 type b\n",
            &line.repeat(2),
            &format!("file a seq 1 type i {}\n", "x y ".repeat(300)),
        ] {
            assert_eq!(FileSet::parse(wrong.as_bytes()), None, "{wrong:?}");
        }
    }
}
