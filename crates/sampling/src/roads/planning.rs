//! From roads to samples.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{ArrayRef, Float64Array, Int64Array};
use geo::{Geometry, LineString, MultiLineString};
use rayon::prelude::*;
use tables::{Crs, Table};

use super::joined::{join, place_key};
use super::osm::Extract;
use super::plan::{Compat, RoadPlan, Spacing};
use super::points::RoadPoints;
use super::road::{Road, Roads};
use super::rows::RoadSamples;
use super::tags::{Attributes, Filter, Name, Names};
use super::towns::Towns;
use super::visits::Visits;
use super::walk::{RoadPoint, Stops, Walk, Walker};
use super::{carried, given_points, lines, osm};
use crate::samples::{Planned, Rejected, Samples, count_reasons, text_column};
use crate::{Batches, Error, Result, batch_ranges};

/// The most samples that one plan of roads may hold: six times those of Great Britain at 10 m. Points
/// are 44 bytes each while a plan is made.
const MOST_SAMPLES: u64 = 100_000_000;

/// Roads as a caller has them.
#[derive(Clone, Copy, Debug)]
pub enum RoadsInput<'a> {
    /// A file of OpenStreetMap: PBF or XML, also packed by gzip or bzip2.
    OsmFile(&'a Path),
    /// The bytes of one.
    OsmBytes(&'a [u8]),
    /// Lines, or the points of an earlier study: rows with `osm_way_id`, sequence and bearing.
    Table(&'a Table),
}

/// What a plan of roads found on the way.
#[derive(Clone, Debug, Default)]
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
    /// How many points each town has and how long its roads are; one row without towns.
    pub towns: Vec<TownCount>,
    /// A row a way that has points: `osm_way_id`, `road_name`, `road_type`, `length_m` and the line.
    pub roads: Option<Table>,
}

/// The points of a town.
#[derive(Clone, Debug, PartialEq)]
pub struct TownCount {
    /// Its name; none in a plan without towns.
    pub town: Option<String>,
    /// Its points.
    pub points: usize,
    /// Metres of road that they stand for; none where that is not known.
    pub length_m: Option<f64>,
}

impl TownCount {
    /// Points a kilometre of road.
    #[must_use]
    pub fn points_per_km(&self) -> Option<f64> {
        let length_m = self.length_m.filter(|metres| *metres > 0.0)?;
        Some(self.points as f64 / length_m * 1e3)
    }
}

/// A point every so many metres along every road, a sample for each direction to look, in the order
/// of their visits.
///
/// Points are cut to `towns`, polygons named by the plan's `area_name`; a point in none of them is
/// dropped, and the count along the way starts anew in every town. The rows of the samples are made
/// when they are asked for: ten million points take 440 MB, their texts none.
///
/// # Errors
/// [`Error::Setting`]; [`Error::Osm`] for a file that cannot be read; [`Error::Row`] for a sequence
/// that occurs twice; [`Error::NothingToSample`] when no road or no town is left;
/// [`Error::TooManySamples`].
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
    let views = plan.views()?;
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
    let mut walked = match roads {
        RoadsInput::Table(table) if given_points::are_given(table) => {
            let (points, rejected) = given_points::points(table)?;
            let network = network_of(&points);
            Walked {
                points,
                network,
                rejected,
                ..Walked::default()
            }
        }
        other => {
            let most = MOST_SAMPLES / views.len() as u64;
            walk_all(found(other, plan)?, towns.as_ref(), plan, most)?
        }
    };
    let samples = walked.points.len() as u64 * views.len() as u64;
    if samples > MOST_SAMPLES {
        return Err(Error::TooManySamples {
            asked: samples,
            most: MOST_SAMPLES,
        });
    }
    let Walked {
        points, network, ..
    } = &mut walked;
    network.points_kept = points.len();
    points.sort_lanes();
    network.towns = counts(points);
    if let Some(note) = uneven(points, network, plan) {
        walked.notes.push(note);
    }
    if let Some(towns) = &towns {
        walked.left_out.extend_from_slice(towns.left_out());
    }
    let visits = Visits::of(&walked.points, views.len(), plan.order);
    let batches = batch_ranges(visits.len(), batches)?;
    let samples = RoadSamples::new(walked.points, visits, views, batches.clone());
    Ok(Planned {
        samples: Samples::of_rows(Arc::new(samples)),
        batches,
        rejected: walked.rejected,
        left_out: walked.left_out,
        notes: walked.notes,
        network: Some(walked.network),
    })
}

pub(crate) fn found(roads: RoadsInput<'_>, plan: &RoadPlan) -> Result<Roads> {
    let filter = Filter::of(&plan.highways, &plan.exclude, plan.access);
    match roads {
        RoadsInput::OsmFile(path) => osm::roads(Extract::File(path), &filter),
        RoadsInput::OsmBytes(bytes) => osm::roads(Extract::Bytes(bytes), &filter),
        RoadsInput::Table(table) => lines::roads(table, &filter),
    }
}

/// Points and length by town; lanes are in the order of towns.
fn counts(points: &RoadPoints) -> Vec<TownCount> {
    let by_town = points.lanes.chunk_by(|a, b| a.town == b.town);
    by_town
        .map(|lanes| {
            let metres: f64 = lanes
                .iter()
                .flat_map(|lane| &points.stands_for_m[lane.points()])
                .map(|&metres| f64::from(metres))
                .sum();
            TownCount {
                town: lanes
                    .first()
                    .and_then(|lane| lane.town)
                    .and_then(|town| points.towns.get(town as usize).cloned()),
                points: lanes.iter().map(|lane| lane.count as usize).sum(),
                length_m: metres.is_finite().then_some(metres),
            }
        })
        .collect()
}

/// Says so where there are many more or fewer points than the length of the roads holds intervals.
fn uneven(points: &RoadPoints, network: &Network, plan: &RoadPlan) -> Option<String> {
    if plan.compat.is_some() || plan.spacing == Spacing::Carry {
        return None;
    }
    let metres = network
        .towns
        .iter()
        .map(|town| town.length_m)
        .sum::<Option<f64>>()?;
    let (found, expected) = (points.len() as f64, metres / plan.interval_m);
    ((found - expected).abs() > (0.1 * expected).max(1.0)).then(|| {
        format!(
            "{} points on {:.1} km, where one every {} m are {expected:.0}: a way has at least one point and none on \
             its rest; spacing = \"carry\" (--spacing carry) carries the rest on to the next way",
            points.len(),
            metres / 1e3,
            plan.interval_m
        )
    })
}

/// Roads walked together: enough to keep all processors busy, few enough to hold their points twice.
const ROADS_AT_ONCE: usize = 4096;

#[derive(Default)]
struct Walked {
    points: RoadPoints,
    network: Network,
    rejected: Vec<Rejected>,
    left_out: Vec<Rejected>,
    notes: Vec<String>,
}

fn walk_all(found: Roads, towns: Option<&Towns>, plan: &RoadPlan, most: u64) -> Result<Walked> {
    let Roads {
        mut roads,
        names,
        rejected,
        left_out,
        notes,
    } = found;
    if roads.is_empty() {
        return Err(Error::NothingToSample {
            what: "the input of roads",
            wanted: format!(
                "road to walk: highway of {}{}",
                plan.highways.join(", "),
                why_none(&rejected, &left_out)
            ),
        });
    }
    if plan.join_ways {
        roads = join(roads);
    }
    if plan.compat == Some(Compat::Ons2017) {
        within_swapped_axes(&roads)?;
    }
    let mut network = Network {
        ways: ways_of(&roads),
        connections: connections(&roads),
        ..Network::default()
    };
    let mut points = RoadPoints {
        names,
        towns: towns.map_or_else(Vec::new, |towns| towns.names().to_vec()),
        ..RoadPoints::default()
    };
    let walker = Walker::new(plan.interval_m, plan.compat);
    let stops = match plan.spacing {
        Spacing::Way => None,
        Spacing::Carry => {
            let lengths: Vec<Vec<f64>> = roads
                .par_iter()
                .map(|road| {
                    road.parts
                        .iter()
                        .map(|part| walker.length_m(part))
                        .collect()
                })
                .collect();
            Some(carried::stops(&roads, &lengths, plan.interval_m))
        }
    };
    let budget = AtomicU64::new(most);
    let mut counted = Counted::default();
    let mut lengths = Vec::with_capacity(roads.len());
    for (chunk, of_chunk) in roads.chunks(ROADS_AT_ONCE).enumerate() {
        let walked: Vec<(Vec<InTown>, Walk)> = of_chunk
            .par_iter()
            .enumerate()
            .map(|(number, road)| {
                let number = chunk * ROADS_AT_ONCE + number;
                let stops = stops.as_ref().and_then(|stops| stops.get(number));
                walk_one(road, &walker, stops.map(Vec::as_slice), &budget, towns)
            })
            .collect();
        if budget.load(Ordering::Relaxed) == 0 {
            return Err(Error::TooManySamples {
                asked: most + 1,
                most,
            });
        }
        for (road, (by_town, walk)) in of_chunk.iter().zip(walked) {
            network.points_walked += walk.points.len();
            network.length_m += walk.length_m;
            lengths.push((walk.ground_m, !by_town.is_empty()));
            for (town, of_town) in by_town {
                let before = counted.add(road.way_id, town, of_town.len());
                points.add_lane(town, road, walk.end_m, before, of_town.into_iter());
            }
        }
    }
    network.roads = Some(road_table(roads, &lengths, &points.names)?);
    Ok(Walked {
        points,
        network,
        rejected,
        left_out,
        notes,
    })
}

/// The commonest reasons why no road is left.
fn why_none(rejected: &[Rejected], left_out: &[Rejected]) -> String {
    let mut reasons = count_reasons(rejected);
    reasons.extend(count_reasons(left_out));
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons: Vec<String> = reasons
        .iter()
        .take(5)
        .map(|(reason, count)| format!("{}: {reason}", osm::counted(*count, "way", "ways")))
        .collect();
    if reasons.is_empty() {
        String::new()
    } else {
        format!("; {}", reasons.join("; "))
    }
}

/// Several roads may have the id of one way.
fn ways_of(roads: &[Road]) -> usize {
    roads.chunk_by(|a, b| a.way_id == b.way_id).count()
}

/// How many points of the way at hand are counted in each town; roads come by their ways.
#[derive(Default)]
struct Counted {
    way_id: Option<i64>,
    by_town: HashMap<Option<u32>, u32>,
}

impl Counted {
    /// Counts further points, and says how many there were before.
    fn add(&mut self, way_id: i64, town: Option<u32>, points: usize) -> u32 {
        if self.way_id.replace(way_id) != Some(way_id) {
            self.by_town.clear();
        }
        let counted = self.by_town.entry(town).or_default();
        let before = *counted;
        // the number of points was checked to be below 2^32
        *counted += points as u32;
        before
    }
}

/// A row a way with points.
fn road_table(roads: Vec<Road>, lengths: &[(f64, bool)], names: &Names) -> Result<Table> {
    let mut rows: Vec<(i64, Attributes, f64, bool, Vec<LineString>)> = Vec::new();
    for (road, &(metres, is_kept)) in roads.into_iter().zip(lengths) {
        let lines = road.parts.into_iter().map(LineString);
        match rows.last_mut().filter(|last| last.0 == road.way_id) {
            Some((.., length_m, kept, parts)) => {
                *length_m += metres;
                *kept |= is_kept;
                parts.extend(lines);
            }
            None => rows.push((
                road.way_id,
                road.attributes,
                metres,
                is_kept,
                lines.collect(),
            )),
        }
    }
    rows.retain(|(_, _, _, kept, _)| *kept);
    let text = |name: fn(&Attributes) -> Option<Name>| -> Result<ArrayRef> {
        let texts = rows
            .iter()
            .map(|row| name(&row.1).map(|name| names.text(name)));
        Ok(Arc::new(text_column(texts)?))
    };
    let columns: Vec<(String, ArrayRef)> = vec![
        (
            "osm_way_id".into(),
            Arc::new(rows.iter().map(|row| Some(row.0)).collect::<Int64Array>()),
        ),
        ("road_name".into(), text(|attributes| attributes.road_name)?),
        ("road_type".into(), text(|attributes| attributes.road_type)?),
        (
            "length_m".into(),
            Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Float64Array>()),
        ),
    ];
    let lines: Vec<Option<Geometry>> = rows
        .into_iter()
        .map(|(.., mut lines)| {
            Some(match lines.len() {
                1 => lines.remove(0).into(),
                _ => MultiLineString(lines).into(),
            })
        })
        .collect();
    Ok(Table::new(columns)?.with_geometries("geometry", &lines, Crs::wgs84())?)
}

type InTown = (Option<u32>, Vec<RoadPoint>);

/// The points of a road by town, and its walk with those in none.
fn walk_one(
    road: &Road,
    walker: &Walker,
    stops: Option<&[Stops]>,
    budget: &AtomicU64,
    towns: Option<&Towns>,
) -> (Vec<InTown>, Walk) {
    let left = budget.load(Ordering::Relaxed);
    let walk = walker.walk(&road.parts, stops, left.saturating_sub(1));
    let take = |left: u64| Some(left.saturating_sub(walk.points.len() as u64));
    let _ = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
    if walk.is_cut {
        budget.store(0, Ordering::Relaxed);
    }
    let Some(towns) = towns else {
        let points = walk.points.clone();
        let all = if points.is_empty() {
            Vec::new()
        } else {
            vec![(None, points)]
        };
        return (all, walk);
    };
    let mut by_town: Vec<InTown> = Vec::new();
    for &point in &walk.points {
        if let Some(town) = towns.town_at(point.place) {
            match by_town.iter_mut().find(|(of, _)| *of == Some(town)) {
                Some((_, points)) => points.push(point),
                None => by_town.push((Some(town), vec![point])),
            }
        }
    }
    (by_town, walk)
}

/// Distances with longitude as latitude exist between 90 degrees west and east only.
fn within_swapped_axes(roads: &[Road]) -> Result<()> {
    let beyond = |road: &&Road| {
        road.parts
            .iter()
            .flatten()
            .any(|vertex| vertex.x.abs() > 90.0)
    };
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

/// Most ways that meet at one place; more are an error of the map, and pairs are squares of it.
const MOST_MEETING: usize = 1000;

fn connections(roads: &[Road]) -> Vec<(i64, i64)> {
    let mut vertices: Vec<(u64, i64)> = roads
        .iter()
        .flat_map(|road| {
            let vertices = road.parts.iter().flatten();
            vertices.map(|&vertex| (place_key(vertex), road.way_id))
        })
        .collect();
    vertices.par_sort_unstable();
    vertices.dedup();
    let mut connections: Vec<(i64, i64)> = vertices
        .chunk_by(|a, b| a.0 == b.0)
        // a square of many streets is no place where all of them meet
        .filter(|at| at.len() <= MOST_MEETING)
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
        ..Network::default()
    }
}
