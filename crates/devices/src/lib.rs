//! Simulated network, disk and clock; knows bytes, files and time, not Redis
