//! A healthy cluster of 6, 50, 200 and 1,000 nodes: how many virtual seconds pass in a second.
//!
//! `cargo bench -p rcsim-runner`; `rcsim bench` measures the same and prints it as a table. Items are virtual seconds,
//! so the throughput column reads "virtual seconds per second". Forming the cluster is not part of the time.

use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

#[divan::bench(args = [(6, 600), (50, 60), (200, 10), (1000, 2)], sample_count = 5, sample_size = 1)]
fn healthy_cluster(bencher: divan::Bencher<'_, '_>, (nodes, seconds): (u32, u32)) {
    bencher
        .counter(ItemsCount::new(seconds))
        .with_inputs(|| rcsim_runner::BenchCluster::formed(nodes, 1))
        .bench_local_values(|mut cluster| cluster.run(u64::from(seconds) * 1000));
}
