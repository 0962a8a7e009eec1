//! Cluster-aware clients and their workloads
