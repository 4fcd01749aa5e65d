//! Writing KML 2.2 (OGC 12-007): a placemark a row, columns as typed extended data.

use std::fmt::Write as _;
use std::io::Write;

use arrow_schema::DataType;
use geo::{Coord, Geometry, LineString, Polygon};

use super::rows;
use super::text::xml;
use crate::cells::Cell;
use crate::{Error, Result, Table};

const FORMAT: &str = "KML";

pub(super) fn write<W: Write>(table: &Table, mut out: W) -> Result<Vec<String>> {
    let failed = |error| Error::write(FORMAT, error);
    if table.geometry_column().is_none() {
        return Err(Error::NoGeometry {
            available: table.names(),
        });
    }
    let table = table.reproject(&crate::Crs::wgs84())?;
    let columns = rows::properties(&table);
    let mut head = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<kml xmlns=\"http://www.opengis.net/kml/2.2\">\n<Document>\n\
         <Schema name=\"table\" id=\"table\">\n",
    );
    for (name, data_type) in &columns {
        let _ = writeln!(
            head,
            "<SimpleField name=\"{}\" type=\"{}\"/>",
            xml(name),
            kind(data_type)
        );
    }
    head.push_str("</Schema>\n");
    out.write_all(head.as_bytes()).map_err(failed)?;
    let label = label_column(&columns);
    for block in rows::blocks(&table) {
        let block = block?;
        for row in 0..block.count {
            let mut placemark = String::from("<Placemark>");
            if let Some(label) = label.and_then(|label| block.cells(row).nth(label).and_then(value))
            {
                let _ = write!(placemark, "<name>{label}</name>");
            }
            placemark.push_str("<ExtendedData><SchemaData schemaUrl=\"#table\">");
            for ((name, _), cell) in columns.iter().zip(block.cells(row)) {
                if let Some(value) = value(cell) {
                    let _ = write!(
                        placemark,
                        "<SimpleData name=\"{}\">{value}</SimpleData>",
                        xml(name)
                    );
                }
            }
            placemark.push_str("</SchemaData></ExtendedData>");
            if let Some(geometry) = block.geometry(row)? {
                put(&mut placemark, &geometry);
            }
            placemark.push_str("</Placemark>\n");
            out.write_all(placemark.as_bytes()).map_err(failed)?;
        }
    }
    out.write_all(b"</Document>\n</kml>\n").map_err(failed)?;
    Ok(Vec::new())
}

/// The position of the column that names a row for people, if there is one.
pub(super) fn label_column(columns: &[(String, DataType)]) -> Option<usize> {
    const USUAL: &[&str] = &[
        "name",
        "label",
        "unit_id",
        "sample_id",
        "cluster_id",
        "id",
        "ea_id",
    ];
    USUAL.iter().find_map(|usual| {
        columns
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(usual))
    })
}

fn kind(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Dictionary(_, values) => kind(values),
        DataType::Boolean => "bool",
        // KML's own integers have 32 bits; what does not fit stays exact as text
        DataType::Int8 | DataType::Int16 | DataType::Int32 => "int",
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => "uint",
        number if number.is_floating() => "double",
        _ => "string",
    }
}

/// A value as XML; `None` for null.
pub(super) fn value(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Null => None,
        Cell::Flag(flag) => Some(flag.to_string()),
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Number(number) => Some(number.to_string()),
        Cell::Text(text) => Some(xml(text)),
    }
}

fn put(out: &mut String, geometry: &Geometry) {
    match geometry {
        Geometry::Point(point) => {
            out.push_str("<Point><coordinates>");
            coords(out, &[point.0]);
            out.push_str("</coordinates></Point>");
        }
        Geometry::LineString(line) => tagged(out, "LineString", line),
        Geometry::Line(line) => tagged(out, "LineString", &LineString(vec![line.start, line.end])),
        Geometry::Polygon(polygon) => put_polygon(out, polygon),
        Geometry::Rect(rect) => put_polygon(out, &rect.to_polygon()),
        Geometry::Triangle(triangle) => put_polygon(out, &triangle.to_polygon()),
        Geometry::MultiPoint(points) => {
            several(out, points.iter().map(|point| Geometry::Point(*point)))
        }
        Geometry::MultiLineString(lines) => {
            several(
                out,
                lines.iter().map(|line| Geometry::LineString(line.clone())),
            );
        }
        Geometry::MultiPolygon(polygons) => {
            several(
                out,
                polygons
                    .iter()
                    .map(|polygon| Geometry::Polygon(polygon.clone())),
            );
        }
        Geometry::GeometryCollection(members) => several(out, members.iter().cloned()),
    }
}

fn several(out: &mut String, members: impl Iterator<Item = Geometry>) {
    out.push_str("<MultiGeometry>");
    members.for_each(|member| put(out, &member));
    out.push_str("</MultiGeometry>");
}

fn put_polygon(out: &mut String, polygon: &Polygon) {
    out.push_str("<Polygon><outerBoundaryIs>");
    tagged(out, "LinearRing", polygon.exterior());
    out.push_str("</outerBoundaryIs>");
    for hole in polygon.interiors() {
        out.push_str("<innerBoundaryIs>");
        tagged(out, "LinearRing", hole);
        out.push_str("</innerBoundaryIs>");
    }
    out.push_str("</Polygon>");
}

fn tagged(out: &mut String, tag: &str, line: &LineString) {
    let _ = write!(out, "<{tag}><coordinates>");
    coords(out, &line.0);
    let _ = write!(out, "</coordinates></{tag}>");
}

fn coords(out: &mut String, coords: &[Coord]) {
    for (position, coord) in coords.iter().enumerate() {
        let space = if position == 0 { "" } else { " " };
        let _ = write!(out, "{space}{},{}", coord.x, coord.y);
    }
}
