//! Writing FlatGeobuf, rows in their order.

use std::io::Write;

use arrow_schema::DataType;
use flatgeobuf::geozero::error::Result as Processed;
use flatgeobuf::geozero::{ColumnValue, GeomProcessor, GeozeroGeometry, PropertyProcessor};
use flatgeobuf::{ColumnType, FgbCrs, FgbWriter, FgbWriterOptions, GeometryType};
use geo::{Geometry, LineString, Polygon};

use super::rows;
use crate::cells::Cell;
use crate::{Error, Result, Table};

const FORMAT: &str = "FlatGeobuf";

pub(super) fn write<W: Write>(table: &Table, out: W) -> Result<Vec<String>> {
    let failed = |error: flatgeobuf::Error| match error {
        flatgeobuf::Error::IO(error) => Error::write(FORMAT, error),
        other => Error::encode(FORMAT, other),
    };
    if table.geometry_column().is_none() {
        return Err(Error::NoGeometry {
            available: table.names(),
        });
    }
    let columns = rows::properties(table);
    let crs = table.crs();
    let wkt = crs.to_wkt()?;
    let name = crs.to_string();
    let kinds: Vec<&str> = table
        .kinds()?
        .into_iter()
        .map(|kind| kind.trim_end_matches(" Z"))
        .collect();
    let options = FgbWriterOptions {
        // an index would sort the rows along a curve
        write_index: false,
        detect_type: matches!(
            kinds.as_slice(),
            [] | [_] | ["LineString", "MultiLineString"] | ["MultiPolygon", "Polygon"]
        ),
        promote_to_multi: kinds.len() > 1,
        crs: FgbCrs {
            org: crs.epsg().map(|_| "EPSG"),
            code: crs
                .epsg()
                .and_then(|code| i32::try_from(code).ok())
                .unwrap_or(0),
            name: wkt.as_ref().map(|_| name.as_str()),
            wkt: wkt.as_deref(),
            ..FgbCrs::default()
        },
        ..FgbWriterOptions::default()
    };
    let mut writer =
        FgbWriter::create_with_options("table", GeometryType::Unknown, options).map_err(failed)?;
    for (name, data_type) in &columns {
        writer.add_column(name, column_type(data_type), |_, _| {});
    }
    for block in rows::blocks(table) {
        let block = block?;
        for row in 0..block.count {
            let geometry = Shape(block.geometry(row)?);
            let mut refused = None;
            let added = writer.add_feature_geom(geometry, |feature| {
                let cells = columns.iter().zip(block.cells(row));
                for (index, ((name, data_type), cell)) in cells.enumerate() {
                    let Some(value) = value(cell, data_type) else {
                        continue;
                    };
                    if let Err(error) = feature.property(index, name, &value) {
                        refused = Some(error.to_string());
                    }
                }
            });
            added.map_err(|error| Error::encode(FORMAT, error))?;
            if let Some(problem) = refused {
                return Err(Error::encode(FORMAT, problem));
            }
        }
    }
    writer.write(out).map_err(failed)?;
    Ok(Vec::new())
}

fn column_type(data_type: &DataType) -> ColumnType {
    match data_type {
        DataType::Dictionary(_, values) => column_type(values),
        DataType::Boolean => ColumnType::Bool,
        DataType::UInt64 => ColumnType::ULong,
        integer if integer.is_integer() => ColumnType::Long,
        number if number.is_numeric() => ColumnType::Double,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => ColumnType::DateTime,
        _ => ColumnType::String,
    }
}

fn value<'a>(cell: &'a Cell, data_type: &DataType) -> Option<ColumnValue<'a>> {
    let kind = column_type(data_type);
    Some(match cell {
        Cell::Null => return None,
        Cell::Flag(flag) => ColumnValue::Bool(*flag),
        Cell::Integer(value) if kind == ColumnType::ULong => {
            ColumnValue::ULong(u64::try_from(*value).ok()?)
        }
        Cell::Integer(value) => ColumnValue::Long(*value),
        Cell::Number(value) => ColumnValue::Double(*value),
        Cell::Text(text) if kind == ColumnType::ULong => ColumnValue::ULong(text.parse().ok()?),
        Cell::Text(text) if kind == ColumnType::DateTime => ColumnValue::DateTime(text),
        Cell::Text(text) => ColumnValue::String(text),
    })
}

/// A geometry, or none, as the writer takes it.
struct Shape(Option<Geometry>);

impl GeozeroGeometry for Shape {
    fn process_geom<P: GeomProcessor>(&self, out: &mut P) -> Processed<()> {
        self.0
            .as_ref()
            .map_or(Ok(()), |geometry| put(geometry, 0, out))
    }
}

fn put<P: GeomProcessor>(geometry: &Geometry, index: usize, out: &mut P) -> Processed<()> {
    match geometry {
        Geometry::Point(point) => {
            out.point_begin(index)?;
            out.xy(point.x(), point.y(), 0)?;
            out.point_end(index)
        }
        Geometry::MultiPoint(points) => {
            out.multipoint_begin(points.0.len(), index)?;
            for (number, point) in points.iter().enumerate() {
                out.xy(point.x(), point.y(), number)?;
            }
            out.multipoint_end(index)
        }
        Geometry::Line(line) => put_line(&LineString(vec![line.start, line.end]), true, index, out),
        Geometry::LineString(line) => put_line(line, true, index, out),
        Geometry::MultiLineString(lines) => {
            out.multilinestring_begin(lines.0.len(), index)?;
            for (number, line) in lines.iter().enumerate() {
                put_line(line, false, number, out)?;
            }
            out.multilinestring_end(index)
        }
        Geometry::Polygon(polygon) => put_polygon(polygon, true, index, out),
        Geometry::Rect(rect) => put_polygon(&rect.to_polygon(), true, index, out),
        Geometry::Triangle(triangle) => put_polygon(&triangle.to_polygon(), true, index, out),
        Geometry::MultiPolygon(polygons) => {
            out.multipolygon_begin(polygons.0.len(), index)?;
            for (number, polygon) in polygons.iter().enumerate() {
                put_polygon(polygon, false, number, out)?;
            }
            out.multipolygon_end(index)
        }
        Geometry::GeometryCollection(members) => {
            out.geometrycollection_begin(members.len(), index)?;
            for (number, member) in members.iter().enumerate() {
                put(member, number, out)?;
            }
            out.geometrycollection_end(index)
        }
    }
}

fn put_line<P: GeomProcessor>(
    line: &LineString,
    tagged: bool,
    index: usize,
    out: &mut P,
) -> Processed<()> {
    out.linestring_begin(tagged, line.0.len(), index)?;
    for (number, coord) in line.0.iter().enumerate() {
        out.xy(coord.x, coord.y, number)?;
    }
    out.linestring_end(tagged, index)
}

fn put_polygon<P: GeomProcessor>(
    polygon: &Polygon,
    tagged: bool,
    index: usize,
    out: &mut P,
) -> Processed<()> {
    out.polygon_begin(tagged, polygon.interiors().len() + 1, index)?;
    put_line(polygon.exterior(), false, 0, out)?;
    for (number, ring) in polygon.interiors().iter().enumerate() {
        put_line(ring, false, number + 1, out)?;
    }
    out.polygon_end(tagged, index)
}
