//! Reading Shapefiles: shapes (`.shp`), attributes (`.dbf`), reference system (`.prj`).
//!
//! Esri, ESRI Shapefile Technical Description, 1998.

mod dbase;

use std::io::Cursor;

use geo::{
    Area, Contains, Geometry, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon,
};
use shapefile::record::polygon::GenericPolygon;
use shapefile::{PolygonRing, Shape, ShapeReader};

use crate::{Crs, Error, ReadOptions, Result, Table};

pub(crate) const FORMAT: &str = "Shapefile";
/// What every `.shp` file begins with.
pub(crate) const MAGIC: &[u8] = &[0, 0, 0x27, 0x0a];

/// The files that make up a Shapefile.
pub(crate) struct Parts {
    pub shapes: Vec<u8>,
    pub attributes: Option<Vec<u8>>,
    pub projection: Option<Vec<u8>>,
}

pub(crate) fn read(name: &str, parts: &Parts, options: &ReadOptions) -> Result<Table> {
    let malformed = |problem: String| Error::malformed(name, FORMAT, problem);
    let mut reader = ShapeReader::new(Cursor::new(parts.shapes.as_slice()))
        .map_err(|error| malformed(error.to_string()))?;
    let mut geometries = Vec::new();
    for (row, shape) in reader.iter_shapes().enumerate() {
        let shape = shape.map_err(|error| malformed(format!("shape {row}: {error}")))?;
        geometries
            .push(geometry(shape).map_err(|problem| malformed(format!("shape {row}: {problem}")))?);
    }
    let table = match &parts.attributes {
        None => Table::new(Vec::new())?,
        Some(bytes) => {
            let attributes = dbase::read(bytes)
                .map_err(|problem| malformed(format!("its .dbf file: {problem}")))?;
            if attributes.deleted.len() != geometries.len() {
                return Err(malformed(format!(
                    "it has {} shapes and its .dbf file {} records",
                    geometries.len(),
                    attributes.deleted.len()
                )));
            }
            let mut deleted = attributes.deleted.iter();
            geometries.retain(|_| deleted.next() != Some(&true));
            Table::new(attributes.columns)?
        }
    };
    let crs = match &parts.projection {
        None => Crs::unknown(),
        Some(text) => Crs::from_wkt(&String::from_utf8_lossy(text))?,
    };
    let crs = options
        .assume_crs
        .clone()
        .filter(|_| crs.is_unknown())
        .unwrap_or(crs);
    let name = if table.has_column("geometry") {
        "geometry.1"
    } else {
        "geometry"
    };
    table
        .with_geometries(name, &geometries, crs)?
        .with_only(options)
}

fn geometry(shape: Shape) -> std::result::Result<Option<Geometry>, String> {
    let points = |points: Vec<Point>| Geometry::MultiPoint(MultiPoint(points));
    Ok(Some(match shape {
        Shape::NullShape => return Ok(None),
        Shape::Point(point) => Geometry::Point(point.into()),
        Shape::PointM(point) => Geometry::Point(point.into()),
        Shape::PointZ(point) => Geometry::Point(point.into()),
        Shape::Multipoint(many) => points(many.into_inner().into_iter().map(Point::from).collect()),
        Shape::MultipointM(many) => {
            points(many.into_inner().into_iter().map(Point::from).collect())
        }
        Shape::MultipointZ(many) => {
            points(many.into_inner().into_iter().map(Point::from).collect())
        }
        Shape::Polyline(lines) => simplest_lines(lines.into()),
        Shape::PolylineM(lines) => simplest_lines(lines.into()),
        Shape::PolylineZ(lines) => simplest_lines(lines.into()),
        Shape::Polygon(polygon) => self::polygons(polygon),
        Shape::PolygonM(polygon) => self::polygons(polygon),
        Shape::PolygonZ(polygon) => self::polygons(polygon),
        Shape::Multipatch(_) => return Err("multipatches are not supported".to_owned()),
    }))
}

fn simplest_lines(lines: MultiLineString) -> Geometry {
    let MultiLineString(mut lines) = lines;
    match lines.pop() {
        Some(only) if lines.is_empty() => Geometry::LineString(only),
        last => {
            lines.extend(last);
            Geometry::MultiLineString(MultiLineString(lines))
        }
    }
}

/// Rings come in any order: a hole belongs to the smallest outer ring around it, and one that lies in none is an outer
/// ring drawn the wrong way.
fn polygons<P: Copy>(shape: GenericPolygon<P>) -> Geometry
where
    Point: From<P>,
{
    let line = |points: Vec<P>| {
        points
            .into_iter()
            .map(|point| Point::from(point).0)
            .collect::<LineString>()
    };
    let mut outer = Vec::new();
    let mut holes = Vec::new();
    for ring in shape.into_inner() {
        match ring {
            PolygonRing::Outer(points) => outer.push(Polygon::new(line(points), Vec::new())),
            PolygonRing::Inner(points) => holes.push(line(points)),
        }
    }
    let areas: Vec<f64> = outer.iter().map(Area::unsigned_area).collect();
    for hole in holes {
        // a vertex may lie on the ring it touches; of several, one lies within
        let is_around = |polygon: &Polygon| hole.0.iter().any(|&corner| polygon.contains(&corner));
        let around = outer
            .iter_mut()
            .zip(&areas)
            .filter(|(polygon, _)| is_around(polygon));
        match around.min_by(|(_, a), (_, b)| f64::total_cmp(a, b)) {
            Some((polygon, _)) => polygon.interiors_push(hole),
            None => outer.push(Polygon::new(hole, Vec::new())),
        }
    }
    match (outer.pop(), outer.is_empty()) {
        (Some(only), true) => Geometry::Polygon(only),
        (last, _) => {
            outer.extend(last);
            Geometry::MultiPolygon(MultiPolygon(outer))
        }
    }
}
