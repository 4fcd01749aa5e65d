//! GeoPackage 1.0 to 1.4 in, 1.3 out: tables in an SQLite file.
//!
//! OGC 12-128r18. SQLite itself reads and writes the file, told to trust nothing in its schema.

mod read;
mod write;

pub(crate) use read::{open, read};
pub(crate) use write::write;

/// The name of the format in messages.
pub(crate) const FORMAT: &str = "GeoPackage";
/// What every SQLite file begins with.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";
