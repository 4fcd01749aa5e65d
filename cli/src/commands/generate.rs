//! `transect generate`: made-up inputs for trying things out.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lambda_shell::{Fault, FaultName};
use towns::{Shape, TownSpec};

use crate::files;

/// Make up inputs: the same size, shape and seed always give the same bytes
#[derive(Subcommand)]
pub enum Generate {
    Town(Town),
}

impl Generate {
    pub fn run(self) -> Result<(), Fault> {
        match self {
            Self::Town(town) => town.run(),
        }
    }
}

/// A made-up town: a lattice of population cells (or scattered rooftops) as GeoParquet.
#[derive(Args)]
pub struct Town {
    /// Where the table goes
    output: PathBuf,
    /// Rows, up to 20 million
    #[arg(long, default_value_t = 50_000)]
    cells: usize,
    /// town, coast, two-valleys, dense-core, many-islands or rooftops
    #[arg(long, default_value = "town")]
    shape: String,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Town {
    fn run(self) -> Result<(), Fault> {
        let made = self
            .shape
            .parse::<Shape>()
            .and_then(|shape| towns::town(&TownSpec::new(shape, self.cells, self.seed)))
            .map_err(|error| Fault::new(FaultName::InvalidInput, error.to_string()))?;
        files::write_table(&self.output, &made)?;
        println!("{} rows written to {}", made.rows(), self.output.display());
        Ok(())
    }
}
