//! Hosts by number, and sets of them as bits.

use std::fmt;

/// A host: the machine under one node or client. Dense, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct HostIx(pub u32);

impl HostIx {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for HostIx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host {}", self.0)
    }
}

/// A set of hosts, one bit each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HostSet {
    words: Vec<u64>,
}

impl HostSet {
    /// Adds a host.
    pub fn insert(&mut self, host: HostIx) {
        let word = host.index() / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (host.0 % 64);
    }

    /// Adds all hosts of the other set.
    pub fn insert_all(&mut self, other: &HostSet) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Takes out all hosts of the other set.
    pub fn remove_all(&mut self, other: &HostSet) {
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Is the host in the set?
    #[inline]
    pub fn contains(&self, host: HostIx) -> bool {
        self.words.get(host.index() / 64).is_some_and(|word| word >> (host.0 % 64) & 1 == 1)
    }

    /// The hosts, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = HostIx> {
        let bits = |(index, word): (usize, &u64)| {
            let (base, word) = (index as u32 * 64, *word);
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| HostIx(base + bit))
        };
        self.words.iter().enumerate().flat_map(bits)
    }
}

impl FromIterator<HostIx> for HostSet {
    fn from_iter<I: IntoIterator<Item = HostIx>>(hosts: I) -> Self {
        let mut set = Self::default();
        hosts.into_iter().for_each(|host| set.insert(host));
        set
    }
}

impl From<&[HostIx]> for HostSet {
    fn from(hosts: &[HostIx]) -> Self {
        hosts.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let hosts = [3, 64, 200].map(HostIx);
        let mut set = HostSet::from(&hosts[..2]);
        assert!(set.contains(HostIx(64)) && !set.contains(HostIx(200)) && !set.contains(HostIx(4)));
        set.insert_all(&HostSet::from(&hosts[2..]));
        assert!(set.iter().eq(hosts));
        set.remove_all(&HostSet::from(&hosts[1..2]));
        assert!(set.iter().eq([hosts[0], hosts[2]]));
    }
}
