//! `transect map`: a picture of clusters.

use std::path::PathBuf;

use clap::Args;
use contracts::Fault;

use crate::files;
use crate::reading::Reading;

/// Draw a clustered table as an SVG map that any browser opens.
#[derive(Args)]
pub struct Map {
    /// Table with a `cluster_id` column
    input: PathBuf,
    /// Where the picture goes
    output: PathBuf,
    /// Table of the clusters: those that miss a limit are drawn faint
    #[arg(long, value_name = "TABLE")]
    clusters: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl Map {
    pub fn run(self) -> Result<(), Fault> {
        let table = self.reading.open(&self.input)?;
        let input = self.input.display();
        let (svg, drawn) = match &self.clusters {
            None => (clustering::map_svg(&table), input.to_string()),
            Some(path) => {
                let clusters = self.reading.open(path)?;
                (
                    clustering::map_svg_with_flags(&table, &clusters),
                    format!("{input} with {}", path.display()),
                )
            }
        };
        let svg = svg.map_err(|error| Fault::from(error).named(&self.input, &drawn))?;
        files::write_bytes(&self.output, svg.as_bytes())?;
        println!("map written to {}", self.output.display());
        Ok(())
    }
}
