//! GeoParquet 0.4, 1.0 and 1.1 in, 1.1 out, and plain Parquet both ways.
//!
//! Specification: <https://geoparquet.org/releases/v1.1.0/>.

mod claims;
mod logical;
mod metadata;
mod read;
mod sizes;
mod write;

pub use read::RowGroupReader;
pub(crate) use read::{ParquetFile, read};
pub(crate) use write::RowGroupWriter;
pub use write::{GeoParquetWriter, RowGroups, WriteOptions};

/// The name of the format in messages.
pub(crate) const FORMAT: &str = "Parquet";
/// What every Parquet file begins with.
pub(crate) const MAGIC: &[u8] = b"PAR1";
