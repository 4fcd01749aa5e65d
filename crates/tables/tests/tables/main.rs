//! Tables in and out: formats, reference systems, hostile bytes.

mod builder;
mod geoparquet;
mod grids;
mod metadata;
mod projection;
mod values;
