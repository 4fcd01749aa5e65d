//! Opening a table whatever its format: by its first bytes, then by its extension.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::{Crs, Error, Result, Table, geoparquet};

/// What to read, and what to take for granted where a file is silent.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Only these columns, the geometry column always with them; all when `None`.
    pub columns: Option<Vec<String>>,
    /// The reference system of coordinates of which the file says none, or says it is unknown.
    pub assume_crs: Option<Crs>,
    /// The column of longitudes (or eastings) of a table without a geometry column.
    pub lon_column: Option<String>,
    /// The column of latitudes (or northings) of a table without a geometry column.
    pub lat_column: Option<String>,
}

impl Table {
    /// Reads a file. Parquet is read by ranges, so the file itself is never held in memory.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::UnknownFormat`], [`Error::Malformed`]; [`Error::MissingColumn`] for `options.columns`.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let mut file = File::open(path).map_err(|error| Error::io(&name, error))?;
        let mut magic = [0; 4];
        let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
        if is_parquet {
            return geoparquet::read(&name, file, options);
        }
        let bytes = std::fs::read(path).map_err(|error| Error::io(&name, error))?;
        Self::from_bytes(&name, Bytes::from(bytes), options)
    }

    /// Reads a table from bytes; `name` serves for its extension and in messages.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_bytes(name: &str, bytes: Bytes, options: &ReadOptions) -> Result<Self> {
        if bytes.starts_with(b"PAR1") {
            return geoparquet::read(name, bytes, options);
        }
        Err(Error::UnknownFormat {
            name: name.to_owned(),
            found: "unknown".to_owned(),
        })
    }
}
