//! Opening a table whatever its format: by its first bytes, then by its extension.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::archive::extension;
use crate::options::ReadOptions;
use crate::shapefile::Parts;
use crate::{
    Error, Result, Table, archive, coordinates, delimited, flatgeobuf, geojson, geopackage,
    geoparquet, guard, gzip, kml, shapefile,
};

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Parquet,
    FlatGeobuf,
    Shapefile,
    GeoPackage,
    Zip,
    Gzip,
    GeoJson,
    Kml,
    Delimited,
}

const FLATGEOBUF_MAGIC: &[u8] = b"fgb";

/// Bytes looked at to tell a format.
const START: u64 = 1024;

impl Format {
    fn of(name: &str, bytes: &[u8]) -> Result<Self> {
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let start = start.trim_ascii_start();
        let magic = [
            (geoparquet::MAGIC, Self::Parquet),
            (FLATGEOBUF_MAGIC, Self::FlatGeobuf),
            (shapefile::MAGIC, Self::Shapefile),
            (geopackage::MAGIC, Self::GeoPackage),
            (archive::MAGIC, Self::Zip),
            (gzip::MAGIC, Self::Gzip),
            (b"{".as_slice(), Self::GeoJson),
            (geojson::RECORD_SEPARATOR, Self::GeoJson),
        ];
        if let Some((_, format)) = magic.iter().find(|(magic, _)| start.starts_with(magic)) {
            return Ok(*format);
        }
        if start.starts_with(b"<") && start.windows(4).any(|four| four == b"<kml") {
            return Ok(Self::Kml);
        }
        match extension(name).as_deref() {
            Some("parquet" | "geoparquet" | "pq") => Ok(Self::Parquet),
            Some("csv" | "tsv" | "tab" | "txt") => Ok(Self::Delimited),
            Some("kml") => Ok(Self::Kml),
            Some("gpkg") => Ok(Self::GeoPackage),
            Some("geojson" | "geojsonl" | "geojsonseq" | "geojsons" | "ndjson" | "jsonl") => {
                Ok(Self::GeoJson)
            }
            _ => Err(Error::UnknownFormat {
                name: name.to_owned(),
                found: found(bytes),
            }),
        }
    }

    /// The name in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Parquet => geoparquet::FORMAT,
            Self::FlatGeobuf => flatgeobuf::FORMAT,
            Self::Shapefile => shapefile::FORMAT,
            Self::GeoPackage => geopackage::FORMAT,
            Self::Zip => archive::FORMAT,
            Self::Gzip => gzip::FORMAT,
            Self::GeoJson => geojson::FORMAT,
            Self::Kml => kml::FORMAT,
            Self::Delimited => delimited::FORMAT,
        }
    }
}

/// What a file that cannot be read looks like.
fn found(bytes: &[u8]) -> String {
    /// First bytes of what people take for tables.
    const OTHERS: &[(&[u8], &str)] = &[
        (b"II*\0", "it is a TIFF raster"),
        (b"MM\0*", "it is a TIFF raster"),
        (b"II+\0", "it is a BigTIFF raster"),
        (b"MM\0+", "it is a BigTIFF raster"),
        (b"\x89PNG", "it is a PNG picture"),
        (b"\xff\xd8\xff", "it is a JPEG picture"),
        (b"\x89HDF", "it is HDF5 or NetCDF"),
        (b"CDF", "it is NetCDF"),
        (b"%PDF", "it is a PDF document"),
        (b"\xd0\xcf\x11\xe0", "it is a document of Microsoft Office"),
        (b"<stata_dta>", "it is a Stata data set"),
        (b"$FL2", "it is an SPSS data set"),
        (b"ARROW1", "it is Feather or Arrow IPC"),
        (b"7z\xbc\xaf", "it is a 7z archive"),
        (b"<", "it is XML but not KML"),
        (b"[", "it is a JSON list and not an object of GeoJSON"),
    ];
    let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    if start.is_empty() {
        return "it is empty".to_owned();
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return (*what).to_owned();
    }
    format!("it begins with {}", start.escape_ascii())
}

impl Table {
    /// Reads a file. Parquet is read by ranges, so the file itself is never held in memory; a Shapefile's attributes and
    /// reference system are looked for beside it.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::UnknownFormat`], [`Error::Malformed`], [`Error::TooLarge`]; [`Error::MissingColumn`] for
    /// the columns in `options`.
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let path = path.as_ref();
        let name = options.name_of(path);
        let io = |error| Error::io(&name, error);
        let mut start = Vec::new();
        File::open(path)
            .map_err(io)?
            .take(START)
            .read_to_end(&mut start)
            .map_err(io)?;
        let format = Format::of(&name, &start)?;
        guard::reading(&name, format.name(), || match format {
            Format::Parquet => {
                let table = geoparquet::read(&name, File::open(path).map_err(io)?, options)?;
                coordinates::find(&name, table, options)
            }
            Format::GeoPackage => geopackage::open(&name, path, options),
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
            _ => Self::of_format(
                format,
                &name,
                Bytes::from(std::fs::read(path).map_err(io)?),
                options,
            ),
        })
    }

    /// Reads a table from bytes; `name` serves for its extension and in messages. A Shapefile comes zipped, or without
    /// attributes.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_bytes(name: &str, bytes: Bytes, options: &ReadOptions) -> Result<Self> {
        let format = Format::of(name, bytes.get(..START as usize).unwrap_or(&bytes))?;
        guard::reading(name, format.name(), || {
            Self::of_format(format, name, bytes, options)
        })
    }

    fn of_format(format: Format, name: &str, bytes: Bytes, options: &ReadOptions) -> Result<Self> {
        match format {
            Format::Parquet => {
                coordinates::find(name, geoparquet::read(name, bytes, options)?, options)
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
            Format::GeoPackage => geopackage::read(name, bytes, options),
            Format::Zip => archive::read(name, &bytes, options),
            Format::Gzip => gzip::read(name, &bytes, options),
            Format::GeoJson => geojson::read(name, &bytes, options),
            Format::Kml => kml::read(name, &bytes, options),
            Format::Delimited => delimited::read(name, &bytes, options),
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
