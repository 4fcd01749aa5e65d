//! Writing GeoJSON, a block of rows at a time.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use geo::Geometry;
use geo::orient::{Direction, Orient};
use serde_json::{Map, Value, json};

use super::FORMAT;
use crate::column::BLOCK_ROWS;
use crate::geometry::{self, WkbBlock};
use crate::{Crs, Error, Projection, Result, Table};

impl Table {
    /// Writes a feature collection as RFC 7946 has it: longitude and latitude on WGS 84 whatever the table's reference
    /// system, outer rings counter-clockwise; columns become properties, and what JSON cannot hold becomes text or null.
    ///
    /// # Errors
    /// [`Error::NoGeometry`]; as [`Table::geometries`], [`Projection::between`] and [`Projection::project`];
    /// [`Error::Write`] when `out` fails.
    pub fn write_geojson<W: Write>(&self, mut out: W) -> Result<()> {
        let Some(primary) = self.geometry_column() else {
            return Err(Error::NoGeometry {
                available: self.names(),
            });
        };
        let failed = |error| Error::write(FORMAT, error);
        let projection = Projection::between(&self.crs(), &Crs::wgs84())?;
        let schema = self.schema();
        out.write_all(br#"{"type":"FeatureCollection","features":["#)
            .map_err(failed)?;
        for from in (0..self.rows()).step_by(BLOCK_ROWS) {
            let batch = self.batch(from, BLOCK_ROWS.min(self.rows() - from), &schema)?;
            let properties = batch
                .columns()
                .iter()
                .zip(schema.fields())
                .filter(|(_, field)| field.name() != primary);
            let properties: Vec<_> = properties
                .map(|(array, field)| (field.name(), values(array)))
                .collect();
            let geometries = batch
                .column_by_name(primary)
                .ok_or_else(|| Error::encode(FORMAT, "the geometry is missing"))?;
            for (row, wkb) in WkbBlock::new(primary, geometries)?.values().enumerate() {
                let geometry = wkb.map(|wkb| in_wgs84(wkb, &projection)).transpose();
                let geometry = geometry.map_err(|problem| Error::Geometry {
                    column: primary.to_owned(),
                    row: from + row,
                    problem,
                })?;
                let properties: Map<String, Value> = properties
                    .iter()
                    .map(|(name, values)| {
                        (
                            (*name).clone(),
                            values.get(row).cloned().unwrap_or_default(),
                        )
                    })
                    .collect();
                let separator = if from + row == 0 { "\n" } else { ",\n" };
                out.write_all(separator.as_bytes()).map_err(failed)?;
                let feature =
                    json!({"type": "Feature", "properties": properties, "geometry": geometry});
                serde_json::to_writer(&mut out, &feature).map_err(|error| failed(error.into()))?;
            }
        }
        out.write_all(b"\n]}\n").map_err(failed)
    }
}

fn in_wgs84(wkb: &[u8], projection: &Projection) -> std::result::Result<geojson::Geometry, String> {
    let mut geometry = geometry::decode(wkb)?;
    projection
        .project_geometry(&mut geometry)
        .map_err(|error| error.to_string())?;
    let geometry = match geometry {
        Geometry::Polygon(polygon) => Geometry::Polygon(polygon.orient(Direction::Default)),
        Geometry::MultiPolygon(polygons) => {
            Geometry::MultiPolygon(polygons.orient(Direction::Default))
        }
        other => other,
    };
    Ok(geojson::Geometry::new((&geometry).into()))
}

/// The values of a column as JSON.
fn values(array: &ArrayRef) -> Vec<Value> {
    let json = |value: Option<Value>| value.unwrap_or(Value::Null);
    let flat = match array.data_type() {
        DataType::Dictionary(_, values) => {
            arrow_cast::cast(array, values).unwrap_or_else(|_| array.clone())
        }
        _ => array.clone(),
    };
    match flat.data_type() {
        DataType::Boolean => flat
            .as_boolean()
            .iter()
            .map(|flag| json(flag.map(Value::from)))
            .collect(),
        integer if integer.is_integer() && *integer != DataType::UInt64 => {
            cast(&flat, &DataType::Int64, |cast| {
                cast.as_primitive::<Int64Type>()
                    .iter()
                    .map(|value| json(value.map(Value::from)))
                    .collect()
            })
        }
        DataType::UInt64 => flat
            .as_primitive::<UInt64Type>()
            .iter()
            .map(|value| json(value.map(Value::from)))
            .collect(),
        float if float.is_numeric() => cast(&flat, &DataType::Float64, |cast| {
            cast.as_primitive::<Float64Type>()
                .iter()
                .map(|value| json(value.map(Value::from)))
                .collect()
        }),
        _ => cast(&flat, &DataType::Utf8, |cast| {
            cast.as_string::<i32>()
                .iter()
                .map(|value| json(value.map(Value::from)))
                .collect()
        }),
    }
}

/// The column in another type; nulls where it has no such form.
fn cast(array: &ArrayRef, to: &DataType, read: impl Fn(&ArrayRef) -> Vec<Value>) -> Vec<Value> {
    arrow_cast::cast(array, to)
        .map_or_else(|_| vec![Value::Null; array.len()], |array| read(&array))
}
