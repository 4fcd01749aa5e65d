//! Label layers: polygons burnt into the grid of a picture.

mod layer;
mod rasterise;

pub use layer::{LabelLayer, Mask};
