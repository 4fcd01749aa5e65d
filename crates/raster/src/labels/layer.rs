//! A layer of polygons with values, found by place.

use std::sync::{Arc, Mutex, PoisonError};

use geo::{BoundingRect, Geometry, Intersects, MultiPolygon, Polygon, Rect};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use tables::{Crs, Projection, Table};

use super::rasterise::EdgeBands;
use crate::Error;
use crate::grid::Grid;

/// Polygons and their values, ready to be burnt into any number of pictures.
///
/// The layer is brought into the reference system of the pictures, and indexed, once for each such
/// system and not for each picture.
#[derive(Debug)]
pub struct LabelLayer {
    /// Parts of shapes stand alone: where two parts of one shape overlap, both count.
    parts: Vec<(Polygon, f64)>,
    crs: Crs,
    indexed: Mutex<Vec<(Crs, Arc<LabelIndex>)>>,
}

/// The layer in one reference system. Parts stand in the order of their values, so that the
/// largest is burnt last.
#[derive(Debug)]
struct LabelIndex {
    parts: Vec<Indexed>,
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

#[derive(Debug)]
struct Indexed {
    edges: EdgeBands,
    value: f64,
    /// Place of the part in the layer.
    part: usize,
}

/// Labels of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// A value for each pixel, rows from the top.
    pub values: Vec<f64>,
    /// Share of the pixels that lie in a polygon.
    pub share: f64,
    /// How many pixels of polygons have each value, smallest value first.
    pub counts: Vec<(f64, u64)>,
}

impl LabelLayer {
    /// A layer of shapes in a reference system.
    ///
    /// # Errors
    /// [`Error::Table`] for a value that is no number.
    pub fn new(shapes: Vec<(MultiPolygon, f64)>, crs: Crs) -> Result<Self, Error> {
        if let Some(row) = shapes.iter().position(|(_, value)| !value.is_finite()) {
            return Err(Error::Table(format!(
                "label of row {row}: found no number, expected a number"
            )));
        }
        let parts = shapes
            .into_iter()
            .flat_map(|(shape, value)| shape.into_iter().map(move |part| (part, value)))
            .collect();
        Ok(Self {
            parts,
            crs,
            indexed: Mutex::new(Vec::new()),
        })
    }

    /// The polygons of a table with the numbers of a column (1 without one). Rows without geometry are passed over.
    ///
    /// # Errors
    /// [`Error::Table`] for a missing column, an empty value, or a geometry that is no polygon.
    pub fn from_table(table: &Table, column: Option<&str>) -> Result<Self, Error> {
        let geometries = table.geometries()?;
        let values = match column {
            Some(column) => table.numbers(column)?,
            None => vec![Some(1.0); geometries.len()],
        };
        let mut shapes = Vec::with_capacity(geometries.len());
        for (row, (geometry, value)) in geometries.into_iter().zip(values).enumerate() {
            let shape = match geometry {
                None => continue,
                Some(Geometry::Polygon(polygon)) => MultiPolygon::new(vec![polygon]),
                Some(Geometry::MultiPolygon(shape)) => shape,
                Some(_) => {
                    return Err(Error::Table(format!(
                        "label layer, row {row}: found a geometry that is no polygon"
                    )));
                }
            };
            let value = value.ok_or_else(|| {
                let column = column.unwrap_or_default();
                Error::Table(format!(
                    "label layer, column {column}, row {row}: found nothing, expected a number"
                ))
            })?;
            shapes.push((shape, value));
        }
        Self::new(shapes, table.crs().clone())
    }

    /// Burns the layer into a grid.
    ///
    /// # Errors
    /// [`Error::Table`] where the layer cannot be brought into the grid's reference system.
    pub fn burn(&self, grid: &Grid, outside: f64) -> Result<Mask, Error> {
        let index = self.index(&grid.crs)?;
        let columns = grid.width as usize;
        let mut values = vec![outside; columns * grid.height as usize];
        let mut inside = vec![false; values.len()];
        let bounds = grid.bounds();
        for part in index.in_window(bounds) {
            part.edges.runs(grid, |row, from, to| {
                values[row * columns + from..row * columns + to].fill(part.value);
                inside[row * columns + from..row * columns + to].fill(true);
            });
        }
        let share = inside.iter().filter(|inside| **inside).count() as f64 / inside.len() as f64;
        Ok(Mask {
            counts: counts(&values, &inside),
            values,
            share,
        })
    }

    /// The polygons that meet an outline, both in lon/lat, with their values.
    ///
    /// # Errors
    /// [`Error::Table`] where the layer cannot be brought to lon/lat.
    pub fn near(&self, outline: &Polygon) -> Result<Vec<(Polygon, f64)>, Error> {
        let projection = (self.crs != Crs::wgs84())
            .then(|| Projection::between(&self.crs, &Crs::wgs84()))
            .transpose()?;
        let index = self.index(&Crs::wgs84())?;
        let Some(window) = outline.bounding_rect() else {
            return Ok(Vec::new());
        };
        let mut near = Vec::new();
        for (part, value) in index
            .in_window(window)
            .filter_map(|indexed| self.parts.get(indexed.part))
        {
            let mut geometry = Geometry::Polygon(part.clone());
            if let Some(projection) = &projection {
                projection.project_geometry(&mut geometry)?;
            }
            if let Geometry::Polygon(part) = geometry
                && part.intersects(outline)
            {
                near.push((part, *value));
            }
        }
        Ok(near)
    }

    fn index(&self, crs: &Crs) -> Result<Arc<LabelIndex>, Error> {
        let mut indexed = self.indexed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = indexed.iter().find(|(known, _)| known == crs) {
            return Ok(index.clone());
        }
        let index = Arc::new(self.build(crs)?);
        indexed.push((crs.clone(), index.clone()));
        Ok(index)
    }

    fn build(&self, crs: &Crs) -> Result<LabelIndex, Error> {
        let projection = (self.crs != *crs)
            .then(|| Projection::between(&self.crs, crs))
            .transpose()?;
        let mut order: Vec<(usize, &(Polygon, f64))> = self.parts.iter().enumerate().collect();
        order.sort_by(|(_, a), (_, b)| a.1.total_cmp(&b.1));
        let mut parts = Vec::with_capacity(order.len());
        for (at, (polygon, value)) in order {
            let edges = match &projection {
                None => EdgeBands::new(polygon),
                Some(projection) => {
                    let mut geometry = Geometry::Polygon(polygon.clone());
                    projection.project_geometry(&mut geometry)?;
                    match &geometry {
                        Geometry::Polygon(polygon) => EdgeBands::new(polygon),
                        _ => None,
                    }
                }
            };
            parts.extend(edges.map(|edges| Indexed {
                edges,
                value: *value,
                part: at,
            }));
        }
        let corners = |part: &Indexed| {
            let (low, high) = (part.edges.bounds().min(), part.edges.bounds().max());
            Rectangle::from_corners([low.x, low.y], [high.x, high.y])
        };
        let entries = parts
            .iter()
            .enumerate()
            .map(|(at, part)| GeomWithData::new(corners(part), at))
            .collect();
        Ok(LabelIndex {
            tree: RTree::bulk_load(entries),
            parts,
        })
    }
}

/// How often each value stands where `inside` says so.
fn counts(values: &[f64], inside: &[bool]) -> Vec<(f64, u64)> {
    let labels = values.iter().zip(inside);
    let labels = labels.filter_map(|(value, inside)| inside.then_some(*value));
    let mut runs: Vec<(f64, u64)> = Vec::new();
    for value in labels {
        match runs.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => runs.push((value, 1)),
        }
    }
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    runs.dedup_by(|run, kept| {
        let same = run.0 == kept.0;
        kept.1 += if same { run.1 } else { 0 };
        same
    });
    runs
}

impl LabelIndex {
    /// The parts whose bounds meet a window, smallest value first.
    fn in_window(&self, window: Rect) -> impl Iterator<Item = &Indexed> {
        let window = AABB::from_corners(
            [window.min().x, window.min().y],
            [window.max().x, window.max().y],
        );
        let mut near: Vec<usize> = self
            .tree
            .locate_in_envelope_intersecting(&window)
            .map(|found| found.data)
            .collect();
        near.sort_unstable();
        near.into_iter().filter_map(|at| self.parts.get(at))
    }
}

#[cfg(test)]
mod tests {
    use geo::{Contains, LineString, Polygon, coord, polygon};
    use proptest::prelude::*;

    use super::*;

    fn grid(width: u32, height: u32) -> Grid {
        let crs = Crs::from_epsg(32630).unwrap();
        Grid {
            crs,
            origin: (0.0, f64::from(height)),
            pixel: (1.0, 1.0),
            width,
            height,
        }
    }

    fn layer(shapes: Vec<(Polygon, f64)>) -> LabelLayer {
        let shapes = shapes
            .into_iter()
            .map(|(polygon, value)| (MultiPolygon::new(vec![polygon]), value))
            .collect();
        LabelLayer::new(shapes, Crs::from_epsg(32630).unwrap()).unwrap()
    }

    fn square(low: f64, high: f64) -> Polygon {
        polygon![(x: low, y: low), (x: high, y: low), (x: high, y: high), (x: low, y: high)]
    }

    fn rows(mask: &Mask, width: usize) -> Vec<String> {
        mask.values
            .chunks(width)
            .map(|row| row.iter().map(|value| format!("{value}")).collect())
            .collect()
    }

    #[test]
    fn a_pixel_is_labelled_when_its_centre_is_inside() {
        let mask = layer(vec![(square(0.6, 2.6), 1.0)])
            .burn(&grid(4, 4), 0.0)
            .unwrap();
        assert_eq!(rows(&mask, 4), ["0000", "0110", "0110", "0000"]);
        assert_eq!(mask.share, 0.25);
    }

    #[test]
    fn a_centre_on_an_edge_is_outside_on_the_left_one_alone() {
        // Edges run through the centres at 0.5 and 2.5.
        let wanted = ["0000", "0110", "0110", "0110"];
        for shape in [square(0.5, 2.5), reversed(square(0.5, 2.5))] {
            let mask = layer(vec![(shape, 1.0)]).burn(&grid(4, 4), 0.0).unwrap();
            assert_eq!(rows(&mask, 4), wanted);
        }
    }

    fn reversed(polygon: Polygon) -> Polygon {
        let (exterior, interiors) = polygon.into_inner();
        Polygon::new(exterior.0.into_iter().rev().collect(), interiors)
    }

    #[test]
    fn corners_on_centres_are_burnt_as_gdal_burns_them() {
        let outer = [
            (0.5, 0.5),
            (9.5, 0.5),
            (9.5, 5.5),
            (7.5, 5.5),
            (7.5, 3.5),
            (5.5, 3.5),
            (5.5, 8.5),
            (9.5, 8.5),
            (9.5, 11.5),
            (3.5, 11.5),
            (0.5, 8.5),
        ];
        let hole = [(1.5, 2.5), (3.5, 2.5), (3.5, 6.5), (2.5, 7.5), (1.5, 6.5)];
        let ring = |corners: &[(f64, f64)]| LineString::from(corners.to_vec());
        let shape = Polygon::new(ring(&outer), vec![ring(&hole)]);
        let mask = layer(vec![(shape, 1.0)]).burn(&grid(12, 12), 0.0).unwrap();
        // By rasterio.features.rasterize of GDAL 3.10.
        let wanted = [
            "000011111100",
            "000111111100",
            "001111111100",
            "011111111100",
            "011111000000",
            "010011000000",
            "010011001100",
            "010011001100",
            "010011111100",
            "011111111100",
            "011111111100",
            "011111111100",
        ];
        assert_eq!(rows(&mask, 12), wanted);
    }

    #[test]
    fn parts_of_one_shape_that_overlap_both_count() {
        let both = MultiPolygon::new(vec![square(0.0, 3.0), square(1.0, 4.0)]);
        let crs = Crs::from_epsg(32630).unwrap();
        let mask = LabelLayer::new(vec![(both, 1.0)], crs)
            .unwrap()
            .burn(&grid(4, 4), 0.0)
            .unwrap();
        assert_eq!(rows(&mask, 4), ["0111", "1111", "1111", "1110"]);
    }

    #[test]
    fn the_largest_value_wins_whatever_the_order() {
        let shapes = vec![(square(0.0, 3.0), 5.0), (square(1.0, 4.0), 2.0)];
        for shapes in [shapes.clone(), shapes.into_iter().rev().collect()] {
            let mask = layer(shapes).burn(&grid(4, 4), 0.0).unwrap();
            assert_eq!(rows(&mask, 4), ["0222", "5552", "5552", "5550"]);
            assert_eq!(mask.counts, [(2.0, 5), (5.0, 9)]);
        }
    }

    #[test]
    fn holes_stay_outside_and_keep_the_value_asked_for() {
        let ring = LineString::from(vec![
            (1.0, 1.0),
            (3.0, 1.0),
            (3.0, 3.0),
            (1.0, 3.0),
            (1.0, 1.0),
        ]);
        let holed = Polygon::new(square(0.0, 4.0).exterior().clone(), vec![ring]);
        let mask = layer(vec![(holed, 1.0)]).burn(&grid(4, 4), 9.0).unwrap();
        assert_eq!(rows(&mask, 4), ["1111", "1991", "1991", "1111"]);
        assert_eq!(mask.share, 0.75);
    }

    #[test]
    fn a_layer_in_degrees_is_burnt_into_a_grid_in_metres() {
        let crs = Crs::from_epsg(3857).unwrap();
        let grid = Grid {
            crs,
            origin: (-10.0, 10.0),
            pixel: (1.0, 1.0),
            width: 20,
            height: 20,
        };
        let degree = 40_075_016.685_578_49 / 360.0;
        let shape = MultiPolygon::new(vec![square(-4.0 / degree, 4.0 / degree)]);
        let mask = LabelLayer::new(vec![(shape, 1.0)], Crs::wgs84())
            .unwrap()
            .burn(&grid, 0.0)
            .unwrap();
        assert_eq!(mask.share, 64.0 / 400.0);
    }

    #[test]
    fn an_outline_of_a_million_vertices_costs_a_window_what_lies_beside_it() {
        let count = 1_000_000;
        let outline: LineString = (0..count)
            .map(|i| {
                let angle = std::f64::consts::TAU * f64::from(i) / f64::from(count);
                coord! { x: 5e4 + 5e4 * angle.cos(), y: 5e4 + 5e4 * angle.sin() }
            })
            .collect();
        let layer = layer(vec![(Polygon::new(outline, Vec::new()), 1.0)]);
        let crs = Crs::from_epsg(32630).unwrap();
        let chip = |y: f64| Grid {
            crs: crs.clone(),
            origin: (49_000.0, y),
            pixel: (1.0, 1.0),
            width: 256,
            height: 256,
        };
        layer.burn(&chip(50_000.0), 0.0).unwrap();
        let start = std::time::Instant::now();
        for step in 0..200 {
            assert_eq!(
                layer
                    .burn(&chip(20_000.0 + 250.0 * f64::from(step)), 0.0)
                    .unwrap()
                    .share,
                1.0
            );
        }
        assert!(start.elapsed().as_secs_f64() < 2.0, "{:?}", start.elapsed());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_centre_agrees_with_the_predicate_of_geometry(
            corners in prop::collection::vec((0.0..32.0_f64, 0.0..32.0_f64), 3..12),
        ) {
            // Sorted around a point the corners form a polygon that does not cross itself.
            let middle = corners.iter().fold((0.0, 0.0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
            let (mx, my) = (middle.0 / corners.len() as f64, middle.1 / corners.len() as f64);
            let mut corners = corners;
            corners.sort_by(|a, b| (a.1 - my).atan2(a.0 - mx).total_cmp(&(b.1 - my).atan2(b.0 - mx)));
            let shape = Polygon::new(LineString::from(corners), Vec::new());
            let mask = layer(vec![(shape.clone(), 1.0)]).burn(&grid(32, 32), 0.0).unwrap();
            for (at, value) in mask.values.iter().enumerate() {
                let centre = coord! { x: (at % 32) as f64 + 0.5, y: 31.5 - (at / 32) as f64 };
                prop_assert_eq!(*value == 1.0, shape.contains(&centre), "{:?}", centre);
            }
        }
    }
}
