//! The town that a point lies in.

use std::collections::HashMap;

use geo::indexed::IntervalTreeMultiPolygon;
use geo::{Area, BoundingRect, Contains, Coord, Geometry, LineString, MultiPolygon, Polygon, Rect};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use tables::{Crs, Table};

use crate::areas::{Unusable, rings};
use crate::samples::Rejected;
use crate::{Error, Result};

/// Polygons with the names of towns, indexed.
pub(crate) struct Towns {
    /// Ascending.
    names: Vec<String>,
    polygons: Vec<Indexed>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
    /// Whether outlines reach beyond 180 degrees.
    wraps: bool,
    left_out: Vec<Rejected>,
}

struct Indexed {
    town: u32,
    /// In square degrees: only compared.
    area: f64,
    edges: IntervalTreeMultiPolygon<f64>,
}

impl Towns {
    /// The towns of a table by the names in a column; rows of one name are one town.
    pub(crate) fn of(table: &Table, column: &str) -> Result<Self> {
        let wgs84 = Crs::wgs84();
        let table = if table.crs() == wgs84 {
            table.clone()
        } else {
            table.reproject(&wgs84)?
        };
        let mut rows = Vec::with_capacity(table.rows());
        let mut left_out = Vec::new();
        let mut leave_out = |row, id: Option<&String>, reason: String| {
            left_out.push(Rejected {
                row,
                id: id.cloned(),
                reason: format!("areas: {reason}"),
            });
        };
        for (row, (name, geometry)) in table
            .texts(column)?
            .into_iter()
            .zip(table.geometries()?)
            .enumerate()
        {
            // Extracts of administrative boundaries carry outlines without a name; they are no towns.
            let Some(name) = name.filter(|name| !name.is_empty()) else {
                leave_out(row, None, "an outline without a name is no town".into());
                continue;
            };
            match geometry.map_or(Err(Unusable::NoGeometry), |geometry| outline(&geometry)) {
                Ok((polygon, bounds)) => rows.push((name, polygon, bounds)),
                Err(reason) => leave_out(row, Some(&name), reason.to_string()),
            }
        }
        if rows.is_empty() && table.rows() > 0 {
            let why = left_out.first().map_or_else(String::new, |row| {
                format!(" (row {}, {})", row.row, row.reason)
            });
            return Err(Error::NothingToSample {
                what: "the table of towns",
                wanted: format!("polygon with a name in {column:?}{why}"),
            });
        }
        let mut names: Vec<String> = rows.iter().map(|(name, _, _)| name.clone()).collect();
        names.sort();
        names.dedup();
        let numbers: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let mut polygons = Vec::with_capacity(rows.len());
        let mut boxes = Vec::with_capacity(rows.len());
        for (name, polygon, bounds) in &rows {
            let corners = [bounds.min(), bounds.max()].map(|c| [c.x, c.y]);
            boxes.push(GeomWithData::new(
                Rectangle::from_corners(corners[0], corners[1]),
                polygons.len(),
            ));
            polygons.push(Indexed {
                town: numbers.get(name.as_str()).copied().unwrap_or_default(),
                // holes go the other way round
                area: polygon.iter().map(Area::signed_area).sum(),
                edges: IntervalTreeMultiPolygon::new(polygon),
            });
        }
        let wraps = rows
            .iter()
            .any(|(_, _, bounds)| bounds.max().x > 180.0 || bounds.min().x < -180.0);
        Ok(Self {
            names,
            polygons,
            boxes: RTree::bulk_load(boxes),
            wraps,
            left_out,
        })
    }

    /// Rows of the table that are no towns.
    pub(crate) fn left_out(&self) -> &[Rejected] {
        &self.left_out
    }

    /// Names in ascending order; the number of a town is its place among them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of the town that contains a place; the smallest where several do (a municipality before its district),
    /// then the first in the order of names.
    pub(crate) fn town_at(&self, place: Coord) -> Option<u32> {
        let turns: &[f64] = if self.wraps {
            &[0.0, 360.0, -360.0]
        } else {
            &[0.0]
        };
        turns
            .iter()
            .flat_map(|turn| {
                let place = Coord {
                    x: place.x + turn,
                    y: place.y,
                };
                let at = AABB::from_point([place.x, place.y]);
                self.boxes
                    .locate_in_envelope_intersecting(&at)
                    .filter_map(|found| self.polygons.get(found.data))
                    .filter(move |polygon| polygon.edges.contains(&place))
            })
            .min_by(|a, b| a.area.total_cmp(&b.area).then(a.town.cmp(&b.town)))
            .map(|polygon| polygon.town)
    }
}

/// The rings of a town as polygons without holes: outer rings anticlockwise, holes clockwise, which is
/// what the look-up counts by. Rings across the antimeridian are unwrapped. Points and lines of a
/// collection bound nothing.
fn outline(geometry: &Geometry) -> std::result::Result<(MultiPolygon, Rect), Unusable> {
    let rings = match geometry {
        Geometry::GeometryCollection(members) => {
            let is_area = |member: &&Geometry| {
                matches!(member, Geometry::Polygon(_) | Geometry::MultiPolygon(_))
            };
            let areas: Vec<Geometry> = members.iter().filter(is_area).cloned().collect();
            match areas.is_empty() {
                true => return Err(Unusable::NotAnArea("collection without polygons")),
                false => rings(&Geometry::GeometryCollection(areas.into())),
            }
        }
        other => rings(other),
    }?;
    let polygons = rings
        .into_iter()
        .map(|ring| Polygon::new(LineString(ring), Vec::new()));
    let polygons = MultiPolygon(polygons.collect());
    let bounds = polygons.bounding_rect().ok_or(Unusable::NoArea)?;
    Ok((polygons, bounds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::StringArray;
    use geo::{GeometryCollection, coord, line_string, point, polygon};
    use std::sync::Arc;

    fn square(x: f64) -> Option<Geometry> {
        let rect = Rect::new(coord! {x: x, y: 0.}, coord! {x: x + 1., y: 1.});
        Some(rect.to_polygon().into())
    }

    fn table(names: Vec<Option<&str>>, polygons: &[Option<Geometry>]) -> Table {
        Table::new(vec![("name".into(), Arc::new(StringArray::from(names)))])
            .and_then(|t| t.with_geometries("geometry", polygons, Crs::wgs84()))
            .unwrap()
    }

    #[test]
    fn a_point_lies_in_its_town_or_in_none() {
        let holed = polygon!(
            exterior: [(x: 4., y: 0.), (x: 8., y: 0.), (x: 8., y: 4.), (x: 4., y: 4.)],
            interiors: [[(x: 5., y: 1.), (x: 5., y: 3.), (x: 7., y: 3.), (x: 7., y: 1.)]],
        );
        let rows = [square(0.), Some(holed.into()), square(2.)];
        let towns = Towns::of(
            &table(vec![Some("Vaduz"), Some("Schaan"), Some("Vaduz")], &rows),
            "name",
        )
        .unwrap();
        assert_eq!(towns.names(), ["Schaan", "Vaduz"]);
        let at = |x, y| towns.town_at(coord! {x: x, y: y});
        assert_eq!(
            [at(0.5, 0.5), at(2.5, 0.5), at(4.5, 0.5)],
            [Some(1), Some(1), Some(0)]
        );
        assert_eq!([at(1.5, 0.5), at(6.0, 2.0), at(-1.0, 0.5)], [None; 3]);
    }

    /// A square of side 4 with a hole of side 2 in its middle, each ring turned as given.
    fn holed(outer_reversed: bool, hole_reversed: bool) -> Geometry {
        let ring = |low: f64, high: f64, reversed: bool| {
            let mut ring = vec![
                (low, low),
                (high, low),
                (high, high),
                (low, high),
                (low, low),
            ];
            if reversed {
                ring.reverse();
            }
            LineString::from(ring)
        };
        Polygon::new(
            ring(0., 4., outer_reversed),
            vec![ring(1., 3., hole_reversed)],
        )
        .into()
    }

    #[test]
    fn a_hole_is_no_town_whichever_way_its_ring_winds() {
        for turns in [(false, false), (false, true), (true, false), (true, true)] {
            let hole = holed(turns.0, turns.1);
            let enclave = Rect::new(coord! {x: 1.5, y: 1.5}, coord! {x: 2., y: 2.}).to_polygon();
            let towns = table(
                vec![Some("A"), Some("B")],
                &[Some(hole), Some(enclave.into())],
            );
            let towns = Towns::of(&towns, "name").unwrap();
            let at = |x, y| towns.town_at(coord! {x: x, y: y});
            assert_eq!(
                [at(0.5, 0.5), at(2.5, 2.5), at(1.7, 1.7), at(5.0, 2.0)],
                [Some(0), None, Some(1), None],
                "{turns:?}"
            );
        }
    }

    #[test]
    fn a_town_may_lie_across_the_antimeridian() {
        let across = polygon![(x: 179., y: -17.), (x: -179., y: -17.), (x: -179., y: -16.), (x: 179., y: -16.)];
        let towns = Towns::of(
            &table(vec![Some("Taveuni")], &[Some(across.into())]),
            "name",
        )
        .unwrap();
        let at = |x| towns.town_at(coord! {x: x, y: -16.5});
        assert_eq!([at(179.5), at(-179.5), at(180.0)], [Some(0); 3]);
        assert_eq!([at(178.5), at(-178.5), at(0.0)], [None; 3]);
    }

    #[test]
    fn rows_that_are_no_towns_are_set_aside_with_their_reason() {
        let collection = GeometryCollection(vec![square(6.).unwrap(), point!(x: 6., y: 0.).into()]);
        let border = line_string![(x: 0., y: 0.), (x: 1., y: 1.)];
        let rows = [
            square(0.),
            Some(point!(x: 0., y: 0.).into()),
            Some(border.into()),
            square(3.),
            None,
            square(1e5),
            Some(Geometry::GeometryCollection(collection)),
        ];
        let names = [
            "Roma",
            "Roma",
            "confine",
            "",
            "Ostia",
            "Metres",
            "Collected",
        ]
        .map(Some);
        let towns = Towns::of(&table(names.to_vec(), &rows), "name").unwrap();
        assert_eq!(towns.names(), ["Collected", "Roma"]);
        let left_out: Vec<(usize, &str)> = (towns.left_out().iter())
            .map(|row| (row.row, row.reason.as_str()))
            .collect();
        assert_eq!(
            left_out,
            [
                (1, "areas: a point has no area; polygons are needed"),
                (2, "areas: a line has no area; polygons are needed"),
                (3, "areas: an outline without a name is no town"),
                (4, "areas: no geometry"),
                (5, "areas: longitude 100001 is outside -360 to 360"),
            ]
        );
        let none = Towns::of(&table(vec![Some("A")], &[None]), "name");
        let error = none.err().unwrap().to_string();
        assert!(
            error.contains("no polygon with a name") && error.contains("row 0"),
            "{error}"
        );
    }
}
