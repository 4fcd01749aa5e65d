//! Geometries as they lie in a column: Well-Known Binary, one value a row.
//!
//! Both dialects are read, ISO (type codes 1001…) and EWKB (flag bits, SRID); written is ISO little-endian, as
//! GeoParquet 1.1 asks for. Points, by far the most frequent rows, are read straight from their 21 bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{Array, ArrayRef, BinaryArray, BinaryViewArray, LargeBinaryArray};
use geo::{Coord, Geometry, MultiPoint};
use geo_traits::to_geo::{ToGeoGeometry, ToGeoPoint};
use geo_traits::{
    CoordTrait, Dimensions, GeometryCollectionTrait, GeometryTrait, GeometryType, LineStringTrait,
    MultiLineStringTrait, MultiPointTrait, MultiPolygonTrait, PointTrait, PolygonTrait,
};
use wkb::reader::Wkb;

use crate::{Error, Result};

/// Little-endian, type 1: how the WKB of nearly every point begins.
const POINT_HEADER: [u8; 5] = [1, 1, 0, 0, 0];
/// The length of such a point: header, x, y.
const POINT_BYTES: usize = 21;

/// A block of a geometry column, whichever of Arrow's binary layouts it has.
pub(crate) enum WkbBlock<'a> {
    Binary(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    View(&'a BinaryViewArray),
}

impl<'a> WkbBlock<'a> {
    pub fn new(column: &str, array: &'a ArrayRef) -> Result<Self> {
        let any = array.as_any();
        any.downcast_ref()
            .map(Self::Binary)
            .or_else(|| any.downcast_ref().map(Self::Large))
            .or_else(|| any.downcast_ref().map(Self::View))
            .ok_or_else(|| Error::ColumnType {
                column: column.to_owned(),
                found: array.data_type().to_string(),
                expected: "geometries as Well-Known Binary",
            })
    }

    /// The bytes of each row, `None` where it is null.
    pub fn values(&self) -> Box<dyn Iterator<Item = Option<&'a [u8]>> + 'a> {
        match *self {
            Self::Binary(array) => Box::new(array.iter()),
            Self::Large(array) => Box::new(array.iter()),
            Self::View(array) => Box::new(array.iter()),
        }
    }
}

/// The coordinate of a plain two-dimensional point; `None` for everything else, and for an empty point.
fn plain_point(bytes: &[u8]) -> Option<Coord> {
    let coordinates = bytes.strip_prefix(&POINT_HEADER)?;
    let (x, y) = coordinates.split_first_chunk::<8>()?;
    let coord = Coord {
        x: f64::from_le_bytes(*x),
        y: f64::from_le_bytes(y.try_into().ok()?),
    };
    (!coord.x.is_nan() && !coord.y.is_nan()).then_some(coord)
}

/// The coordinate of any non-empty point; `None` for other types, malformed bytes and empty points.
pub(crate) fn point(bytes: &[u8]) -> Option<Coord> {
    plain_point(bytes).or_else(|| {
        let wkb = Wkb::try_new(bytes).ok()?;
        let GeometryType::Point(point) = wkb.as_type() else {
            return None;
        };
        let coord = point.try_to_point()?.0;
        (!coord.x.is_nan() && !coord.y.is_nan()).then_some(coord)
    })
}

/// One geometry, in two dimensions; an empty point becomes an empty multi-point, which `geo` can hold.
pub(crate) fn decode(bytes: &[u8]) -> std::result::Result<Geometry, String> {
    if let Some(coord) = plain_point(bytes) {
        return Ok(Geometry::Point(coord.into()));
    }
    let wkb = Wkb::try_new(bytes).map_err(|error| error.to_string())?;
    Ok(match wkb.as_type() {
        GeometryType::MultiPoint(points) => {
            let points = points.points().filter_map(|point| point.try_to_point());
            Geometry::MultiPoint(points.collect())
        }
        _ => wkb
            .try_to_geometry()
            .unwrap_or_else(|| Geometry::MultiPoint(MultiPoint::new(Vec::new()))),
    })
}

/// Whether a geometry has no coordinate.
pub(crate) fn is_empty(bytes: &[u8]) -> bool {
    if plain_point(bytes).is_some() {
        return false;
    }
    let mut any = false;
    if let Ok(wkb) = Wkb::try_new(bytes) {
        each_coord(&wkb, &mut |coord| any |= !coord.x().is_nan());
    }
    !any
}

/// Geometries as a column of ISO WKB.
pub(crate) fn encode<'a>(
    geometries: impl Iterator<Item = Option<&'a Geometry>>,
) -> Result<ArrayRef> {
    let options = wkb::writer::WriteOptions::default();
    let mut column = BinaryBuilder::new();
    let mut bytes = Vec::new();
    for geometry in geometries {
        let Some(geometry) = geometry else {
            column.append_null();
            continue;
        };
        bytes.clear();
        wkb::writer::write_geometry(&mut bytes, geometry, &options)
            .map_err(|error| Error::encode("WKB", error))?;
        column.append_value(&bytes);
    }
    Ok(Arc::new(column.finish()))
}

/// Points as a column of ISO WKB, without a geometry object for each.
pub(crate) fn encode_points(points: &[Coord]) -> ArrayRef {
    let mut column = BinaryBuilder::with_capacity(points.len(), points.len() * POINT_BYTES);
    let mut bytes = [0; POINT_BYTES];
    bytes[..5].copy_from_slice(&POINT_HEADER);
    for point in points {
        bytes[5..13].copy_from_slice(&point.x.to_le_bytes());
        bytes[13..].copy_from_slice(&point.y.to_le_bytes());
        column.append_value(bytes);
    }
    Arc::new(column.finish())
}

/// What GeoParquet records of a geometry column: its extent and the kinds of geometry in it.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    low: [f64; 3],
    high: [f64; 3],
    kinds: BTreeSet<&'static str>,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            low: [f64::INFINITY; 3],
            high: [f64::NEG_INFINITY; 3],
            kinds: BTreeSet::new(),
        }
    }
}

impl Extent {
    /// Takes in every geometry of a block.
    pub fn add_block(
        &mut self,
        column: &str,
        first_row: usize,
        block: &WkbBlock<'_>,
    ) -> Result<()> {
        let mut points = false;
        for (offset, bytes) in block.values().enumerate() {
            let Some(bytes) = bytes else { continue };
            if let Some(coord) = plain_point(bytes) {
                points = true;
                self.add(0, coord.x);
                self.add(1, coord.y);
                continue;
            }
            let wkb = Wkb::try_new(bytes).map_err(|error| Error::Geometry {
                column: column.to_owned(),
                row: first_row + offset,
                problem: error.to_string(),
            })?;
            self.kinds.insert(kind(&wkb));
            each_coord(&wkb, &mut |coord| {
                self.add(0, coord.x());
                self.add(1, coord.y());
                if matches!(coord.dim(), Dimensions::Xyz | Dimensions::Xyzm) {
                    self.add(2, coord.nth_or_panic(2));
                }
            });
        }
        if points {
            self.kinds.insert("Point");
        }
        Ok(())
    }

    fn add(&mut self, axis: usize, value: f64) {
        // min and max pass over NaN
        self.low[axis] = self.low[axis].min(value);
        self.high[axis] = self.high[axis].max(value);
    }

    /// Lowest and highest x and y; `None` when there was no coordinate.
    pub fn corners(&self) -> Option<(Coord, Coord)> {
        let [low_x, low_y, _] = self.low;
        let [high_x, high_y, _] = self.high;
        (low_x <= high_x && low_y <= high_y).then_some((
            Coord { x: low_x, y: low_y },
            Coord {
                x: high_x,
                y: high_y,
            },
        ))
    }

    /// The `bbox` of GeoParquet: the lows, then the highs, of two or three dimensions.
    pub fn bbox(&self) -> Option<Vec<f64>> {
        self.corners()?;
        let dimensions = if self.low[2] <= self.high[2] { 3 } else { 2 };
        let bbox = [&self.low[..dimensions], &self.high[..dimensions]].concat();
        bbox.iter().all(|value| value.is_finite()).then_some(bbox)
    }

    /// The `geometry_types` of GeoParquet, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().copied()
    }
}

fn kind(wkb: &Wkb<'_>) -> &'static str {
    let with_z = matches!(wkb.dim(), Dimensions::Xyz | Dimensions::Xyzm);
    let (flat, z) = match wkb.as_type() {
        GeometryType::Point(_) => ("Point", "Point Z"),
        GeometryType::LineString(_) => ("LineString", "LineString Z"),
        GeometryType::Polygon(_) => ("Polygon", "Polygon Z"),
        GeometryType::MultiPoint(_) => ("MultiPoint", "MultiPoint Z"),
        GeometryType::MultiLineString(_) => ("MultiLineString", "MultiLineString Z"),
        GeometryType::MultiPolygon(_) => ("MultiPolygon", "MultiPolygon Z"),
        // the reader gives no rectangles, triangles or lines
        _ => ("GeometryCollection", "GeometryCollection Z"),
    };
    if with_z { z } else { flat }
}

type WkbCoord<'a> = wkb::reader::Coord<'a>;

fn each_coord(wkb: &Wkb<'_>, visit: &mut impl FnMut(&WkbCoord<'_>)) {
    match wkb.as_type() {
        GeometryType::Point(point) => point.coord().iter().for_each(visit),
        GeometryType::LineString(line) => line.coords().for_each(|coord| visit(&coord)),
        GeometryType::Polygon(polygon) => each_ring_coord(polygon, visit),
        GeometryType::MultiPoint(points) => {
            points
                .points()
                .filter_map(|point| point.coord())
                .for_each(|coord| visit(&coord));
        }
        GeometryType::MultiLineString(lines) => {
            for line in lines.line_strings() {
                line.coords().for_each(|coord| visit(&coord));
            }
        }
        GeometryType::MultiPolygon(polygons) => {
            for polygon in polygons.polygons() {
                each_ring_coord(polygon, visit);
            }
        }
        GeometryType::GeometryCollection(collection) => {
            for member in collection.geometries() {
                each_coord(member, visit);
            }
        }
        GeometryType::Rect(_) | GeometryType::Triangle(_) | GeometryType::Line(_) => {}
    }
}

fn each_ring_coord(polygon: &wkb::reader::Polygon<'_>, visit: &mut impl FnMut(&WkbCoord<'_>)) {
    for ring in polygon.exterior().into_iter().chain(polygon.interiors()) {
        ring.coords().for_each(|coord| visit(&coord));
    }
}
