//! `transect generate`: made-up inputs for trying things out.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use contracts::{Fault, FaultName};
use imagery::{Grid, Pixels, Values};
use raster::geotiff::{GeotiffOptions, write_geotiff};
use synthetic::{PaintSpec, Shape, TownSpec};
use tables::Crs;

use crate::files;

/// Make up inputs: the same size, shape and seed always give the same bytes
#[derive(Subcommand)]
pub enum Generate {
    Town(Town),
    Picture(Picture),
}

impl Generate {
    pub fn run(self) -> Result<(), Fault> {
        match self {
            Self::Town(town) => town.run(),
            Self::Picture(picture) => picture.run(),
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
        if self.cells == 0 {
            return Err(Fault::new(
                FaultName::InvalidInput,
                "--cells: is 0; at least 1",
            ));
        }
        let made = self
            .shape
            .parse::<Shape>()
            .and_then(|shape| synthetic::town(&TownSpec::new(shape, self.cells, self.seed)))
            .map_err(invalid)?;
        files::write_table(&self.output, &made)?;
        println!("{} rows written to {}", made.rows(), self.output.display());
        Ok(())
    }
}

/// A made-up aerial picture with the truth about it: picture.tif (Cloud Optimized GeoTIFF from 512 pixels), areas.parquet (squares with the
/// number of houses and the share of trees), houses.parquet and roads.parquet. Trees are its only green.
#[derive(Args)]
pub struct Picture {
    /// Folder for the files
    folder: PathBuf,
    /// Pixels a side
    #[arg(long, default_value_t = 2000)]
    size: u32,
    /// Metres a pixel
    #[arg(long, default_value_t = 0.5)]
    pixel_m: f64,
    /// Areas along each side
    #[arg(long, default_value_t = 4)]
    areas: u32,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Picture {
    fn run(self) -> Result<(), Fault> {
        let spec = PaintSpec {
            pixel_m: self.pixel_m,
            ..PaintSpec::new(self.size, self.seed)
        };
        let painting = synthetic::paint(&spec).map_err(invalid)?;
        std::fs::create_dir_all(&self.folder).map_err(|source| tables::Error::Io {
            name: self.folder.display().to_string(),
            source,
        })?;
        for (name, table) in [
            ("areas", painting.areas_table(self.areas)),
            ("houses", painting.houses_table()),
            ("roads", painting.roads_table()),
        ] {
            let path = self.folder.join(name).with_extension("parquet");
            files::write_table(&path, &table.map_err(invalid)?)?;
        }
        let grid = Grid {
            crs: Crs::from_epsg(painting.epsg)?,
            origin: (painting.west, painting.north),
            pixel: (painting.pixel_m, painting.pixel_m),
            width: self.size,
            height: self.size,
        };
        let houses = painting.houses.len();
        let tiff = Pixels::new(self.size, self.size, 3, Values::U8(painting.rgb))
            .and_then(|pixels| write_geotiff(&pixels, &grid, &GeotiffOptions::default()))
            .map_err(|error| study::Error::from(imagery::Error::from(error)))?;
        let path = self.folder.join("picture.tif");
        files::write_bytes(&path, &tiff)?;
        println!("{houses} houses painted into {}", path.display());
        Ok(())
    }
}

fn invalid(error: synthetic::Error) -> Fault {
    Fault::new(FaultName::InvalidInput, error.to_string())
}
