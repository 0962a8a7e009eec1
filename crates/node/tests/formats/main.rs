//! The formats of the data on disk, against bytes that Redis 7.0.15 itself wrote or judged (`data/README.md`).

mod rdb;
