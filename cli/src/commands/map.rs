//! `transect map`: a picture of clusters.

use std::path::PathBuf;

use clap::Args;
use lambda_shell::Fault;
use tables::{ReadOptions, Table};

use crate::files;

/// Draw a clustered table as an SVG map that any browser opens.
#[derive(Args)]
pub struct Map {
    /// Table with a `cluster_id` column
    input: PathBuf,
    /// Where the picture goes
    output: PathBuf,
}

impl Map {
    pub fn run(self) -> Result<(), Fault> {
        let table = Table::open(&self.input, &ReadOptions::default())?;
        let svg = clustering::map_svg(&table)?;
        files::write_bytes(&self.output, svg.as_bytes())?;
        println!("map written to {}", self.output.display());
        Ok(())
    }
}
