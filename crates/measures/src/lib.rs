//! What a picture says, and what many readings add up to.
//!
//! - [`MeasureSpec`] names a measure as a study writes it; [`measure`] takes it from a [`Picture`], [`measure_bytes`]
//!   from a file's bytes. The measures are [`Green`], [`Exg`], [`Brightness`], [`Blank`] and [`Edge`], shares between 0
//!   and 1. A picture that cannot be read gives no reading and says why.
//! - [`with_readings`] puts a plan's samples beside its ledger.
//! - [`summarise_areas`] gives a row an area: what became of its samples, and the [`mean`] of its readings with a
//!   confidence interval.
//! - [`fill_roads`] completes roads whose samples are not all read ([`filling`]); [`summarise_towns`], [`summarise_roads`],
//!   [`town_tables`] and [`write_road_geojson`] publish them.
//!
//! ```
//! use measures::{MeasureSpec, Picture, ReadingStatus, measure, measure_bytes};
//!
//! let measures: Vec<MeasureSpec> = vec!["green".parse()?, "brightness".parse()?];
//! measures::check(&measures)?;
//!
//! // Two pixels of RGB: a lawn and a road.
//! let picture = Picture::from_bands8(2, 1, 3, &[110, 120, 50, 128, 128, 128])?;
//! assert_eq!(measure(&picture, &measures)[0], Some(0.5));
//!
//! let readings = measure_bytes(b"<html>too many requests</html>", &measures);
//! assert_eq!(readings.status, ReadingStatus::Unreadable);
//! assert_eq!(readings.values[0], ("green".to_owned(), None));
//! # Ok::<(), measures::Error>(())
//! ```
//!
//! What it does not do: fetching pictures or reading files, and running a user's own model on a picture.

mod error;
pub mod filling;
mod ledger;
mod measure;
mod picture;
mod road_map;
mod style;
mod summary;

pub use error::{Error, Result};
pub use filling::{Filling, fill_roads};
use ledger::places;
pub use ledger::with_readings;
pub use measure::{
    Blank, Brightness, Edge, Exg, Green, MeasureSpec, ReadingStatus, Readings, check, columns,
    measure, measure_bytes,
};
pub use picture::{Picture, colour_bands};
pub use road_map::write_road_geojson;
pub use style::{Drawn, qgis_style};
pub use summary::{
    Mean, Tally, mean, summarise_areas, summarise_points, summarise_roads, summarise_towns,
    town_tables,
};
