//! Virtual time, the event queue, keyed random streams and the fingerprint; no Redis
