//! The places of a table: projected, weighed, in canonical order, with their neighbours.

use geo::{Area, BoundingRect, Centroid, Coord, CoordsIter, Geometry, MapCoordsInPlace};
use rayon::prelude::*;
use tables::{Crs, Projection, Table};

use crate::adjacency::{Lattice, bridges, scattered, touching};
use crate::canonical_order::{CanonicalOrder, extent};
use crate::columns::{self, RowSettings};
use crate::convex_hull::convex_hull_into;
use crate::strata::{self, Strata};
use crate::{
    Adjacency, AdjacencyChoice, BadGeometries, Bridges, Error, Graph, Outlines, Params, Places,
    Settings,
};

/// A projection this far off is worth a warning.
const NOTABLE_SCALE_ERROR: f64 = 0.005;
/// Polygons are taken as touching if this share of them touches another.
const MOSTLY_TOUCHING: f64 = 0.5;
/// More than this share of the weight in pieces below the least weight is worth a warning, and a bridge.
const MUCH_IN_SMALL_PIECES: f64 = 0.1;
/// Polygons are the cells of a lattice if their boxes are as large as its steps, within this share.
const AS_LARGE_AS_STEPS: f64 = 0.02;
/// This share of the polygons must be as large.
const MOST_CELLS: f64 = 0.98;

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
    /// The lattice, where that is what makes neighbours.
    pub lattice: Option<Lattice>,
    pub bridges: Option<Bridges>,
    pub strata: Strata,
    /// The settings there are, and which of them each place has; empty where there is one.
    pub settings: Vec<Settings>,
    pub settings_of: Vec<u32>,
    /// The CRS of the table.
    pub crs: Crs,
    /// Metres to the CRS of the table.
    pub to_source: Projection,
    pub metres_per_unit: f64,
    /// What `centres` and corners are relative to, in metres, so that sums round alike wherever on the map a town lies.
    pub origin: Coord,
    pub crs_name: String,
    pub warnings: Vec<String>,
}

impl Ground {
    /// Reads the places of a table with at least one row.
    pub fn read(
        table: &Table,
        params: &Params,
        row_settings: RowSettings,
        weight_column: Option<&str>,
    ) -> Result<Self, Error> {
        let weights = match weight_column {
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
        let mut warnings = match weight_column {
            Some(column) => columns::doubts_about(column, &weights, &rows),
            None => Vec::new(),
        };
        let shapes = shapes.of_rows(&rows);
        let mut source_centres = shapes.centres();
        let radii = row_settings
            .all
            .iter()
            .map(|settings| settings.target_radius);
        let (least_radius, most_radius) = radii
            .fold((f64::INFINITY, 0f64), |(low, high), radius| {
                (low.min(radius), high.max(radius))
            });

        let metric = Metric::choose(&crs, &source_centres, params.projected_epsg)?;
        if crs.is_geographic() {
            unwrap_longitudes(&mut source_centres);
        }
        let lattice = match params.adjacency {
            AdjacencyChoice::Auto => Lattice::detect(&source_centres),
            AdjacencyChoice::Lattice => Lattice::force(&source_centres),
            AdjacencyChoice::Touching | AdjacencyChoice::Scattered => None,
        };
        drop(source_centres);
        let cells = lattice
            .as_ref()
            .is_some_and(|lattice| shapes.are_cells_of(lattice));
        let mut projected = shapes.projected(&metric)?;
        let origin = projected.low_corner();
        projected.shift(origin);
        let mut centres = projected.centres();
        let mut order = CanonicalOrder::new(&centres, &weights, lattice.as_ref(), least_radius);

        centres = in_order(&centres, &order.places);
        let projected = projected.of_rows(&order.places);
        let lattice = lattice.map(|mut lattice| {
            lattice.cells = in_order(&lattice.cells, &order.places);
            lattice
        });
        let (graph, adjacency) = neighbours(
            &projected,
            &centres,
            lattice.as_ref(),
            cells,
            params.adjacency,
            2.0 * most_radius,
        );
        let rows = in_order(&rows, &order.places);
        let weights = in_order(&weights, &order.places);
        // Everything is in this order now.
        order.places = Vec::new();

        let settings_of: Vec<u32> = if row_settings.of.is_empty() {
            Vec::new()
        } else {
            rows.iter()
                .map(|&row| row_settings.of[row as usize])
                .collect()
        };
        let settings = row_settings.all;
        let least = |place: u32| match settings_of.get(place as usize) {
            Some(&number) => settings[number as usize].min_weight,
            None => settings[0].min_weight,
        };
        let (graph, bridges) = bridged(
            graph,
            adjacency,
            &centres,
            &weights,
            &least,
            params.bridge,
            // Who names the neighbours wants no others.
            if params.adjacency == AdjacencyChoice::Auto {
                most_radius
            } else {
                0.0
            },
        );
        let strata = Strata::read(table, params, &rows)?;
        let (graph, strata) = strata::divide(
            graph,
            strata,
            &settings_of,
            &weights,
            &least,
            params.thin_pieces,
        );
        let share = small_pieces(&graph, &weights, &least);
        if share > MUCH_IN_SMALL_PIECES {
            warnings.push(format!(
                "{:.1} % of the weight lies in connected pieces below the least weight, which become undersized clusters: {}",
                100.0 * share,
                match (&bridges, &params.strata) {
                    (_, Some(_)) => "strata that lie scattered (thin_pieces), a lower least weight or a wider bridge may help",
                    (Some(_), None) => "a wider bridge than the one that was taken, or a lower least weight, may help",
                    (None, None) => "a bridge over gaps, small_islands = \"attach\" or a lower least weight may help",
                }
            ));
        }
        warnings.extend(metric.warnings);
        let lattice = lattice.filter(|_| adjacency == Adjacency::Lattice);
        Ok(Self {
            weights,
            corners: projected.corners(),
            rows,
            left_out,
            order,
            centres,
            graph,
            adjacency,
            lattice,
            bridges,
            strata,
            settings,
            settings_of,
            to_source: metric.to_source,
            crs,
            metres_per_unit: metric.metres_per_unit,
            origin,
            crs_name: metric.name,
            warnings,
        })
    }

    /// Takes coordinates relative to the origin into the CRS of the table.
    pub fn in_source(&self, coords: &mut [Coord]) -> Result<(), Error> {
        for coord in coords.iter_mut() {
            *coord = (*coord + self.origin) / self.metres_per_unit;
        }
        self.to_source.project(coords)?;
        Ok(())
    }

    /// As [`in_source`](Self::in_source), with longitudes that pass 180 degrees if the places lie on both sides.
    pub fn in_source_unwrapped(&self, coords: &mut [Coord]) -> Result<(), Error> {
        self.in_source(coords)?;
        if self.crs.is_geographic() {
            unwrap_longitudes(coords);
        }
        Ok(())
    }

    /// The settings of a place.
    pub fn settings(&self, place: u32) -> &Settings {
        match self.settings_of.get(place as usize) {
            Some(&number) => &self.settings[number as usize],
            None => &self.settings[0],
        }
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

/// The neighbours of places in canonical order. Polygons that touch are neighbours, and cells of a lattice if they fill it.
fn neighbours(
    projected: &Shapes,
    centres: &[Coord],
    lattice: Option<&Lattice>,
    cells: bool,
    choice: AdjacencyChoice,
    longest: f64,
) -> (Graph, Adjacency) {
    let polygons = matches!(projected, Shapes::Geometries(_));
    if let Some(lattice) = lattice
        && (choice == AdjacencyChoice::Lattice || !polygons || cells)
    {
        return (lattice.graph(), Adjacency::Lattice);
    }
    if choice == AdjacencyChoice::Touching {
        return (projected.touching(), Adjacency::Touching);
    }
    if choice == AdjacencyChoice::Auto && polygons {
        let graph = projected.touching();
        if share_with_neighbour(&graph) >= MOSTLY_TOUCHING {
            return (graph, Adjacency::Touching);
        }
        if let Some(lattice) = lattice {
            return (lattice.graph(), Adjacency::Lattice);
        }
    }
    (scattered(centres, longest), Adjacency::Scattered)
}

/// The graph with bridges, where they are asked for or needed.
fn bridged(
    graph: Graph,
    adjacency: Adjacency,
    centres: &[Coord],
    weights: &[f64],
    least: &dyn Fn(u32) -> f64,
    asked: Option<f64>,
    radius: f64,
) -> (Graph, Option<Bridges>) {
    let needed = || {
        adjacency != Adjacency::Scattered
            && small_pieces(&graph, weights, least) > MUCH_IN_SMALL_PIECES
    };
    let reach = match asked {
        Some(reach) => reach,
        None if needed() => radius,
        None => 0.0,
    };
    if reach <= 0.0 {
        return (graph, None);
    }
    let full = (adjacency == Adjacency::Lattice).then_some(8);
    let links = bridges(&graph, centres, reach, full);
    if links.is_empty() {
        return (graph, None);
    }
    let before = graph.pieces(|_| 0).1 as u64;
    let graph = graph.with(&links);
    let told = Bridges {
        reach,
        links: links.len() as u64,
        pieces_before: before,
        pieces_after: graph.pieces(|_| 0).1 as u64,
    };
    (graph, Some(told))
}

/// The share of the weight that lies in pieces lighter than the least weight.
fn small_pieces(graph: &Graph, weights: &[f64], least: &dyn Fn(u32) -> f64) -> f64 {
    let (piece, count) = graph.pieces(|_| 0);
    let mut sums = vec![0.0; count];
    for (&piece, weight) in piece.iter().zip(weights) {
        sums[piece as usize] += weight;
    }
    let (mut small, mut all) = (0.0, 0.0);
    for ((place, &piece), weight) in (0u32..).zip(&piece).zip(weights) {
        all += weight;
        if sums[piece as usize] < least(place) {
            small += weight;
        }
    }
    // A table that is too light as a whole is no matter of pieces.
    if all > 0.0 && count > 1 {
        small / all
    } else {
        0.0
    }
}

/// The projection in which distances are taken.
struct Metric {
    projection: Projection,
    to_source: Projection,
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
            to_source: Projection::between(&metric, crs)?,
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

    /// Whether these are the cells of a lattice that was found for their centres: points may be, polygons are if they are as
    /// large as its steps.
    fn are_cells_of(&self, lattice: &Lattice) -> bool {
        let Self::Geometries(geometries) = self else {
            return true;
        };
        let [width, height] = lattice.steps();
        let near = |length: f64, step: f64| (length / step - 1.0).abs() <= AS_LARGE_AS_STEPS;
        let cells = geometries.par_iter().flatten().filter(|geometry| {
            geometry.bounding_rect().is_some_and(|rect| {
                near(rect.width(), width)
                    && near(rect.height(), height)
                    && near(geometry.unsigned_area(), width * height)
            })
        });
        cells.count() as f64 >= MOST_CELLS * geometries.len() as f64
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

pub(crate) fn in_order<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&at| values[at as usize]).collect()
}

fn share_with_neighbour(graph: &Graph) -> f64 {
    let places = 0..graph.len() as u32;
    let with = places.filter(|&place| !graph.neighbours(place).is_empty());
    with.count() as f64 / graph.len().max(1) as f64
}

/// Makes longitudes on both sides of 180 degrees follow each other.
pub(crate) fn unwrap_longitudes(centres: &mut [Coord]) {
    let (low, high) = extent(centres);
    if high.x - low.x > 180.0 {
        for centre in centres.iter_mut().filter(|centre| centre.x < 0.0) {
            centre.x += 360.0;
        }
    }
}

/// Moves polygons of negative longitude beyond 180 degrees if there are shapes on both sides, and none in the middle of the map. Parts
/// are moved by themselves: what was cut at 180 degrees is whole again.
pub(crate) fn unwrap_shapes<'a>(shapes: impl Iterator<Item = &'a mut Geometry>) {
    let mut shapes: Vec<&mut Geometry> = shapes.collect();
    let boxes: Vec<_> = shapes
        .iter()
        .filter_map(|shape| shape.bounding_rect())
        .collect();
    let west = boxes
        .iter()
        .map(|rect| rect.min().x)
        .fold(f64::INFINITY, f64::min);
    let east = boxes
        .iter()
        .map(|rect| rect.max().x)
        .fold(f64::NEG_INFINITY, f64::max);
    if east - west <= 180.0 {
        return;
    }
    for shape in &mut shapes {
        unwrap_parts(shape);
    }
}

fn unwrap_parts(shape: &mut Geometry) {
    if let Geometry::MultiPolygon(parts) = shape {
        for part in parts {
            let mut one = Geometry::Polygon(part.clone());
            unwrap_parts(&mut one);
            if let Geometry::Polygon(one) = one {
                *part = one;
            }
        }
        return;
    }
    let Some(rect) = shape.bounding_rect() else {
        return;
    };
    if 0.5 * (rect.min().x + rect.max().x) < 0.0 {
        shape.map_coords_in_place(|c| Coord {
            x: c.x + 360.0,
            y: c.y,
        });
    }
}
