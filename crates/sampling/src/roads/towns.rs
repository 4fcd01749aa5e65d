//! The town that a point lies in.

use std::collections::HashMap;

use geo::indexed::IntervalTreeMultiPolygon;
use geo::{Area, BoundingRect, Contains, Coord, CoordsIter, Geometry, MultiPolygon};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use tables::{Crs, Table};

use crate::{Error, Result};

/// Polygons with the names of towns, indexed.
pub(crate) struct Towns {
    /// Ascending.
    names: Vec<String>,
    polygons: Vec<Polygon>,
    boxes: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

struct Polygon {
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
        let row_error = |row, problem: &str| Error::Row {
            row,
            column: column.to_owned(),
            problem: problem.to_owned(),
        };
        let mut rows = Vec::with_capacity(table.rows());
        for (row, (name, geometry)) in table
            .texts(column)?
            .into_iter()
            .zip(table.geometries()?)
            .enumerate()
        {
            // Extracts of administrative boundaries carry outlines without a name; they are no towns.
            let Some(name) = name.filter(|name| !name.is_empty()) else {
                continue;
            };
            let polygon = match geometry {
                Some(Geometry::Polygon(polygon)) => MultiPolygon(vec![polygon]),
                Some(Geometry::MultiPolygon(polygon)) => polygon,
                _ => return Err(row_error(row, "a town without polygon")),
            };
            let in_degrees = polygon.coords_iter().all(is_on_earth);
            let bounds = polygon.bounding_rect().filter(|_| in_degrees);
            let bounds = bounds
                .ok_or_else(|| row_error(row, "a polygon that is empty or not in degrees"))?;
            rows.push((name, polygon, bounds));
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
            polygons.push(Polygon {
                town: numbers.get(name.as_str()).copied().unwrap_or_default(),
                area: polygon.unsigned_area(),
                edges: IntervalTreeMultiPolygon::new(polygon),
            });
        }
        Ok(Self {
            names,
            polygons,
            boxes: RTree::bulk_load(boxes),
        })
    }

    /// Names in ascending order; the number of a town is its place among them.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of the town that contains a place; the smallest where several do (a municipality before its district),
    /// then the first in the order of names.
    pub(crate) fn town_at(&self, place: Coord) -> Option<u32> {
        let at = AABB::from_point([place.x, place.y]);
        self.boxes
            .locate_in_envelope_intersecting(&at)
            .filter_map(|found| self.polygons.get(found.data))
            .filter(|polygon| polygon.edges.contains(&place))
            .min_by(|a, b| a.area.total_cmp(&b.area).then(a.town.cmp(&b.town)))
            .map(|polygon| polygon.town)
    }
}

/// Also false for numbers that are none.
fn is_on_earth(vertex: Coord) -> bool {
    vertex.x.abs() <= 360.0 && vertex.y.abs() <= 90.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::StringArray;
    use geo::{Rect, coord, polygon};
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

    #[test]
    fn an_outline_without_a_name_is_no_town_and_a_town_without_polygon_is_refused() {
        let unnamed = table(vec![None, Some("A")], &[square(0.), square(3.)]);
        assert_eq!(Towns::of(&unnamed, "name").unwrap().names(), ["A"]);
        let error = |table: &Table| Towns::of(table, "name").err().unwrap().to_string();
        assert_eq!(
            error(&table(vec![Some("A")], &[None])),
            "row 0, name: a town without polygon"
        );
        assert_eq!(
            error(&table(
                vec![Some("A"), Some("B")],
                &[square(0.), square(1e5)]
            )),
            "row 1, name: a polygon that is empty or not in degrees"
        );
    }
}
