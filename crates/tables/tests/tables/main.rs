//! Tables in and out: formats, reference systems, hostile bytes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod builder;
mod definitions;
mod flat_formats;
mod formats;
mod geojson;
mod geoparquet;
mod grids;
mod hostile;
mod metadata;
mod projection;
mod reference_systems;
mod shapefile;
mod split;
mod values;
