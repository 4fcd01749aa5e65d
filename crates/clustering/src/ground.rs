//! The places of a table: projected, weighed, in canonical order, with their neighbours.

use geo::{BoundingRect, Centroid, Coord, CoordsIter, Geometry, MapCoordsInPlace};
use rayon::prelude::*;
use tables::{Crs, Projection, Table};

use crate::adjacency::{Lattice, scattered, touching};
use crate::canonical_order::{CanonicalOrder, extent};
use crate::convex_hull::convex_hull_into;
use crate::{
    Adjacency, AdjacencyChoice, BadGeometries, Error, Graph, Outlines, Params, Places, Settings,
    columns,
};

/// A projection this far off is worth a warning.
const NOTABLE_SCALE_ERROR: f64 = 0.005;
/// Polygons are taken as touching if this share of them touches another.
const MOSTLY_TOUCHING: f64 = 0.5;

/// A table's places. All but `left_out` have one entry a place, in canonical order.
pub(crate) struct Ground {
    /// The row each place came from.
    pub rows: Vec<u32>,
    /// Rows that are no place, for a bad weight or geometry.
    pub left_out: Vec<u32>,
    pub order: CanonicalOrder,
    pub centres: Vec<Coord>,
    pub weights: Vec<f64>,
    corners: Option<(Vec<usize>, Vec<Coord>)>,
    pub graph: Graph,
    pub adjacency: Adjacency,
    /// Metres to longitude and latitude.
    pub to_lon_lat: Projection,
    pub metres_per_unit: f64,
    /// What `centres` and corners are relative to, in metres, so that sums round alike wherever on the map a town lies.
    pub origin: Coord,
    pub crs_name: String,
    pub warnings: Vec<String>,
}

impl Ground {
    /// Reads the places of a table with at least one row.
    pub fn read(table: &Table, params: &Params, settings: &Settings) -> Result<Self, Error> {
        let weights = match columns::weight_column(table, params) {
            Some(column) => Some(columns::weights(table, column, params.bad_weights)?),
            None => None,
        };
        let shapes = Shapes::read(table, params.bad_geometries)?;
        let crs = Self::source_crs(table, params)?;
        let is_place = |row: usize| {
            shapes.is_there(row)
                && weights
                    .as_ref()
                    .is_none_or(|weights| weights[row].is_some())
        };
        let (rows, left_out): (Vec<u32>, Vec<u32>) =
            (0..table.rows() as u32).partition(|&row| is_place(row as usize));
        let weights: Vec<f64> = match weights {
            Some(weights) => rows
                .iter()
                .map(|&row| weights[row as usize].unwrap_or(0.0))
                .collect(),
            None => vec![1.0; rows.len()],
        };
        let shapes = shapes.of_rows(&rows);
        let mut source_centres = shapes.centres();

        let metric = Metric::choose(&crs, &source_centres, params.projected_epsg)?;
        let mut projected = shapes.projected(&metric)?;
        let origin = projected.low_corner();
        projected.shift(origin);
        let mut centres = projected.centres();

        if crs.is_geographic() {
            unwrap_longitudes(&mut source_centres);
        }
        let polygons = matches!(projected, Shapes::Geometries(_));
        let lattice = match params.adjacency {
            AdjacencyChoice::Auto => Lattice::detect(&source_centres),
            AdjacencyChoice::Lattice => Lattice::force(&source_centres),
            AdjacencyChoice::Touching | AdjacencyChoice::Scattered => None,
        };
        drop(source_centres);
        let mut order =
            CanonicalOrder::new(&centres, &weights, lattice.as_ref(), settings.target_radius);

        centres = in_order(&centres, &order.places);
        let projected = projected.of_rows(&order.places);
        let (graph, adjacency) = match (lattice, params.adjacency) {
            (Some(mut lattice), _) => {
                lattice.cells = in_order(&lattice.cells, &order.places);
                (lattice.graph(), Adjacency::Lattice)
            }
            (None, AdjacencyChoice::Touching) => (projected.touching(), Adjacency::Touching),
            (None, AdjacencyChoice::Auto) if polygons => {
                let graph = projected.touching();
                if share_with_neighbour(&graph) >= MOSTLY_TOUCHING {
                    (graph, Adjacency::Touching)
                } else {
                    (
                        scattered(&centres, 2.0 * settings.target_radius),
                        Adjacency::Scattered,
                    )
                }
            }
            (None, _) => (
                scattered(&centres, 2.0 * settings.target_radius),
                Adjacency::Scattered,
            ),
        };
        let rows = in_order(&rows, &order.places);
        let weights = in_order(&weights, &order.places);
        // Everything is in this order now.
        order.places = Vec::new();
        let graph = match &params.strata {
            None => graph,
            Some(column) => {
                let strata = columns::strata(table, column)?;
                let of = |place: u32| strata[rows[place as usize] as usize];
                graph.filtered(|a, b| of(a) == of(b))
            }
        };
        Ok(Self {
            weights,
            corners: projected.corners(),
            rows,
            left_out,
            order,
            centres,
            graph,
            adjacency,
            to_lon_lat: metric.to_lon_lat,
            metres_per_unit: metric.metres_per_unit,
            origin,
            crs_name: metric.name,
            warnings: metric.warnings,
        })
    }

    fn source_crs(table: &Table, params: &Params) -> Result<Crs, Error> {
        let crs = table.crs();
        match &params.assume_crs {
            _ if !crs.is_unknown() => Ok(crs.clone()),
            Some(assumed) => Ok(assumed.parse()?),
            None => Err(Error::NoCrs),
        }
    }

    /// The places as both methods take them.
    pub fn places(&self) -> Places<'_> {
        Places {
            centres: &self.centres,
            weights: &self.weights,
            outlines: self
                .corners
                .as_ref()
                .map(|(starts, corners)| Outlines { starts, corners }),
        }
    }
}

/// The projection in which distances are taken.
struct Metric {
    projection: Projection,
    to_lon_lat: Projection,
    metres_per_unit: f64,
    name: String,
    warnings: Vec<String>,
}

impl Metric {
    fn choose(crs: &Crs, centres: &[Coord], epsg: Option<u32>) -> Result<Self, Error> {
        let lon_lat = Crs::wgs84();
        let mut around = centres.to_vec();
        Projection::between(crs, &lon_lat)?.project(&mut around)?;
        let metric = match epsg {
            Some(code) => Crs::from_epsg(code)?,
            None => Crs::local_equal_area_for(&around)?,
        };
        let metres_per_unit = metric.metres_per_unit().ok_or(Error::NotProjected {
            epsg: epsg.unwrap_or_default(),
        })?;
        let mut warnings = Vec::new();
        if let Some(code) = epsg {
            let (low, high) = extent(&around);
            let (lon, lat) = (0.5 * (low.x + high.x), 0.5 * (low.y + high.y));
            let error = metric.scale_error(lon, lat)?;
            if error >= NOTABLE_SCALE_ERROR {
                warnings.push(format!(
                    "EPSG:{code} is {:.1} % off in scale at {lon:.3}, {lat:.3}: a nearer projection, or none for a local one, would be right",
                    100.0 * error
                ));
            }
        }
        Ok(Self {
            projection: Projection::between(crs, &metric)?,
            to_lon_lat: Projection::between(&metric, &lon_lat)?,
            metres_per_unit,
            name: metric.to_string(),
            warnings,
        })
    }

    fn project(&self, coords: &mut [Coord]) -> Result<(), Error> {
        self.projection.project(coords)?;
        if self.metres_per_unit != 1.0 {
            for coord in coords {
                *coord = *coord * self.metres_per_unit;
            }
        }
        Ok(())
    }
}

/// What the rows look like: points are kept without an object for each.
enum Shapes {
    Points(Vec<Coord>),
    Geometries(Vec<Option<Geometry>>),
}

impl Shapes {
    fn read(table: &Table, bad: BadGeometries) -> Result<Self, Error> {
        if let Some(points) = table.points()? {
            return Ok(Self::Points(points));
        }
        let mut geometries = table.geometries()?;
        for geometry in &mut geometries {
            if geometry.as_ref().is_some_and(|g| g.centroid().is_none()) {
                *geometry = None;
            }
        }
        let missing = || {
            (0..)
                .zip(&geometries)
                .filter(|(_, geometry)| geometry.is_none())
        };
        if bad == BadGeometries::Refuse && missing().next().is_some() {
            let column = table.geometry_column().unwrap_or_default();
            return Err(columns::missing_geometries(
                column,
                missing().map(|(row, _)| row),
            ));
        }
        Ok(Self::Geometries(geometries))
    }

    fn is_there(&self, row: usize) -> bool {
        match self {
            Self::Points(_) => true,
            Self::Geometries(geometries) => geometries[row].is_some(),
        }
    }

    fn of_rows(self, rows: &[u32]) -> Self {
        match self {
            Self::Points(points) => Self::Points(in_order(&points, rows)),
            Self::Geometries(mut geometries) => {
                let taken = rows.iter().map(|&row| geometries[row as usize].take());
                Self::Geometries(taken.collect())
            }
        }
    }

    fn centres(&self) -> Vec<Coord> {
        match self {
            Self::Points(points) => points.clone(),
            Self::Geometries(geometries) => geometries
                .par_iter()
                .map(|geometry| geometry.as_ref().and_then(Centroid::centroid))
                .map(|point| point.map_or(Coord::default(), |point| point.0))
                .collect(),
        }
    }

    fn projected(self, metric: &Metric) -> Result<Self, Error> {
        match self {
            Self::Points(mut points) => {
                metric.project(&mut points)?;
                Ok(Self::Points(points))
            }
            Self::Geometries(mut geometries) => {
                geometries
                    .par_iter_mut()
                    .flatten()
                    .try_for_each(|geometry| {
                        metric.projection.project_geometry(geometry)?;
                        if metric.metres_per_unit != 1.0 {
                            geometry.map_coords_in_place(|c| c * metric.metres_per_unit);
                        }
                        Ok::<(), Error>(())
                    })?;
                Ok(Self::Geometries(geometries))
            }
        }
    }

    /// The lower left corner of the box around everything.
    fn low_corner(&self) -> Coord {
        match self {
            Self::Points(points) => extent(points).0,
            Self::Geometries(geometries) => {
                let rects = geometries
                    .iter()
                    .flatten()
                    .filter_map(BoundingRect::bounding_rect);
                let corners: Vec<Coord> = rects.map(|rect| rect.min()).collect();
                extent(&corners).0
            }
        }
    }

    /// Makes `origin` the zero of the coordinates.
    fn shift(&mut self, origin: Coord) {
        match self {
            Self::Points(points) => points.iter_mut().for_each(|point| *point = *point - origin),
            Self::Geometries(geometries) => geometries
                .par_iter_mut()
                .flatten()
                .for_each(|geometry| geometry.map_coords_in_place(|c| c - origin)),
        }
    }

    fn touching(&self) -> Graph {
        match self {
            Self::Points(points) => {
                let points: Vec<Geometry> =
                    points.iter().map(|&c| Geometry::Point(c.into())).collect();
                touching(&points)
            }
            Self::Geometries(geometries) => {
                let geometries: Vec<Geometry> = geometries.iter().flatten().cloned().collect();
                touching(&geometries)
            }
        }
    }

    /// The corners of each hull, as [`Outlines`] has them.
    fn corners(&self) -> Option<(Vec<usize>, Vec<Coord>)> {
        let Self::Geometries(geometries) = self else {
            return None;
        };
        let (mut starts, mut corners) = (vec![0], Vec::new());
        let (mut coords, mut hull) = (Vec::new(), Vec::new());
        for geometry in geometries {
            coords.clear();
            coords.extend(geometry.iter().flat_map(CoordsIter::coords_iter));
            convex_hull_into(&mut coords, &mut hull);
            corners.extend_from_slice(&hull);
            starts.push(corners.len());
        }
        Some((starts, corners))
    }
}

fn in_order<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&at| values[at as usize]).collect()
}

fn share_with_neighbour(graph: &Graph) -> f64 {
    let places = 0..graph.len() as u32;
    let with = places.filter(|&place| !graph.neighbours(place).is_empty());
    with.count() as f64 / graph.len().max(1) as f64
}

/// Makes longitudes on both sides of 180 degrees follow each other.
fn unwrap_longitudes(centres: &mut [Coord]) {
    let (low, high) = extent(centres);
    if high.x - low.x > 180.0 {
        for centre in centres.iter_mut().filter(|centre| centre.x < 0.0) {
            centre.x += 360.0;
        }
    }
}
