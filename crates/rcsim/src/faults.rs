//! Faults by name of the node. What has no method of its own is done by [`Simulation::act`].

use rcsim_scenario::{Action, Address, DiskContents, Target};

use crate::{Error, Simulation};

impl Simulation {
    /// Does now what an entry of a timeline could do. Faults with a length end by themselves. Returns the number of the
    /// action, under which [`Outcome::faults`](crate::Outcome::faults) has its ledger (checks have none).
    ///
    /// ```
    /// use rcsim::prelude::*;
    ///
    /// let mut cluster = Simulation::builder().build()?;
    /// cluster.act(Action::Pause { who: Target::Masters, length: Some(Span::from_millis(300)) });
    /// cluster.run_for(Span::from_secs(1));
    /// assert!((0..6).all(|n| cluster.look().process(Place(n)) == Process::Running));
    /// # Ok::<(), rcsim::Error>(())
    /// ```
    pub fn act(&mut self, action: Action) -> u32 {
        let (world, schedule) = self.engine.parts();
        let entry = world.act_now(action, schedule);
        self.show();
        entry
    }

    /// `kill -9`: connections are reset, the page cache survives.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn crash(&mut self, node: &str) -> Result<(), Error> {
        let who = self.target(node)?;
        self.act(Action::Crash(who));
        Ok(())
    }

    /// The host dies: a black hole, and what was not synced is lost.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn power_off(&mut self, node: &str) -> Result<(), Error> {
        let who = self.target(node)?;
        self.act(Action::PowerOff(who));
        Ok(())
    }

    /// Starts the process again, with its disk as it was and at its old address; does nothing if it runs.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn restart(&mut self, node: &str) -> Result<(), Error> {
        let who = self.target(node)?;
        self.act(Action::Restart { who, disk: DiskContents::Kept, address: Address::Same });
        Ok(())
    }

    /// SIGSTOP, until [`Simulation::resume`].
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn pause(&mut self, node: &str) -> Result<(), Error> {
        let who = self.target(node)?;
        self.act(Action::Pause { who, length: None });
        Ok(())
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn resume(&mut self, node: &str) -> Result<(), Error> {
        let who = self.target(node)?;
        self.act(Action::Resume(who));
        Ok(())
    }

    /// A black hole between these nodes and everybody else, clients included, until [`Simulation::heal`].
    ///
    /// # Errors
    /// [`Error::UnknownNode`]
    pub fn isolate(&mut self, nodes: &[&str]) -> Result<(), Error> {
        let group = nodes.iter().map(|node| self.target(node)).collect::<Result<Vec<_>, _>>()?;
        self.act(Action::Partition { groups: vec![group, vec![Target::Rest]], length: None });
        Ok(())
    }

    /// Ends all partitions, cuts and network faults.
    pub fn heal(&mut self) {
        self.act(Action::Heal);
    }

    fn target(&self, node: &str) -> Result<Target, Error> {
        self.place(node).map(|_| Target::Node(node.to_owned()))
    }
}
