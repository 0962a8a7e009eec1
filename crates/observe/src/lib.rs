//! What can be seen of a run: events with reasons, glimpses of state, client history
