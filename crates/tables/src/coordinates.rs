//! The geometry of a table whose format knows none: Well-Known Text or Binary in a column, or coordinates in two.
//!
//! Columns are found by their usual names, whatever their case; those that the options name come first. What is taken for
//! granted is noted.

mod corners;
mod text;

use arrow_array::ArrayRef;
use arrow_schema::DataType;
use geo::{Coord, Geometry, Point};

use crate::geometry::WkbBlock;
use crate::{Crs, Error, ReadOptions, Result, Table};

/// What columns of longitudes and latitudes are called, in lower case without `_`, `-`, `.` and blanks, best first.
const LONGITUDES: &[&str] = &[
    "longitude",
    "lon",
    "lng",
    "long",
    "longitudedd",
    "londd",
    "declong",
    "declon",
    "decimallongitude",
    "gpslongitude",
    "gpslon",
    "geolongitude",
    "wgs84lon",
    "lonwgs84",
    "longitudewgs84",
    "centroidlon",
    "lonc",
];
const LATITUDES: &[&str] = &[
    "latitude",
    "lat",
    "latitudedd",
    "latdd",
    "declat",
    "decimallatitude",
    "gpslatitude",
    "gpslat",
    "geolatitude",
    "wgs84lat",
    "latwgs84",
    "latitudewgs84",
    "centroidlat",
    "latc",
];
/// The same for coordinates that may be anything.
const EASTINGS: &[&str] = &[
    "x",
    "easting",
    "eastings",
    "xcoord",
    "coordx",
    "pointx",
    "xcoordinate",
    "xcentroid",
    "centroidx",
    "xcentre",
    "xcenter",
    "xcentro",
    "utmx",
    "utme",
];
const NORTHINGS: &[&str] = &[
    "y",
    "northing",
    "northings",
    "ycoord",
    "coordy",
    "pointy",
    "ycoordinate",
    "ycentroid",
    "centroidy",
    "ycentre",
    "ycenter",
    "ycentro",
    "utmy",
    "utmn",
];
/// What a column of whole geometries is called.
const GEOMETRIES: &[&str] = &[
    "geometry",
    "geom",
    "wkt",
    "wkbgeometry",
    "wkb",
    "thegeom",
    "wktgeom",
    "geomwkt",
    "geometrywkt",
    "wktgeometry",
    "shape",
    "ogrgeometry",
    "geowkt",
    "ewkt",
    "ewkb",
];

/// Which columns hold the geometry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// Well-Known Text or Binary.
    Whole(String),
    /// Points.
    Points {
        x: String,
        y: String,
        /// The names say longitude and latitude.
        lon_lat: bool,
    },
    /// The lower left corners of square cells and, perhaps, the upper right ones.
    Corners {
        low: (String, String),
        high: Option<(String, String)>,
    },
}

impl Source {
    /// The columns.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Whole(column) => vec![column],
            Self::Points { x, y, .. } => vec![x, y],
            Self::Corners { low, high } => [Some(low), high.as_ref()]
                .into_iter()
                .flatten()
                .flat_map(|(x, y)| [x.as_str(), y.as_str()])
                .collect(),
        }
    }
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn find_name(names: &[&str], usual: &[&str]) -> Option<String> {
    usual.iter().find_map(|usual| {
        let found = names.iter().find(|name| plain(name) == *usual);
        found.map(|&name| name.to_owned())
    })
}

/// The columns that the options name, if they do.
fn named(names: &[&str], options: &ReadOptions) -> Result<Option<Source>> {
    let (x, y) = match (&options.lon_column, &options.lat_column) {
        (None, None) => return Ok(None),
        (Some(x), Some(y)) => (x.clone(), y.clone()),
        (Some(x), None) => {
            let y = find_name(names, LATITUDES).or_else(|| find_name(names, NORTHINGS));
            (x.clone(), y.unwrap_or_else(|| "lat".to_owned()))
        }
        (None, Some(y)) => {
            let x = find_name(names, LONGITUDES).or_else(|| find_name(names, EASTINGS));
            (x.unwrap_or_else(|| "lon".to_owned()), y.clone())
        }
    };
    for column in [&x, &y] {
        if !names.contains(&column.as_str()) {
            return Err(Error::MissingColumn {
                column: column.clone(),
                available: names.iter().map(|&name| name.to_owned()).collect(),
            });
        }
    }
    Ok(Some(Source::Points {
        x,
        y,
        lon_lat: true,
    }))
}

/// The columns of the geometry: those the options name, else those with a usual name that `holds_geometry` accepts.
pub(crate) fn source(
    names: &[&str],
    options: &ReadOptions,
    holds_geometry: impl Fn(&str) -> bool,
) -> Result<Option<Source>> {
    if let Some(named) = named(names, options)? {
        return Ok(Some(named));
    }
    let whole = GEOMETRIES
        .iter()
        .filter_map(|usual| names.iter().find(|name| plain(name) == *usual));
    if let Some(&column) = whole.into_iter().find(|&&column| holds_geometry(column)) {
        return Ok(Some(Source::Whole(column.to_owned())));
    }
    let pair = |xs: &[&str], ys: &[&str]| find_name(names, xs).zip(find_name(names, ys));
    if let Some((x, y)) = pair(LONGITUDES, LATITUDES) {
        let lon_lat = true;
        return Ok(Some(Source::Points { x, y, lon_lat }));
    }
    if let Some((x, y)) = pair(EASTINGS, NORTHINGS) {
        let lon_lat = false;
        return Ok(Some(Source::Points { x, y, lon_lat }));
    }
    let low = pair(
        &["xmin", "minx", "left", "xll", "xllcorner"],
        &["ymin", "miny", "bottom", "yll", "yllcorner"],
    );
    let high = pair(&["xmax", "maxx", "right"], &["ymax", "maxy", "top"]);
    Ok(low.map(|low| Source::Corners { low, high }))
}

/// Whether a text looks like a geometry, in Well-Known Text or in hexadecimal Well-Known Binary.
pub(crate) fn is_geometry(text: &str) -> bool {
    text::is_geometry(text.trim())
}

/// Whether a whole column may be geometries: bytes, or text of which the first value reads as one.
fn holds_geometry(table: &Table, column: &str) -> bool {
    let Ok(found) = table.find(column) else {
        return false;
    };
    match found.field.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) => {
            let Ok(texts) = table.texts(column) else {
                return false;
            };
            let mut texts = texts.iter().flatten().map(|text| text.trim());
            texts
                .find(|text| !text.is_empty())
                .is_some_and(text::is_geometry)
        }
        _ => false,
    }
}

/// Gives a table the geometry that its columns hold, if they do; columns that the options name come before a geometry
/// that is there.
pub(crate) fn find(name: &str, table: Table, options: &ReadOptions) -> Result<Table> {
    let names: Vec<&str> = table.column_names().collect();
    let source = if table.geometry_column().is_some() {
        named(&names, options)?
    } else {
        source(&names, options, |column| holds_geometry(&table, column))?
    };
    match source {
        None => Ok(table),
        Some(source) => with(name, &table, &source, options).map_err(|error| error.in_file(name)),
    }
}

/// As [`find`], for columns that the options name alone.
pub(crate) fn find_named(name: &str, table: Table, options: &ReadOptions) -> Result<Table> {
    let names: Vec<&str> = table.column_names().collect();
    match named(&names, options)? {
        None => Ok(table),
        Some(source) => with(name, &table, &source, options).map_err(|error| error.in_file(name)),
    }
}

fn with(file: &str, table: &Table, source: &Source, options: &ReadOptions) -> Result<Table> {
    match source {
        Source::Whole(column) => whole(file, table, column, options),
        Source::Points { x, y, lon_lat } => {
            let crs = match (&options.assume_crs, lon_lat) {
                (Some(crs), _) => crs.clone(),
                (None, true) => Crs::wgs84(),
                (None, false) => Crs::unknown(),
            };
            points(table, x, y, crs)
        }
        Source::Corners { low, high } => corners::squares(table, low, high.as_ref(), options),
    }
}

fn points(table: &Table, x: &str, y: &str, crs: Crs) -> Result<Table> {
    let (x, y) = (table.numbers(x)?, table.numbers(y)?);
    let points = x
        .into_iter()
        .zip(y)
        .map(|(x, y)| Some(Coord { x: x?, y: y? }));
    let points: Vec<Option<Coord>> = points.collect();
    let name = free_name(table);
    if let Some(all) = points.iter().copied().collect::<Option<Vec<Coord>>>() {
        return table.with_points(name, &all, crs);
    }
    let geometries: Vec<_> = points
        .into_iter()
        .map(|point| Some(Geometry::Point(Point(point?))))
        .collect();
    table.with_geometries(name, &geometries, crs)
}

/// A name for a geometry column that is not there yet.
fn free_name(table: &Table) -> &'static str {
    ["geometry", "point", "geometry.1", "transect_geometry"]
        .into_iter()
        .find(|name| !table.has_column(name))
        .unwrap_or("transect_geometry")
}

/// A column of Well-Known Text or Binary becomes the geometry, under its own name.
fn whole(file: &str, table: &Table, column: &str, options: &ReadOptions) -> Result<Table> {
    let array = table.column(column)?;
    let is_binary = matches!(
        array.data_type(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView
    );
    let (with_geometry, srid) = if is_binary {
        let srid = srid_of(column, &array)?;
        (table.with_primary(column, array, Crs::unknown())?, srid)
    } else {
        let (geometries, srid) = text::geometries(column, &table.texts(column)?)?;
        let table = table.with_geometries(column, &geometries, Crs::unknown())?;
        (table, srid)
    };
    let crs = match (&options.assume_crs, srid) {
        (Some(crs), _) => crs.clone(),
        (None, Some(srid)) => Crs::from_epsg(srid)?,
        (None, None) => taken_for_granted(file, column, &with_geometry, options)?,
    };
    let geometry = with_geometry.column(column)?;
    with_geometry.with_primary(column, geometry, crs)
}

/// The SRID of the first row of Extended Well-Known Binary, if it has one.
fn srid_of(column: &str, array: &ArrayRef) -> Result<Option<u32>> {
    let first = WkbBlock::new(column, array)?.values().flatten().next();
    let srid = first.and_then(|bytes| {
        let (header, rest) = bytes.split_first_chunk::<5>()?;
        let (srid, _) = rest.split_first_chunk::<4>()?;
        let [order, kind @ ..] = *header;
        let read = |bytes: [u8; 4]| match order {
            0 => u32::from_be_bytes(bytes),
            _ => u32::from_le_bytes(bytes),
        };
        (read(kind) & 0x2000_0000 != 0).then(|| read(*srid))
    });
    Ok(srid.filter(|&srid| srid != 0))
}

/// Coordinates that all are longitudes and latitudes are taken as such, and that is noted.
fn taken_for_granted(
    file: &str,
    column: &str,
    table: &Table,
    options: &ReadOptions,
) -> Result<Crs> {
    let Some(bounds) = table.bounds()? else {
        return Ok(Crs::unknown());
    };
    let (low, high) = (bounds.min(), bounds.max());
    if low.x < -180.0 || high.x > 180.0 || low.y < -90.0 || high.y > 90.0 {
        return Ok(Crs::unknown());
    }
    options.notes.add(format!(
        "{file}: nothing names the reference system of column `{column}`; its coordinates, {} to {} and {} to {}, are \
         taken as longitude and latitude on WGS 84 (--assume-crs says otherwise)",
        low.x, high.x, low.y, high.y
    ));
    Ok(Crs::wgs84())
}
