#![doc = include_str!("../README.md")]

mod decode;
mod encode;
mod error;
mod format;
pub mod geotiff;
mod grid;
mod ground;
mod jpeg;
pub mod labels;
mod mosaic;
mod npy;
mod pixels;
mod resample;
mod role;
mod sidecar;
pub mod tiff;
mod validity;
mod values;
pub mod window;

pub use encode::{encode, encode_labelled};
pub use error::{Error, Result};
pub use format::Format;
pub use grid::{Affine, Grid, crs_of_text};
pub use ground::{MERCATOR_CIRCUMFERENCE, Map, Maps, metres_between, metres_per_degree, square};
pub use mosaic::Mosaic;
pub use pixels::Pixels;
pub use resample::Resampling;
pub use role::Role;
pub use sidecar::sidecar;
pub use values::{Value, Values};
