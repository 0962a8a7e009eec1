//! The devices as a world uses them.

mod disk;
mod lab;
mod network;
mod network_properties;
