//! `transect sample-clusters`: which clusters to visit.

use std::path::PathBuf;

use clap::Args;
use contracts::Fault;

use crate::files;
use crate::reading::Reading;

/// Draw clusters with probability proportional to size (systematic PPS). The result has each
/// drawn cluster with its inclusion probability and its design weight.
#[derive(Args)]
#[command(
    after_help = "Example: transect sample-clusters clusters_grid.parquet sample.parquet -n 30 --seed 1"
)]
pub struct SampleClusters {
    /// Table of clusters, as `transect cluster` writes beside its result
    input: PathBuf,
    /// Where the drawn clusters go
    output: PathBuf,
    /// Clusters to draw
    #[arg(short, value_name = "N")]
    n: usize,
    /// Seed of the random start
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    reading: Reading,
}

impl SampleClusters {
    pub fn run(self) -> Result<(), Fault> {
        files::check_output(&self.output)?;
        let clusters = self.reading.open(&self.input)?;
        let drawn = clustering::sample_clusters(&clusters, self.n, self.seed).map_err(|error| {
            Fault::from(error).named(&self.input, &self.input.to_string_lossy())
        })?;
        files::write_table(&self.output, &drawn)?;
        println!(
            "{} of {} clusters drawn, written to {}",
            drawn.rows(),
            clusters.rows(),
            self.output.display()
        );
        Ok(())
    }
}
