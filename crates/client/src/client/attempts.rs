//! Operations that have begun and have no outcome yet.

use std::net::SocketAddr;

use rcsim_observe::Outcome;

use crate::answer::Refusal;
use crate::plan::Plan;

/// An operation under way.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// What it is and how it is said.
    pub(super) plan: Plan,
    /// When it was sent first, in ns.
    pub(super) invoked_ns: Option<u64>,
    /// When it is to be sent (again), while it pauses.
    resume_ns: Option<u64>,
    /// How many replies of this round are there.
    pub(super) replies: usize,
    /// The first refusal of this round.
    pub(super) refusal: Option<Refusal>,
    /// What the decisive reply of this round told.
    pub(super) outcome: Option<Outcome>,
    /// When it told that, in ns.
    pub(super) told_ns: Option<u64>,
    /// What WAIT told.
    pub(super) replicas: Option<u32>,
    /// The node that answered last.
    pub(super) answered_by: Option<SocketAddr>,
    /// How often it was tried again.
    pub(super) retries: u32,
    /// How many redirections it followed.
    pub(super) redirects: u32,
    /// It is a write, was sent, and that was never answered.
    pub(super) may_have_effect: bool,
}

impl Attempt {
    pub(super) fn new(plan: Plan) -> Attempt {
        Attempt {
            plan,
            invoked_ns: None,
            resume_ns: None,
            replies: 0,
            refusal: None,
            outcome: None,
            told_ns: None,
            replicas: None,
            answered_by: None,
            retries: 0,
            redirects: 0,
            may_have_effect: false,
        }
    }
}

/// All operations under way, by number. Numbers are used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    places: Vec<Option<Attempt>>,
    free: Vec<u32>,
    /// Nothing resumes before this.
    resume_ns: Option<u64>,
}

impl Attempts {
    pub(super) fn add(&mut self, attempt: Attempt) -> u32 {
        match self.free.pop() {
            Some(number) => {
                self.places[number as usize] = Some(attempt);
                number
            }
            None => {
                self.places.push(Some(attempt));
                (self.places.len() - 1) as u32
            }
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Attempt> {
        self.places.get_mut(number as usize)?.as_mut()
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Attempt> {
        let attempt = self.places.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(attempt)
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// It is to be sent (again) at this time.
    pub(super) fn resume_at(&mut self, number: u32, at_ns: u64) {
        if let Some(attempt) = self.get_mut(number) {
            attempt.resume_ns = Some(at_ns);
            self.resume_ns = Some(self.resume_ns.map_or(at_ns, |known| known.min(at_ns)));
        }
    }

    /// No operation resumes before this, in ns.
    pub(super) fn resume_ns(&self) -> Option<u64> {
        self.resume_ns
    }

    /// An operation whose pause is over; it does not pause any more.
    pub(super) fn resumed(&mut self, now_ns: u64) -> Option<u32> {
        if self.resume_ns.is_none_or(|at| at > now_ns) {
            return None;
        }
        let over = |attempt: &Option<Attempt>| {
            attempt.as_ref().is_some_and(|attempt| attempt.resume_ns.is_some_and(|at| at <= now_ns))
        };
        match self.places.iter().position(over) {
            Some(place) => {
                self.get_mut(place as u32).and_then(|attempt| attempt.resume_ns.take());
                Some(place as u32)
            }
            None => {
                self.resume_ns = self.places.iter().flatten().filter_map(|attempt| attempt.resume_ns).min();
                None
            }
        }
    }
}
