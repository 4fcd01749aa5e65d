//! Reading GeoJSON, feature by feature: the document is never held as a tree.

use std::fmt;

use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use geojson::feature::Id;
use geojson::{Feature, GeometryValue, Position};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::FORMAT;
use crate::cells::{Cell, CellTable};
use crate::{Crs, Error, ReadOptions, Result, Table};

/// What the `geojson` crate says of a position without numbers, which is how some write an empty point.
const EMPTY_POSITION: &str = "but got `0`";

/// Reads a feature collection, a feature, a bare geometry, or any number of them one a line (GeoJSONL, newline-delimited
/// GeoJSON) or each after a record separator (RFC 8142).
pub(crate) fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table> {
    match read_with(name, bytes, options, false) {
        Err(error) if error.to_string().contains(EMPTY_POSITION) => {
            read_with(name, bytes, options, true)
        }
        read => read,
    }
}

/// As [`read`]; with `empty_points`, each feature is looked through for points without coordinates first.
fn read_with(name: &str, bytes: &[u8], options: &ReadOptions, empty_points: bool) -> Result<Table> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut document = Document {
        kind: None,
        crs: None,
        rows: Rows {
            cells: CellTable::new(options.limits.cells(bytes.len() as u64)),
            geometries: Vec::new(),
            empty_points,
        },
    };
    match separator(bytes) {
        None => document.add(name, "", bytes)?,
        Some(separator) => {
            for (record, number) in bytes.split(|&byte| byte == separator).zip(0..) {
                let record = record.trim_ascii();
                if record.is_empty() {
                    continue;
                }
                let place = match separator {
                    b'\n' => format!("line {}: ", number + 1),
                    _ => format!("record {number}: "),
                };
                document.add(name, &place, record)?;
            }
        }
    }
    let crs = crs(document.crs.as_ref())?;
    let crs = options
        .assume_crs
        .clone()
        .filter(|_| crs.is_unknown())
        .unwrap_or(crs);
    document.rows.into_table(crs)?.with_only(options)
}

/// What stands between the texts of a sequence; `None` for a single one.
fn separator(bytes: &[u8]) -> Option<u8> {
    const RECORD: u8 = 0x1e;
    let start = bytes.trim_ascii_start();
    if start.first() == Some(&RECORD) {
        return Some(RECORD);
    }
    let mut lines = start.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.next()?;
    let second = lines.find(|line| !line.is_empty())?;
    // pretty-printed, the first line is no whole object
    (second.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(first).is_ok())
        .then_some(b'\n')
}

/// The `crs` member of GeoJSON before RFC 7946, still written by GDAL: WGS 84 without it, unknown when null.
fn crs(member: Option<&Value>) -> Result<Crs> {
    match member {
        None => Ok(Crs::wgs84()),
        Some(Value::Null) => Ok(Crs::unknown()),
        Some(member) => {
            let name = member
                .get("properties")
                .and_then(|properties| properties.get("name"));
            let name = name.and_then(Value::as_str).unwrap_or_default();
            // urn:ogc:def:crs:EPSG::3857, urn:ogc:def:crs:OGC:1.3:CRS84
            let parts: Vec<&str> = name.split(':').collect();
            match parts.as_slice() {
                [.., "CRS84"] => Ok(Crs::wgs84()),
                [.., "EPSG", _, code] => format!("EPSG:{code}").parse(),
                _ => name.parse(),
            }
        }
    }
}

struct Document {
    kind: Option<String>,
    crs: Option<Value>,
    rows: Rows,
}

impl Document {
    /// Adds the features of one text of a sequence, or of the only one.
    fn add(&mut self, name: &str, place: &str, bytes: &[u8]) -> Result<()> {
        let problem = |problem: &dyn fmt::Display| {
            Error::malformed(name, FORMAT, format!("{place}{problem}"))
        };
        let malformed = |error: serde_json::Error| problem(&error);
        self.kind = None;
        let mut parser = serde_json::Deserializer::from_slice(bytes);
        (&mut *self).deserialize(&mut parser).map_err(malformed)?;
        parser.end().map_err(malformed)?;
        let value = || -> Result<Value> {
            let mut value = serde_json::from_slice(bytes).map_err(malformed)?;
            if self.rows.empty_points {
                without_empty_points(&mut value);
            }
            Ok(value)
        };
        let feature = match self.kind.as_deref() {
            Some("FeatureCollection") => return Ok(()),
            Some("Feature") => serde_json::from_value(value()?).map_err(malformed)?,
            Some(_) => Feature {
                geometry: Some(serde_json::from_value(value()?).map_err(malformed)?),
                ..Feature::default()
            },
            None => return Err(problem(&"it has no `type`")),
        };
        self.rows.push(feature).map_err(|error| problem(&error))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a GeoJSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<(), A::Error> {
        while let Some(member) = members.next_key::<String>()? {
            match member.as_str() {
                "type" => self.kind = Some(members.next_value()?),
                "crs" => self.crs = Some(members.next_value()?),
                "features" => members.next_value_seed(&mut self.rows)?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The features read so far.
struct Rows {
    cells: CellTable,
    geometries: Vec<Option<Geometry>>,
    empty_points: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Rows {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Rows {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut features: A) -> std::result::Result<(), A::Error> {
        if self.empty_points {
            while let Some(mut value) = features.next_element::<Value>()? {
                without_empty_points(&mut value);
                let feature = serde_json::from_value(value).map_err(serde::de::Error::custom)?;
                self.push(feature).map_err(serde::de::Error::custom)?;
            }
            return Ok(());
        }
        while let Some(feature) = features.next_element()? {
            self.push(feature).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

impl Rows {
    fn push(&mut self, feature: Feature) -> std::result::Result<(), String> {
        let geometry = feature
            .geometry
            .as_ref()
            .map(|geometry| to_geo(&geometry.value))
            .transpose();
        self.geometries
            .push(geometry.map_err(|problem| format!("feature {}: {problem}", self.cells.rows()))?);
        let mut cells: Vec<(String, Cell)> = Vec::new();
        let properties = feature.properties.unwrap_or_default();
        if let Some(id) = feature.id.filter(|_| !properties.contains_key("id")) {
            cells.push((
                "id".to_owned(),
                match id {
                    Id::String(id) => Cell::Text(id),
                    Id::Number(id) => cell(Value::Number(id)),
                },
            ));
        }
        cells.extend(
            properties
                .into_iter()
                .map(|(name, value)| (name, cell(value))),
        );
        self.cells.push_row(cells)
    }

    fn into_table(self, crs: Crs) -> Result<Table> {
        let columns = self.cells.finish();
        let taken = columns.iter().any(|(name, _)| name == "geometry");
        // a property of this name is kept, and the geometry goes elsewhere
        let name = if taken { "geometry.1" } else { "geometry" };
        Table::new(columns)?.with_geometries(name, &self.geometries, crs)
    }
}

/// Points without coordinates become multi-points without points.
fn without_empty_points(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let is_empty = members
                .get("coordinates")
                .and_then(Value::as_array)
                .is_some_and(Vec::is_empty);
            if is_empty && members.get("type").and_then(Value::as_str) == Some("Point") {
                members.insert("type".to_owned(), Value::from("MultiPoint"));
            }
            members.values_mut().for_each(without_empty_points);
        }
        Value::Array(members) => members.iter_mut().for_each(without_empty_points),
        _ => {}
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Flag(flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Cell::Integer(integer),
            (None, Some(float)) if !number.is_u64() => Cell::Number(float),
            _ => Cell::Text(number.to_string()),
        },
        Value::String(text) => Cell::Text(text),
        nested => Cell::Text(nested.to_string()),
    }
}

type Converted<T> = std::result::Result<T, String>;

fn to_geo(value: &GeometryValue) -> Converted<Geometry> {
    Ok(match value {
        // an empty position is how some write an empty point
        GeometryValue::Point { coordinates } if coordinates.is_empty() => {
            Geometry::MultiPoint(MultiPoint(Vec::new()))
        }
        GeometryValue::Point { coordinates } => Geometry::Point(Point(coord(coordinates)?)),
        GeometryValue::MultiPoint { coordinates } => Geometry::MultiPoint(
            coordinates
                .iter()
                .map(|position| coord(position).map(Point))
                .collect::<Converted<_>>()?,
        ),
        GeometryValue::LineString { coordinates } => Geometry::LineString(line(coordinates)?),
        GeometryValue::MultiLineString { coordinates } => {
            let lines = coordinates.iter().map(|positions| line(positions));
            Geometry::MultiLineString(MultiLineString(lines.collect::<Converted<_>>()?))
        }
        GeometryValue::Polygon { coordinates } => Geometry::Polygon(polygon(coordinates)?),
        GeometryValue::MultiPolygon { coordinates } => {
            let polygons = coordinates.iter().map(|rings| polygon(rings));
            Geometry::MultiPolygon(MultiPolygon(polygons.collect::<Converted<_>>()?))
        }
        GeometryValue::GeometryCollection { geometries } => {
            let members = geometries.iter().map(|member| to_geo(&member.value));
            Geometry::GeometryCollection(GeometryCollection(members.collect::<Converted<_>>()?))
        }
    })
}

fn coord(position: &Position) -> Converted<Coord> {
    match position.as_slice() {
        [x, y, ..] => Ok(Coord { x: *x, y: *y }),
        short => Err(format!(
            "a position has {} numbers, expected 2 or more",
            short.len()
        )),
    }
}

fn line(positions: &[Position]) -> Converted<LineString> {
    positions
        .iter()
        .map(coord)
        .collect::<Converted<Vec<Coord>>>()
        .map(LineString)
}

fn polygon(rings: &[Vec<Position>]) -> Converted<Polygon> {
    let mut rings = rings
        .iter()
        .map(|ring| line(ring))
        .collect::<Converted<Vec<_>>>()?
        .into_iter();
    let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Ok(Polygon::new(exterior, rings.collect()))
}
