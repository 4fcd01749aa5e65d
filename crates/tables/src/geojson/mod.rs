//! GeoJSON (RFC 7946) in and out.

mod read;
mod write;

pub(crate) use read::read;

/// The name of the format in messages.
pub(crate) const FORMAT: &str = "GeoJSON";
/// What stands in front of every feature of a GeoJSON text sequence (RFC 8142).
pub(crate) const RECORD_SEPARATOR: &[u8] = &[0x1e];
