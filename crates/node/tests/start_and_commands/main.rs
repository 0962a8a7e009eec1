//! How a node starts, what its nodes.conf says, and what it answers to commands.

mod boot;
mod clients;
mod commands;
mod data;
mod declared;
mod files;
mod golden;
mod info;
mod keys;
mod loading;
mod migrate;
mod nodes_conf;
mod order;
mod page;
mod psync;
mod pubsub;
mod replication;
mod serving;
mod shutdown;
mod snapshots;
mod support;
mod transactions;
