//! The simulated world: hosts, faults and their ledger, clients, the event loop
