//! Geographic tables in and out, and coordinate reference systems.
//!
//! A [`Table`] is a set of typed columns, one of them a geometry in a known [`Crs`]. It is read from GeoParquet (0.4 to 1.1,
//! and plain Parquet), GeoPackage, GeoJSON, FlatGeobuf, Shapefile, KML or CSV, each also zipped or gzipped, and written by
//! [`write()`] in the format that the name of the output says: the same ones, and GPX. A [`Projection`] takes coordinates from one reference system to another, in pure Rust.
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::Int32Array;
//! use tables::{Coord, Crs, Projection, ReadOptions, Table, WriteOptions};
//!
//! let cells = Table::new(vec![("people".into(), Arc::new(Int32Array::from(vec![12, 7])))])?;
//! let places = [Coord { x: 125.38, y: 7.9 }, Coord { x: 125.39, y: 7.9 }];
//! let cells = cells.with_points("geometry", &places, Crs::wgs84())?;
//!
//! let file = cells.to_geoparquet(&WriteOptions::default())?;
//! let back = Table::from_bytes("cells.parquet", file.into(), &ReadOptions::default())?;
//! assert_eq!(back.numbers("people")?, [Some(12.0), Some(7.0)]);
//!
//! let mut metres = back.points()?.expect("all rows are points");
//! Projection::between(&back.crs(), &Crs::from_epsg(3125)?)?.project(&mut metres)?;
//! assert_eq!((metres[1].x - metres[0].x).round(), 1103.0);
//! # Ok::<(), tables::Error>(())
//! ```
//!
//! What it does not do: curved geometries, raster data, editing files in place, datum shifts by grid.

mod archive;
mod cells;
mod column;
mod coordinates;
mod crs;
mod delimited;
mod error;
mod flatgeobuf;
mod geojson;
mod geometry;
mod geopackage;
mod geoparquet;
mod guard;
mod gzip;
mod infer;
mod kml;
mod open;
mod options;
mod output;
mod pandas;
mod shapefile;
pub mod split;
mod table;
mod values;

pub use crs::{Crs, Projection};
pub use error::{Error, Result};
pub use geo::Coord;
pub use geoparquet::{GeoParquetWriter, RowGroupReader, RowGroups, WriteOptions};
pub use options::{Decimal, Limits, Notes, ReadOptions};
pub use output::{OutputFormat, write};
pub use table::Table;
