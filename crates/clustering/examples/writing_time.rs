//! How much processor time writing a clustered table takes, alone: part of `benches/cluster.py`.
//!
//! `writing_time FILE ROUNDS` clusters FILE, writes the result so many times and prints the median in milliseconds.
#![allow(clippy::unwrap_used, clippy::panic)]

use clustering::{Budget, Params, cluster_table};
use tables::{ReadOptions, Table, WriteOptions};

/// Nanoseconds that this thread has run for, as Linux counts them.
fn processor_time() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(status.split(' ').next().unwrap_or_default().parse()?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(rounds)) = (arguments.next(), arguments.next()) else {
        return Err("usage: writing_time FILE ROUNDS".into());
    };
    let table = Table::open(&file, &ReadOptions::default())?;
    let params = Params {
        starts: Some(1),
        ..Params::default()
    };
    let clustered = cluster_table(&table, &params, &Budget::unlimited())?.table;
    let mut times = Vec::new();
    for _ in 0..rounds.parse()? {
        let started = processor_time()?;
        std::hint::black_box(clustered.to_geoparquet(&WriteOptions::default())?);
        times.push(processor_time()? - started);
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    println!("{:.1}", median as f64 / 1e6);
    Ok(())
}
