//! Pictures as files: GeoTIFF, `NumPy`, PNG, JPEG, WebP, with the grid they lie on.

mod blocks;
mod directory;
mod geotiff;
mod npy;
mod overview;
mod raster;
mod sidecar;
mod tiff_file;

pub use geotiff::{Compression, GeotiffOptions, write_geotiff};
pub(crate) use npy::{interleave, read_npy};
pub(crate) use raster::{encode, encode_labelled};
pub use sidecar::sidecar;
pub(crate) use tiff_file::{band_names, nodata, read_tiff, tiff_bands};
