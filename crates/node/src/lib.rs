//! One Redis Cluster node, sans-IO
