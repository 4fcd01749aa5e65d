//! Made-up towns to run everything on: seeded, the same on every run, of any size up to twenty million cells.
//!
//! [`town`] gives a table: a population lattice of 3 arc-seconds, as the gridded populations of the world come in, or
//! scattered building footprints. Nothing in it is data of a real place, so a test, a demo or a bug report can carry it.
//!
//! | column | what |
//! | --- | --- |
//! | `grid_id` (`building_id`) | text, `GRID_00001` (`ROOF_00001`) … |
//! | `population` | people in the cell, 0 in empty land; lattices only |
//! | `urban` | whether the cell belongs to a town; lattices only |
//! | `settlement` | `town`, `village` or `open country`; lattices only |
//! | `district` | name of the district |
//! | `geometry` | point (polygon), WGS 84 |
//!
//! ```
//! use synthetic::{Shape, TownSpec, town};
//!
//! let table = town(&TownSpec::new(Shape::Town, 5_000, 7))?;
//! assert_eq!(table.rows(), 5_000);
//! let people: f64 = table.numbers("population")?.into_iter().flatten().sum();
//! assert!((people - 5_000.0 * 0.25).abs() < 0.01);
//! # Ok::<(), synthetic::Error>(())
//! ```
//!
//! [`paint`] gives an aerial picture of a made-up place with its truth: every house, every road and which pixels are trees.
//!
//! Not in it: relief, real coastlines, people who move.

mod districts;
mod error;
mod growth;
mod landscape;
mod lattice;
mod painting;
mod plots;
mod population;
mod rooftops;
mod settlements;
mod spec;
mod streams;

pub use error::Error;
pub use painting::{Cover, MOST_PIXELS_A_SIDE, PaintSpec, Painting, paint};
pub use spec::{MOST_CELLS, Shape, TownSpec};

/// Makes a town.
///
/// Rows are ordered from south to north and west to east (footprints: hamlet by hamlet). The lands of a lattice town are
/// each connected by shared edges and at least three cells apart from each other.
///
/// # Errors
/// If the wish cannot be met: see [`Error`].
pub fn town(spec: &TownSpec) -> Result<tables::Table, Error> {
    spec.check()?;
    match spec.shape {
        Shape::Rooftops => rooftops::town(spec),
        Shape::Town | Shape::Coast | Shape::TwoValleys | Shape::DenseCore | Shape::ManyIslands => {
            lattice::town(spec)
        }
    }
}
