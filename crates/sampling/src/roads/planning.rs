//! From roads to samples.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use tables::Table;

use super::joined::{join, place_key};
use super::osm::Extract;
use super::plan::{Compat, RoadPlan};
use super::points::RoadPoints;
use super::road::{Road, Roads};
use super::rows::RoadSamples;
use super::towns::Towns;
use super::visits::Visits;
use super::walk::{RoadPoint, Walker};
use super::{given_points, lines, osm};
use crate::samples::{Planned, Samples};
use crate::{Batches, Error, Result, batch_ranges};

/// The most samples that one plan of roads may hold.
const MOST_SAMPLES: u64 = 1_000_000_000;

/// Roads as a caller has them.
#[derive(Clone, Copy, Debug)]
pub enum RoadsInput<'a> {
    /// A file of OpenStreetMap PBF.
    OsmPbfFile(&'a Path),
    /// The bytes of one.
    OsmPbfBytes(&'a [u8]),
    /// Lines, or the points of an earlier study: rows with `osm_way_id`, sequence and bearing.
    Table(&'a Table),
}

/// What a plan of roads found on the way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Roads that were walked.
    pub ways: usize,
    /// Their length in metres, as the plan measures it.
    pub length_m: f64,
    /// Points on them.
    pub points_walked: usize,
    /// Those that lie in a town, or all in a plan without towns.
    pub points_kept: usize,
    /// Pairs of way ids that share a vertex, the smaller first, ascending.
    pub connections: Vec<(i64, i64)>,
}

/// A point every so many metres along every road, a sample for each direction to look, in the order
/// of their visits.
///
/// Points are cut to `towns`, polygons named by the plan's `area_name`; a point in none of them is
/// dropped, and the count along the way starts anew in every town. The rows of the samples are made
/// when they are asked for: ten million points take 400 MB, their texts none.
///
/// # Errors
/// [`Error::Setting`]; [`Error::Pbf`] for a file that cannot be read; [`Error::Row`] for an id that
/// is no number or occurs twice, or a town without name or polygon; [`Error::NothingToSample`] when
/// no road is left; [`Error::TooManySamples`].
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::StringArray;
/// use geo::line_string;
/// use sampling::{Batches, RoadPlan, RoadsInput, plan_roads};
/// use tables::{Crs, Table};
///
/// let street = line_string![(x: -2.998, y: 51.588), (x: -2.997, y: 51.588)]; // 69 m
/// let roads = Table::new(vec![("name".into(), Arc::new(StringArray::from(vec!["High Street"])))])?
///     .with_geometries("geometry", &[Some(street.into())], Crs::wgs84())?;
/// let planned = plan_roads(RoadsInput::Table(&roads), None, &RoadPlan::of("roads"), Batches::default())?;
/// assert_eq!(planned.samples.len(), 12); // six points, left and right
/// let first = planned.samples.rows(0..1)?;
/// assert_eq!(first.texts("sample_id")?[0].as_deref(), Some("1-000004-left"));
/// # Ok::<(), sampling::Error>(())
/// ```
pub fn plan_roads(
    roads: RoadsInput<'_>,
    towns: Option<&Table>,
    plan: &RoadPlan,
    batches: Batches,
) -> Result<Planned> {
    plan.check()?;
    let towns = match (towns, &plan.area_name) {
        (Some(table), Some(column)) => {
            let towns = Towns::of(table, column);
            Some(towns.map_err(|error| Error::Areas(Box::new(error)))?)
        }
        (None, None) => None,
        (Some(_), None) => {
            return Err(Error::setting(
                "area_name",
                "is missing; the column with the name of each town",
            ));
        }
        (None, Some(_)) => {
            return Err(Error::setting(
                "areas",
                "are missing, yet area_name is given",
            ));
        }
    };
    let (mut points, mut network, rejected) = match roads {
        RoadsInput::Table(table) if given_points::are_given(table) => {
            let (points, rejected) = given_points::points(table)?;
            let network = network_of(&points);
            (points, network, rejected)
        }
        other => walk_all(found(other, plan)?, towns.as_ref(), plan)?,
    };
    let samples = points.len() as u64 * plan.sides.len() as u64;
    if samples > MOST_SAMPLES {
        return Err(Error::TooManySamples {
            asked: samples,
            most: MOST_SAMPLES,
        });
    }
    network.points_kept = points.len();
    points.sort_lanes();
    let visits = Visits::of(&points, plan.sides.len(), plan.order);
    let batches = batch_ranges(visits.len(), batches)?;
    let samples = RoadSamples::new(points, visits, plan.sides.clone(), batches.clone());
    Ok(Planned {
        samples: Samples::of_rows(Arc::new(samples)),
        batches,
        rejected,
        network: Some(network),
    })
}

fn found(roads: RoadsInput<'_>, plan: &RoadPlan) -> Result<Roads> {
    match roads {
        RoadsInput::OsmPbfFile(path) => osm::roads(Extract::File(path), &plan.highways),
        RoadsInput::OsmPbfBytes(bytes) => osm::roads(Extract::Bytes(bytes), &plan.highways),
        RoadsInput::Table(table) => lines::roads(table, &plan.highways),
    }
}

/// Roads walked together: enough to keep all processors busy, few enough to hold their points twice.
const ROADS_AT_ONCE: usize = 4096;

type Walked = (RoadPoints, Network, Vec<crate::Rejected>);

fn walk_all(found: Roads, towns: Option<&Towns>, plan: &RoadPlan) -> Result<Walked> {
    let Roads {
        mut roads,
        names,
        rejected,
    } = found;
    if roads.is_empty() {
        return Err(Error::NothingToSample {
            what: "the input of roads",
            wanted: format!("road to walk: highway of {}", plan.highways.join(", ")),
        });
    }
    if plan.join_ways {
        roads = join(roads);
    }
    if plan.compat == Some(Compat::Ons2017) {
        within_swapped_axes(&roads)?;
    }
    let mut network = Network {
        ways: roads.len(),
        connections: connections(&roads),
        ..Network::default()
    };
    let mut points = RoadPoints {
        names,
        towns: towns.map_or_else(Vec::new, |towns| towns.names().to_vec()),
        ..RoadPoints::default()
    };
    let walker = Walker::new(plan.interval_m, plan.compat);
    for roads in roads.chunks(ROADS_AT_ONCE) {
        let walked: Vec<(Vec<InTown>, usize, f64)> = roads
            .par_iter()
            .map(|road| walk_one(road, &walker, towns))
            .collect();
        for (road, (by_town, count, length_m)) in roads.iter().zip(walked) {
            network.points_walked += count;
            network.length_m += length_m;
            for (town, of_town) in by_town {
                points.add_lane(town, road, length_m, of_town.into_iter());
            }
        }
        let asked = points.len() as u64 * plan.sides.len() as u64;
        if asked > MOST_SAMPLES {
            return Err(Error::TooManySamples {
                asked,
                most: MOST_SAMPLES,
            });
        }
    }
    Ok((points, network, rejected))
}

type InTown = (Option<u32>, Vec<RoadPoint>);

/// The points of a road by town, how many there are with those in none, and its length.
fn walk_one(road: &Road, walker: &Walker, towns: Option<&Towns>) -> (Vec<InTown>, usize, f64) {
    let (points, length_m) = walker.walk(&road.line);
    let count = points.len();
    let Some(towns) = towns else {
        return (vec![(None, points)], count, length_m);
    };
    let mut by_town: Vec<InTown> = Vec::new();
    for point in points {
        if let Some(town) = towns.town_at(point.place) {
            match by_town.iter_mut().find(|(of, _)| *of == Some(town)) {
                Some((_, points)) => points.push(point),
                None => by_town.push((Some(town), vec![point])),
            }
        }
    }
    (by_town, count, length_m)
}

/// Distances with longitude as latitude exist between 90 degrees west and east only.
fn within_swapped_axes(roads: &[Road]) -> Result<()> {
    let beyond = |road: &&Road| road.line.iter().any(|vertex| vertex.x.abs() > 90.0);
    match roads.iter().find(beyond) {
        Some(road) => Err(Error::setting(
            "compat",
            format!(
                "ons-2017 takes longitude for latitude, which way {} beyond 90 degrees does not allow",
                road.way_id
            ),
        )),
        None => Ok(()),
    }
}

fn connections(roads: &[Road]) -> Vec<(i64, i64)> {
    let mut vertices: Vec<(u64, i64)> = roads
        .iter()
        .flat_map(|road| {
            road.line
                .iter()
                .map(|&vertex| (place_key(vertex), road.way_id))
        })
        .collect();
    vertices.par_sort_unstable();
    vertices.dedup();
    let mut connections: Vec<(i64, i64)> = vertices
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|at| {
            at.iter()
                .enumerate()
                .flat_map(move |(i, (_, a))| at[i + 1..].iter().map(move |(_, b)| (*a, *b)))
        })
        .collect();
    connections.sort_unstable();
    connections.dedup();
    connections
}

/// The network of points that an earlier study laid out: how ways connect is not known.
fn network_of(points: &RoadPoints) -> Network {
    Network {
        ways: points.lanes.len(),
        length_m: points.lanes.iter().map(|lane| lane.length_m).sum(),
        points_walked: points.len(),
        points_kept: points.len(),
        connections: Vec::new(),
    }
}
