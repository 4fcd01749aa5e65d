//! GeoJSON (RFC 7946) in and out.

mod read;
mod write;

pub(crate) use read::read;

/// The name of the format in messages.
const FORMAT: &str = "GeoJSON";
