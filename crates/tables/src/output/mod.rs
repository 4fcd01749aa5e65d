//! Writing a table in the format that the name of the output says.

mod csv;
mod flatgeobuf;
mod gpx;
mod kml;
pub(crate) mod rows;
mod shapefile;
mod text;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::geoparquet::WriteOptions;
use crate::{Crs, Error, Result, Table, geopackage};

/// A format that tables are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// GeoParquet 1.1.
    Parquet,
    /// GeoPackage 1.3, one layer.
    GeoPackage,
    /// GeoJSON (RFC 7946), longitude and latitude on WGS 84.
    GeoJson,
    /// FlatGeobuf, rows in their order and so without a spatial index.
    FlatGeobuf,
    /// A Shapefile in a zip archive.
    ZippedShapefile,
    /// The files of a Shapefile side by side; not to be had as a stream.
    Shapefile,
    /// KML 2.2, longitude and latitude on WGS 84.
    Kml,
    /// GPX 1.1: points as waypoints, lines and outlines as tracks, longitude and latitude on WGS 84.
    Gpx,
    /// CSV: points as `lon` and `lat`, other geometries as `wkt`, on WGS 84; `x` and `y` where the reference system is
    /// unknown.
    Csv,
}

impl OutputFormat {
    /// The format that the extension of a name says.
    ///
    /// # Errors
    /// [`Error::UnknownOutput`] for any other extension.
    pub fn of(name: &str) -> Result<Self> {
        let lower = name.to_ascii_lowercase();
        let endings = [
            (".parquet", Self::Parquet),
            (".geoparquet", Self::Parquet),
            (".gpkg", Self::GeoPackage),
            (".geojson", Self::GeoJson),
            (".fgb", Self::FlatGeobuf),
            (".shp.zip", Self::ZippedShapefile),
            (".shz", Self::ZippedShapefile),
            (".zip", Self::ZippedShapefile),
            (".shp", Self::Shapefile),
            (".kml", Self::Kml),
            (".gpx", Self::Gpx),
            (".csv", Self::Csv),
        ];
        let known = endings.iter().find(|(ending, _)| lower.ends_with(ending));
        known.map(|(_, format)| *format).ok_or_else(|| {
            let file = lower.rsplit(['/', '\\']).next().unwrap_or_default();
            let problem = match file.rsplit_once('.') {
                Some((_, extension)) => {
                    format!("no format that is written has the extension .{extension}")
                }
                None => "its name has no extension to say the format".to_owned(),
            };
            Error::UnknownOutput {
                name: name.to_owned(),
                problem,
            }
        })
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Parquet => "application/vnd.apache.parquet",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::GeoJson => "application/geo+json",
            Self::FlatGeobuf => "application/flatgeobuf",
            Self::ZippedShapefile => "application/zip",
            Self::Shapefile => "application/octet-stream",
            Self::Kml => "application/vnd.google-earth.kml+xml",
            Self::Gpx => "application/gpx+xml",
            Self::Csv => "text/csv",
        }
    }

    /// The name in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::GeoPackage => geopackage::FORMAT,
            Self::GeoJson => "GeoJSON",
            Self::FlatGeobuf => "FlatGeobuf",
            Self::ZippedShapefile | Self::Shapefile => "Shapefile",
            Self::Kml => "KML",
            Self::Gpx => "GPX",
            Self::Csv => "CSV",
        }
    }
}

/// Writes a table to a file in the format that its extension says; through a temporary file beside it, so that a failure
/// leaves what was there. What the format cannot hold as it is comes back in words.
///
/// # Errors
/// [`Error::UnknownOutput`], before anything is written; [`Error::Io`]; as [`Table::write_as`].
pub fn write(path: impl AsRef<Path>, table: &Table) -> Result<Vec<String>> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let format = OutputFormat::of(&name)?;
    let io = |error| Error::io(&name, error);
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let problem = "is a folder or a device; expected the name of a file";
        return Err(io(std::io::Error::other(problem)));
    }
    let named = |error: Error| error.in_output(&name);
    if format == OutputFormat::Shapefile {
        return shapefile::write_beside(path, table).map_err(named);
    }
    let mut notes = Vec::new();
    let unfinished = beside(path)?;
    if format == OutputFormat::GeoPackage {
        let unfinished = unfinished.into_temp_path();
        geopackage::write(&unfinished, &layer_name(path), table).map_err(named)?;
        return finish(unfinished, path).map(|()| notes);
    }
    let mut out = BufWriter::with_capacity(1 << 20, unfinished.as_file());
    notes.extend(table.write_as(&mut out, format).map_err(named)?);
    out.flush().map_err(io)?;
    drop(out);
    finish(unfinished.into_temp_path(), path).map(|()| notes)
}

/// A temporary file in the folder of another.
fn beside(path: &Path) -> Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    NamedTempFile::new_in(folder).map_err(|error| {
        // not the name of the temporary file, which says nothing to anybody
        let problem = format!("cannot be written: {}", error.kind());
        Error::io(
            &path.display().to_string(),
            std::io::Error::new(error.kind(), problem),
        )
    })
}

/// Gives a finished file its name, and the permissions of any new file.
fn finish(unfinished: TempPath, path: &Path) -> Result<()> {
    let io = |error| Error::io(&path.display().to_string(), error);
    let file = File::open(&unfinished).map_err(io)?;
    readable(&file).map_err(io)?;
    file.sync_all().map_err(io)?;
    unfinished.persist(path).map_err(|error| io(error.error))
}

/// A temporary file is private to its owner; a result is readable as any new file.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// The name of the layer in a file: that of the file without its extension.
fn layer_name(path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy());
    let stem = stem.unwrap_or_default();
    let letters = stem.chars().filter(|letter| !letter.is_control());
    let name: String = letters.take(60).collect();
    match name.to_ascii_lowercase() {
        lower if lower.is_empty() || lower.starts_with("gpkg_") || lower.starts_with("sqlite_") => {
            format!("layer_{name}")
        }
        _ => name,
    }
}

impl Table {
    /// Writes the table in a format; what the format cannot hold as it is comes back in words.
    ///
    /// # Errors
    /// [`Error::NoGeometry`] where a format cannot do without; as [`Table::geometries`] and
    /// [`Projection::between`](crate::Projection::between); [`Error::Encode`] and [`Error::Write`].
    pub fn write_as<W: Write + Send>(
        &self,
        mut out: W,
        format: OutputFormat,
    ) -> Result<Vec<String>> {
        match format {
            OutputFormat::Parquet => {
                self.write_geoparquet(out, &WriteOptions::default())?;
                Ok(Vec::new())
            }
            OutputFormat::GeoJson => {
                self.write_geojson(out)?;
                Ok(Vec::new())
            }
            OutputFormat::GeoPackage => {
                let temporary = NamedTempFile::new()
                    .map_err(|error| Error::write(format.name(), error))?
                    .into_temp_path();
                geopackage::write(&temporary, "table", self)?;
                let copied =
                    File::open(&temporary).and_then(|mut file| std::io::copy(&mut file, &mut out));
                copied.map_err(|error| Error::write(format.name(), error))?;
                Ok(Vec::new())
            }
            OutputFormat::FlatGeobuf => flatgeobuf::write(self, out),
            OutputFormat::ZippedShapefile => shapefile::write_zipped(self, "table", out),
            OutputFormat::Shapefile => Err(Error::encode(
                format.name(),
                "a Shapefile is several files; as one, it is a .shp.zip",
            )),
            OutputFormat::Kml => kml::write(self, out),
            OutputFormat::Gpx => gpx::write(self, out),
            OutputFormat::Csv => csv::write(self, out),
        }
    }

    /// The table on WGS 84 for formats that have no place for a reference system; as it is where its own is unknown.
    fn on_wgs84(&self) -> Result<Self> {
        if self.geometry_column().is_none() || self.crs().is_unknown() {
            return Ok(self.clone());
        }
        self.reproject(&Crs::wgs84())
    }
}

/// The other files of a Shapefile.
fn sibling(path: &Path, extension: &str) -> PathBuf {
    path.with_extension(extension)
}
