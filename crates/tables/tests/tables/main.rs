//! Tables in and out: formats, reference systems, hostile bytes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod builder;
mod geoparquet;
mod grids;
mod metadata;
mod projection;
mod values;
