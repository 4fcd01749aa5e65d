//! Maps as inline SVG: a frame in degrees, and the layers drawn in it.

mod areas;
mod colour_scale;
mod dots;
mod frame;
mod roads;

pub(crate) use areas::{Area, areas_layer};
pub(crate) use colour_scale::ColourScale;
pub(crate) use dots::{Status, dots_layer};
pub(crate) use frame::Frame;
pub(crate) use roads::{RoadPoint, RoadTable, roads_layer};
