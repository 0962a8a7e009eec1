//! Invariants and expectations: sees only what can be observed
