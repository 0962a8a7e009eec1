//! The vocabulary of Redis Cluster: slots, epochs, node ids, flags, settings, bus messages and their codec
