//! Writing Shapefiles: shapes (`.shp`), index (`.shx`), attributes (`.dbf`), reference system (`.prj`), encoding (`.cpg`).
//!
//! Esri, ESRI Shapefile Technical Description, 1998. Written here, since the crate that reads them writes no null shapes.

use std::collections::HashSet;
use std::io::{Cursor, Write};
use std::path::Path;

use arrow_schema::DataType;
use geo::orient::{Direction, Orient};
use geo::{BoundingRect, Coord, Geometry, LineString, MultiPolygon};
use zip::write::SimpleFileOptions;

use super::{beside, finish, rows, sibling};
use crate::cells::Cell;
use crate::{Error, Result, Table};

const FORMAT: &str = "Shapefile";
const HEADER_BYTES: usize = 100;
/// The longest text that a field can hold, in bytes.
const LONGEST_TEXT: usize = 254;

/// The files of a Shapefile, by extension, and what it could not hold as it was.
struct Files {
    files: Vec<(&'static str, Vec<u8>)>,
    notes: Vec<String>,
}

/// Writes the files side by side; the shapes come last, so that they are not there before the rest.
pub(super) fn write_beside(path: &Path, table: &Table) -> Result<Vec<String>> {
    let Files { mut files, notes } = encode(table)?;
    files.reverse();
    for (extension, bytes) in files {
        let path = sibling(path, extension);
        let unfinished = beside(&path)?;
        unfinished
            .as_file()
            .write_all(&bytes)
            .map_err(|error| Error::io(&path.display().to_string(), error))?;
        finish(unfinished.into_temp_path(), &path)?;
    }
    Ok(notes)
}

/// Writes the files into a zip archive.
pub(super) fn write_zipped<W: Write>(table: &Table, stem: &str, mut out: W) -> Result<Vec<String>> {
    let Files { files, notes } = encode(table)?;
    let failed = |error: zip::result::ZipError| Error::encode(FORMAT, error);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (extension, bytes) in files {
        // the time of writing would make every file another
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        archive
            .start_file(format!("{stem}.{extension}"), options)
            .map_err(failed)?;
        archive
            .write_all(&bytes)
            .map_err(|error| Error::write(FORMAT, error))?;
    }
    let bytes = archive.finish().map_err(failed)?.into_inner();
    out.write_all(&bytes)
        .map_err(|error| Error::write(FORMAT, error))?;
    Ok(notes)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null = 0,
    Point = 1,
    Lines = 3,
    Polygons = 5,
    Points = 8,
}

fn kind(geometry: &Geometry) -> Option<Kind> {
    Some(match geometry {
        Geometry::Point(_) => Kind::Point,
        Geometry::MultiPoint(points) if points.0.is_empty() => Kind::Null,
        Geometry::MultiPoint(_) => Kind::Points,
        Geometry::Line(_) | Geometry::LineString(_) | Geometry::MultiLineString(_) => Kind::Lines,
        Geometry::Polygon(_)
        | Geometry::MultiPolygon(_)
        | Geometry::Rect(_)
        | Geometry::Triangle(_) => Kind::Polygons,
        Geometry::GeometryCollection(_) => return None,
    })
}

fn encode(table: &Table) -> Result<Files> {
    if table.geometry_column().is_none() {
        return Err(Error::NoGeometry {
            available: table.names(),
        });
    }
    let mixed = || {
        let problem =
            "it holds geometries of one kind, and the table has several; .gpkg takes them";
        Error::encode(FORMAT, problem)
    };
    let mut shapes = vec![0; HEADER_BYTES];
    let mut index = vec![0; HEADER_BYTES];
    let mut file_kind = Kind::Null;
    let mut bounds: Option<geo::Rect> = None;
    let mut number = 0_i32;
    for block in rows::blocks(table) {
        let block = block?;
        for row in 0..block.count {
            let geometry = block.geometry(row)?;
            let own = match &geometry {
                None => Kind::Null,
                Some(geometry) => kind(geometry).ok_or_else(mixed)?,
            };
            // a table of points has single points as such; beside several, they are one-point sets
            match (file_kind, own) {
                (_, Kind::Null) => {}
                (Kind::Null, own) => file_kind = own,
                (file, own) if file == own => {}
                _ => return Err(mixed()),
            }
            if let Some(rect) = geometry.as_ref().and_then(BoundingRect::bounding_rect) {
                bounds = Some(bounds.map_or(rect, |bounds| around(bounds, rect)));
            }
            let content = content(geometry.as_ref(), own);
            number += 1;
            let words = words(content.len())?;
            index.extend(words_at(shapes.len())?.to_be_bytes());
            index.extend(words.to_be_bytes());
            shapes.extend(number.to_be_bytes());
            shapes.extend(words.to_be_bytes());
            shapes.extend(content);
        }
    }
    for file in [&mut shapes, &mut index] {
        let length = words(file.len())?;
        let header = header(length, file_kind, bounds);
        if let Some(place) = file.get_mut(..HEADER_BYTES) {
            place.copy_from_slice(&header);
        }
    }
    let mut notes = Vec::new();
    let attributes = attributes(table, &mut notes)?;
    let mut files = vec![("shp", shapes), ("shx", index), ("dbf", attributes)];
    match table.crs().to_wkt()? {
        Some(wkt) => files.push(("prj", wkt.into_bytes())),
        None => notes.push("its reference system is unknown: it has no .prj file".to_owned()),
    }
    files.push(("cpg", b"UTF-8".to_vec()));
    Ok(Files { files, notes })
}

fn around(a: geo::Rect, b: geo::Rect) -> geo::Rect {
    geo::Rect::new(
        Coord {
            x: a.min().x.min(b.min().x),
            y: a.min().y.min(b.min().y),
        },
        Coord {
            x: a.max().x.max(b.max().x),
            y: a.max().y.max(b.max().y),
        },
    )
}

/// A length in words of two bytes.
fn words(bytes: usize) -> Result<i32> {
    words_at(bytes)
}

fn words_at(bytes: usize) -> Result<i32> {
    i32::try_from(bytes / 2).map_err(|_| {
        Error::encode(
            FORMAT,
            "it would be larger than 4 GB; .gpkg or .parquet have no such limit",
        )
    })
}

fn header(words: i32, kind: Kind, bounds: Option<geo::Rect>) -> Vec<u8> {
    let mut header = 9994_i32.to_be_bytes().to_vec();
    header.resize(24, 0);
    header.extend(words.to_be_bytes());
    header.extend(1000_i32.to_le_bytes());
    header.extend((kind as i32).to_le_bytes());
    let corners = bounds.map_or([0.0; 4], corners);
    header.extend(corners.into_iter().flat_map(f64::to_le_bytes));
    header.resize(HEADER_BYTES, 0);
    header
}

fn corners(rect: geo::Rect) -> [f64; 4] {
    [rect.min().x, rect.min().y, rect.max().x, rect.max().y]
}

/// The content of a record.
fn content(geometry: Option<&Geometry>, kind: Kind) -> Vec<u8> {
    let mut content = (kind as i32).to_le_bytes().to_vec();
    let Some(geometry) = geometry else {
        return content;
    };
    let put = |content: &mut Vec<u8>, coord: &Coord| {
        content.extend(coord.x.to_le_bytes());
        content.extend(coord.y.to_le_bytes());
    };
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX).to_le_bytes();
    let corners = geometry.bounding_rect().map_or([0.0; 4], corners);
    match geometry {
        Geometry::Point(point) => put(&mut content, &point.0),
        Geometry::MultiPoint(points) if kind == Kind::Points => {
            content.extend(corners.into_iter().flat_map(f64::to_le_bytes));
            content.extend(count(points.0.len()));
            points.iter().for_each(|point| put(&mut content, &point.0));
        }
        _ if kind == Kind::Null => {}
        other => {
            let parts = parts(other);
            content.extend(corners.into_iter().flat_map(f64::to_le_bytes));
            content.extend(count(parts.len()));
            content.extend(count(parts.iter().map(|part| part.0.len()).sum()));
            let mut from = 0;
            for part in &parts {
                content.extend(count(from));
                from += part.0.len();
            }
            parts
                .iter()
                .flat_map(|part| &part.0)
                .for_each(|coord| put(&mut content, coord));
        }
    }
    content
}

/// Lines, or rings: outer ones clockwise, holes counter-clockwise, each hole after its outer ring.
fn parts(geometry: &Geometry) -> Vec<LineString> {
    let polygons = match geometry {
        Geometry::Line(line) => return vec![LineString(vec![line.start, line.end])],
        Geometry::LineString(line) => return vec![line.clone()],
        Geometry::MultiLineString(lines) => return lines.0.clone(),
        Geometry::Polygon(polygon) => MultiPolygon(vec![polygon.clone()]),
        Geometry::MultiPolygon(polygons) => polygons.clone(),
        Geometry::Rect(rect) => MultiPolygon(vec![rect.to_polygon()]),
        Geometry::Triangle(triangle) => MultiPolygon(vec![triangle.to_polygon()]),
        _ => return Vec::new(),
    };
    let mut rings = Vec::new();
    for polygon in polygons.orient(Direction::Reversed) {
        let (exterior, interiors) = polygon.into_inner();
        rings.push(exterior);
        rings.extend(interiors);
    }
    rings
}

struct Field {
    name: String,
    kind: u8,
    length: u8,
    decimals: u8,
}

fn field(name: String, data_type: &DataType, longest: usize) -> Field {
    let (kind, length, decimals) = match data_type {
        DataType::Dictionary(_, values) => return field(name, values, longest),
        DataType::Boolean => (b'L', 1, 0),
        integer if integer.is_integer() => (b'N', 20, 0),
        number if number.is_numeric() => (b'F', 24, 15),
        DataType::Date32 | DataType::Date64 => (b'D', 8, 0),
        _ => (
            b'C',
            u8::try_from(longest.clamp(1, LONGEST_TEXT)).unwrap_or(u8::MAX),
            0,
        ),
    };
    Field {
        name,
        kind,
        length,
        decimals,
    }
}

/// The attribute table, dBASE III.
fn attributes(table: &Table, notes: &mut Vec<String>) -> Result<Vec<u8>> {
    let columns = rows::properties(table);
    let mut longest = vec![0; columns.len()];
    for block in rows::blocks(table) {
        let block = block?;
        for row in 0..block.count {
            for (longest, cell) in longest.iter_mut().zip(block.cells(row)) {
                if let Cell::Text(text) = cell {
                    *longest = text.len().max(*longest);
                }
            }
        }
    }
    let names = short_names(&columns, notes);
    let mut fields: Vec<Field> = columns
        .iter()
        .zip(names)
        .zip(&longest)
        .map(|(((_, data_type), name), longest)| field(name, data_type, *longest))
        .collect();
    if fields.is_empty() {
        // a table of no fields is not read everywhere
        fields.push(field("row".to_owned(), &DataType::Int64, 0));
    }
    for ((name, _), longest) in columns.iter().zip(&longest) {
        if *longest > LONGEST_TEXT {
            notes.push(format!(
                "a Shapefile has texts of at most {LONGEST_TEXT} bytes: longer ones in column `{name}` are cut off"
            ));
        }
    }
    let record_length = 1 + fields
        .iter()
        .map(|field| usize::from(field.length))
        .sum::<usize>();
    let too_wide = |_| {
        Error::encode(
            FORMAT,
            "its records would be too long; .gpkg has no such limit",
        )
    };
    let record_length = u16::try_from(record_length).map_err(too_wide)?;
    let header_length = u16::try_from(32 + 32 * fields.len() + 1).map_err(too_wide)?;
    let rows = u32::try_from(table.rows()).map_err(|error| Error::encode(FORMAT, error))?;
    // a date of writing that is always the same: 2000-01-01
    let mut bytes = vec![3, 100, 1, 1];
    bytes.extend(rows.to_le_bytes());
    bytes.extend(header_length.to_le_bytes());
    bytes.extend(record_length.to_le_bytes());
    bytes.resize(32, 0);
    for field in &fields {
        let mut descriptor = [0; 32];
        for (place, byte) in descriptor.iter_mut().zip(field.name.bytes()) {
            *place = byte;
        }
        (descriptor[11], descriptor[16], descriptor[17]) =
            (field.kind, field.length, field.decimals);
        bytes.extend(descriptor);
    }
    bytes.push(0x0d);
    for block in rows::blocks(table) {
        let block = block?;
        for row in 0..block.count {
            bytes.push(b' ');
            if columns.is_empty() {
                bytes.extend(format!("{:>20}", block.first + row).bytes());
            }
            for (field, cell) in fields.iter().zip(block.cells(row)) {
                bytes.extend(value(field, cell));
            }
        }
    }
    bytes.push(0x1a);
    Ok(bytes)
}

fn value(field: &Field, cell: &Cell) -> Vec<u8> {
    let width = usize::from(field.length);
    let text = match (cell, field.kind) {
        (Cell::Null, b'L') => "?".to_owned(),
        (Cell::Null, _) => String::new(),
        (Cell::Flag(flag), _) => if *flag { "T" } else { "F" }.to_owned(),
        (Cell::Integer(number), _) => number.to_string(),
        (Cell::Number(number), _) if number.is_finite() => decimal(*number, width),
        (Cell::Number(_), _) => String::new(),
        (Cell::Text(text), b'D') => text.get(..10).unwrap_or_default().replace('-', ""),
        (Cell::Text(text), _) => text.clone(),
    };
    let mut end = text.len().min(width);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    let fill = vec![b' '; width - text.len()];
    if matches!(field.kind, b'N' | b'F') {
        [fill.as_slice(), text.as_bytes()].concat()
    } else {
        [text.as_bytes(), fill.as_slice()].concat()
    }
}

/// A number in at most so many letters, as exact as goes.
fn decimal(number: f64, width: usize) -> String {
    let shortest = number.to_string();
    if shortest.len() <= width {
        return shortest;
    }
    format!("{number:.15e}")
}

/// Names of at most ten bytes that differ.
fn short_names(columns: &[(String, DataType)], notes: &mut Vec<String>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(columns.len());
    for (column, _) in columns {
        let cut = |length: usize| {
            let mut end = column.len().min(length);
            while !column.is_char_boundary(end) {
                end -= 1;
            }
            column.get(..end).unwrap_or_default()
        };
        let mut name = cut(10).to_owned();
        let mut number = 1;
        while !taken.insert(name.to_ascii_lowercase()) {
            let suffix = format!("_{number}");
            name = format!("{}{suffix}", cut(10_usize.saturating_sub(suffix.len())));
            number += 1;
        }
        if name != *column {
            notes.push(format!(
                "a Shapefile has names of at most 10 bytes: column `{column}` is called `{name}` in it"
            ));
        }
        names.push(name);
    }
    names
}
