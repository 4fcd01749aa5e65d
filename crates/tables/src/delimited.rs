//! CSV and its kin: text in columns, longitude and latitude in two of them.
//!
//! The separator (comma, semicolon or tab) is the one the header has most of. A column is of integers, numbers or
//! true/false when all its values are, and text otherwise; numbers with leading zeros are identifiers, and stay text.

use std::collections::HashSet;

use csv::{ByteRecord, ReaderBuilder, Trim};
use geo::{Coord, Geometry, Point};

use crate::cells::{Cell, CellColumn, distinct_names};
use crate::{Crs, Error, ReadOptions, Result, Table};

const FORMAT: &str = "CSV";
/// What columns of longitudes and latitudes are called, in lower case, best first.
const LONGITUDES: &[&str] = &["longitude", "lon", "lng", "long"];
const LATITUDES: &[&str] = &["latitude", "lat"];
/// The same for coordinates that may be anything.
const EASTINGS: &[&str] = &["x", "easting", "eastings"];
const NORTHINGS: &[&str] = &["y", "northing", "northings"];

pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let header = header(name, bytes)?;
    let wanted = wanted(&header, options)?;
    let kinds = kinds(name, bytes, header.len())?;
    let mut columns: Vec<CellColumn> = header.iter().map(|_| CellColumn::default()).collect();
    each_record(name, bytes, |record| {
        let fields = columns
            .iter_mut()
            .zip(record.iter())
            .zip(&kinds)
            .zip(&wanted);
        for (((column, field), kind), wanted) in fields {
            if *wanted {
                column.push(kind.cell(field));
            }
        }
        Ok(())
    })?;
    let read = header
        .into_iter()
        .zip(columns)
        .zip(wanted)
        .filter(|(_, wanted)| *wanted);
    let columns = read.map(|((name, column), _)| (name, column.finish()));
    with_coordinates(&Table::new(columns.collect())?, options)
}

fn each_record(
    name: &str,
    bytes: &[u8],
    mut visit: impl FnMut(&ByteRecord) -> Result<()>,
) -> Result<()> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .trim(Trim::All)
        .from_reader(bytes);
    let mut record = ByteRecord::new();
    while reader
        .read_byte_record(&mut record)
        .map_err(|error| Error::malformed(name, FORMAT, error))?
    {
        visit(&record)?;
    }
    Ok(())
}

/// The names in the first line, made to differ.
fn header(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .trim(Trim::All)
        .from_reader(bytes);
    let header = reader
        .byte_headers()
        .map_err(|error| Error::malformed(name, FORMAT, error))?;
    if header.is_empty() {
        return Err(Error::malformed(
            name,
            FORMAT,
            "it is empty; expected a header line with the names of columns",
        ));
    }
    let names =
        header.iter().zip(1..).map(
            |(field, number)| match String::from_utf8_lossy(field).trim() {
                "" => format!("column_{number}"),
                name => name.to_owned(),
            },
        );
    Ok(distinct_names(names))
}

fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    // on a tie, the first: commas are the rule
    let candidates = [b'\t', b';', b','];
    candidates
        .into_iter()
        .max_by_key(|&delimiter| count(delimiter))
        .unwrap_or(b',')
}

/// Which columns are read: those asked for, and those of the coordinates.
fn wanted(header: &[String], options: &ReadOptions) -> Result<Vec<bool>> {
    let Some(columns) = &options.columns else {
        return Ok(vec![true; header.len()]);
    };
    if let Some(missing) = columns.iter().find(|column| !header.contains(column)) {
        return Err(Error::MissingColumn {
            column: missing.clone(),
            available: header.to_vec(),
        });
    }
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let coordinates = coordinate_columns(&names, options)?;
    let is_wanted = |name: &String| {
        let is_coordinate = coordinates
            .as_ref()
            .is_some_and(|found| *name == found.x || *name == found.y);
        is_coordinate || columns.contains(name)
    };
    Ok(header.iter().map(is_wanted).collect())
}

/// What every value of a column can be read as.
#[derive(Clone, Copy, Debug)]
struct Kind {
    flag: bool,
    integer: bool,
    number: bool,
}

impl Kind {
    fn narrow(&mut self, field: &[u8]) {
        if field.is_empty() {
            return;
        }
        self.flag &= flag(field).is_some();
        self.integer &= integer(field).is_some();
        self.number &= number(field).is_some();
    }

    fn cell(self, field: &[u8]) -> Cell {
        if field.is_empty() {
            return Cell::Null;
        }
        let typed = if self.flag {
            flag(field).map(Cell::Flag)
        } else if self.integer {
            integer(field).map(Cell::Integer)
        } else if self.number {
            number(field).map(Cell::Number)
        } else {
            None
        };
        typed.unwrap_or_else(|| Cell::Text(String::from_utf8_lossy(field).into_owned()))
    }
}

fn kinds(name: &str, bytes: &[u8], columns: usize) -> Result<Vec<Kind>> {
    let mut kinds = vec![
        Kind {
            flag: true,
            integer: true,
            number: true
        };
        columns
    ];
    each_record(name, bytes, |record| {
        for (kind, field) in kinds.iter_mut().zip(record.iter()) {
            kind.narrow(field);
        }
        Ok(())
    })?;
    Ok(kinds)
}

fn flag(field: &[u8]) -> Option<bool> {
    match field {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// An integer written as one writes integers: `007` and `+7` are texts.
fn integer(field: &[u8]) -> Option<i64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_plain = matches!(digits, [b'0'] | [b'1'..=b'9', ..]);
    std::str::from_utf8(field)
        .ok()
        .filter(|_| is_plain)?
        .parse()
        .ok()
}

fn number(field: &[u8]) -> Option<f64> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    let is_identifier = matches!(digits, [b'0', b'0'..=b'9', ..] | [b'+', ..]);
    std::str::from_utf8(field)
        .ok()
        .filter(|_| !is_identifier)?
        .parse()
        .ok()
}

struct Coordinates {
    x: String,
    y: String,
    crs: Crs,
}

/// Gives a table without a geometry the points that two of its columns hold, if they do.
pub(crate) fn with_coordinates(table: &Table, options: &ReadOptions) -> Result<Table> {
    let names: Vec<&str> = table.column_names().collect();
    let Some(columns) = coordinate_columns(&names, options)? else {
        return Ok(table.clone());
    };
    let (x, y) = (table.numbers(&columns.x)?, table.numbers(&columns.y)?);
    let points = x
        .into_iter()
        .zip(y)
        .map(|(x, y)| Some(Coord { x: x?, y: y? }));
    let crs = options.assume_crs.clone().unwrap_or(columns.crs);
    // a name that is not there yet
    let taken: HashSet<&str> = names.into_iter().collect();
    let name = ["geometry", "point", "transect_point"]
        .into_iter()
        .find(|name| !taken.contains(name));
    let name = name.unwrap_or("geometry");
    let points: Vec<Option<Coord>> = points.collect();
    if let Some(all) = points.iter().copied().collect::<Option<Vec<Coord>>>() {
        return table.with_points(name, &all, crs);
    }
    let geometries: Vec<_> = points
        .into_iter()
        .map(|point| Some(Geometry::Point(Point(point?))))
        .collect();
    table.with_geometries(name, &geometries, crs)
}

/// The columns of coordinates: those the options name, else those with a usual name.
fn coordinate_columns(names: &[&str], options: &ReadOptions) -> Result<Option<Coordinates>> {
    let find = |usual: &[&str]| {
        usual
            .iter()
            .find_map(|usual| names.iter().find(|name| name.eq_ignore_ascii_case(usual)))
    };
    let pick = |given: &Option<String>, usual: &[&str]| match given {
        Some(given) if names.contains(&given.as_str()) => Ok(Some(given.clone())),
        Some(given) => Err(Error::MissingColumn {
            column: given.clone(),
            available: names.iter().map(|&name| name.to_owned()).collect(),
        }),
        None => Ok(find(usual).map(|&name| name.to_owned())),
    };
    let (lon, lat) = (
        pick(&options.lon_column, LONGITUDES)?,
        pick(&options.lat_column, LATITUDES)?,
    );
    if let (Some(x), Some(y)) = (lon, lat) {
        return Ok(Some(Coordinates {
            x,
            y,
            crs: Crs::wgs84(),
        }));
    }
    let (x, y) = (pick(&None, EASTINGS)?, pick(&None, NORTHINGS)?);
    Ok(x.zip(y).map(|(x, y)| Coordinates {
        x,
        y,
        crs: Crs::unknown(),
    }))
}
