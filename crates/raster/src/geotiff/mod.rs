//! Writing GeoTIFF.

mod blocks;
mod directory;
mod overview;
mod write;

pub(crate) use write::write_raster;
pub use write::{Compression, GeotiffOptions, write_geotiff};
