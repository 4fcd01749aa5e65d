//! Opening a table whatever its format: by its first bytes, then by its extension.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::archive::extension;
use crate::shapefile::Parts;
use crate::{
    Crs, Error, Result, Table, archive, delimited, flatgeobuf, geojson, geoparquet, shapefile,
};

/// What to read, and what to take for granted where a file is silent.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Only these columns, the geometry column always with them; all when `None`.
    pub columns: Option<Vec<String>>,
    /// The reference system of coordinates of which the file says none, or says it is unknown.
    pub assume_crs: Option<Crs>,
    /// The column of longitudes (or eastings) of a table without a geometry column; in CSV, found by its name when `None`.
    pub lon_column: Option<String>,
    /// The column of latitudes (or northings) of a table without a geometry column; in CSV, found by its name when `None`.
    pub lat_column: Option<String>,
}

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    FlatGeobuf,
    Shapefile,
    Zip,
    GeoJson,
    Delimited,
}

const FLATGEOBUF_MAGIC: &[u8] = b"fgb";

impl Format {
    fn of(name: &str, bytes: &[u8]) -> Result<Self> {
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let start = start.trim_ascii_start();
        let magic = [
            (geoparquet::MAGIC, Self::Parquet),
            (FLATGEOBUF_MAGIC, Self::FlatGeobuf),
            (shapefile::MAGIC, Self::Shapefile),
            (archive::MAGIC, Self::Zip),
            (b"{".as_slice(), Self::GeoJson),
        ];
        if let Some((_, format)) = magic.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Ok(*format);
        }
        match extension(name).as_deref() {
            Some("parquet" | "geoparquet") => Ok(Self::Parquet),
            Some("csv" | "tsv" | "txt") => Ok(Self::Delimited),
            _ => Err(Error::UnknownFormat {
                name: name.to_owned(),
                found: found(bytes),
            }),
        }
    }
}

fn found(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    if start.is_empty() {
        "it is empty".to_owned()
    } else {
        format!("it begins with {}", start.escape_ascii())
    }
}

impl Table {
    /// Reads a file. Parquet is read by ranges, so the file itself is never held in memory; a Shapefile's attributes and
    /// reference system are looked for beside it.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::UnknownFormat`], [`Error::Malformed`]; [`Error::MissingColumn`] for the columns in `options`.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let io = |error| Error::io(&name, error);
        let mut start = Vec::new();
        File::open(path)
            .map_err(io)?
            .take(64)
            .read_to_end(&mut start)
            .map_err(io)?;
        match Format::of(&name, &start)? {
            Format::Parquet => {
                let table = geoparquet::read(&name, File::open(path).map_err(io)?, options)?;
                table.with_named_coordinates(options)
            }
            Format::Shapefile => {
                let beside = |extension: &str| {
                    let sibling = [extension.to_owned(), extension.to_ascii_uppercase()]
                        .iter()
                        .map(|extension| path.with_extension(extension))
                        .find(|sibling| sibling.exists());
                    sibling.map(std::fs::read).transpose().map_err(io)
                };
                let shapes = std::fs::read(path).map_err(io)?;
                let parts = Parts {
                    shapes,
                    attributes: beside("dbf")?,
                    projection: beside("prj")?,
                };
                shapefile::read(&name, &parts, options)
            }
            _ => Self::from_bytes(
                &name,
                Bytes::from(std::fs::read(path).map_err(io)?),
                options,
            ),
        }
    }

    /// Reads a table from bytes; `name` serves for its extension and in messages. A Shapefile comes zipped, or without
    /// attributes.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_bytes(name: &str, bytes: Bytes, options: &ReadOptions) -> Result<Self> {
        match Format::of(name, &bytes)? {
            Format::Parquet => {
                geoparquet::read(name, bytes, options)?.with_named_coordinates(options)
            }
            Format::FlatGeobuf => flatgeobuf::read(name, &bytes, options),
            Format::Shapefile => {
                let parts = Parts {
                    shapes: bytes.to_vec(),
                    attributes: None,
                    projection: None,
                };
                shapefile::read(name, &parts, options)
            }
            Format::Zip => archive::read(name, &bytes, options),
            Format::GeoJson => geojson::read(name, &bytes, options),
            Format::Delimited => delimited::read(name, &bytes, options),
        }
    }

    /// Points from the columns that the options name, when there is no geometry.
    pub(crate) fn with_named_coordinates(self, options: &ReadOptions) -> Result<Self> {
        let named = options.lon_column.is_some() && options.lat_column.is_some();
        if self.geometry_column().is_none() && named {
            delimited::with_coordinates(&self, options)
        } else {
            Ok(self)
        }
    }

    /// The columns that the options ask for, of a table that was read as a whole.
    pub(crate) fn with_only(self, options: &ReadOptions) -> Result<Self> {
        let Some(wanted) = &options.columns else {
            return Ok(self);
        };
        for column in wanted {
            self.find(column)?;
        }
        let geometry = self.geometry_column().map(str::to_owned);
        let unwanted = self
            .names()
            .into_iter()
            .filter(|name| !wanted.contains(name) && geometry.as_ref() != Some(name));
        unwanted
            .into_iter()
            .try_fold(self.clone(), |table, name| table.without_column(&name))
    }
}
