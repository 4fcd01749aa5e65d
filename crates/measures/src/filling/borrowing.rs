//! Lanes without any reading: what the other side of the way, connected ways, and at last the nearest reading say.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::connections::Connections;
use super::ground::{Vector, distance};
use super::lane::Town;
use super::{Filled, FilledFrom, counted};

/// Fills a lane without readings from the opposite lane of its way, at the same sequence numbers: straight between
/// two samples, and the nearest beyond the ends.
pub(super) fn from_other_side(town: &Town<'_>, filled: &mut [Filled]) {
    for ((way, side), lane) in &town.lanes {
        let Some(other) = opposite(side).and_then(|side| town.lanes.get(&(*way, side))) else {
            continue;
        };
        if has_value(town, lane, filled) {
            continue;
        }
        let values: Vec<(f64, f64)> = other
            .clone()
            .filter_map(|index| {
                Some((
                    town.samples[index].sequence as f64,
                    counted(filled[town.rows[index]].value?),
                ))
            })
            .collect();
        let support = readings(town, other, filled);
        for index in lane.clone() {
            let Some(value) = between(&values, town.samples[index].sequence as f64) else {
                continue;
            };
            filled[town.rows[index]] = Filled {
                value: Some(value),
                from: Some(FilledFrom::OtherSide),
                support_m: nearest(&support, &town.positions[index]),
            };
        }
    }
}

/// Fills ways that still have no value with the mean of the connected ways that have one, and goes on from those until
/// no further way can be reached. Cameras that look up borrow from cameras that look up.
pub(super) fn from_connected(town: &Town<'_>, given: Option<&[(i64, i64)]>, filled: &mut [Filled]) {
    let mut pitches: BTreeMap<&str, BTreeMap<i64, Way>> = BTreeMap::new();
    for ((way, side), lane) in &town.lanes {
        pitches
            .entry(one_of_both_sides(side))
            .or_default()
            .entry(*way)
            .or_default()
            .lanes
            .push(lane.clone());
    }
    let connections = match given {
        Some(pairs) => Connections::given(pairs),
        None => Connections::inferred(town),
    };
    for ways in pitches.values_mut() {
        spread(town, ways, &connections, filled);
    }
}

/// The lanes of one way whose cameras look equally high.
#[derive(Default)]
struct Way {
    lanes: Vec<Range<usize>>,
    /// Mean of its values, once it has some.
    mean: Option<f64>,
    /// The ways whose readings the mean rests on.
    sources: BTreeSet<i64>,
}

fn spread(
    town: &Town<'_>,
    ways: &mut BTreeMap<i64, Way>,
    connections: &Connections,
    filled: &mut [Filled],
) {
    for (id, way) in ways.iter_mut() {
        let rows = way
            .lanes
            .iter()
            .cloned()
            .flatten()
            .map(|index| town.rows[index]);
        way.mean = mean(rows.filter_map(|row| filled[row].value.map(counted)));
        way.sources.insert(*id);
    }
    loop {
        // A whole ring is worked out before any of it counts, so that the order of its ways does not matter.
        let ring: Vec<(i64, f64, BTreeSet<i64>)> = ways
            .iter()
            .filter(|(_, way)| way.mean.is_none())
            .filter_map(|(id, _)| {
                let known = connections
                    .of(*id)
                    .filter_map(|other| ways.get(&other))
                    .filter(|way| way.mean.is_some());
                let value = mean(known.clone().filter_map(|way| way.mean))?;
                Some((
                    *id,
                    value,
                    known.flat_map(|way| way.sources.iter().copied()).collect(),
                ))
            })
            .collect();
        if ring.is_empty() {
            return;
        }
        for (id, value, sources) in ring {
            let lanes = sources
                .iter()
                .filter_map(|source| ways.get(source))
                .flat_map(|way| &way.lanes);
            let support: Vec<Vector> = lanes
                .flat_map(|lane| readings(town, lane, filled))
                .collect();
            let Some(way) = ways.get_mut(&id) else {
                continue;
            };
            for index in way.lanes.iter().cloned().flatten() {
                filled[town.rows[index]] = Filled {
                    value: Some(value),
                    from: Some(FilledFrom::Connected),
                    support_m: nearest(&support, &town.positions[index]),
                };
            }
            way.mean = Some(value);
            way.sources = sources;
        }
    }
}

/// Fills what is left with the nearest reading of the town, of a camera that looks as high.
pub(super) fn from_nearest(town: &Town<'_>, filled: &mut [Filled]) {
    let mut readings: BTreeMap<&str, Vec<GeomWithData<Vector, f64>>> = BTreeMap::new();
    let mut left = Vec::new();
    for (index, row) in town.rows.iter().enumerate() {
        let height = one_of_both_sides(town.samples[index].side);
        match filled[*row] {
            Filled {
                value: Some(value),
                from: Some(FilledFrom::Reading),
                ..
            } => readings
                .entry(height)
                .or_default()
                .push(GeomWithData::new(town.positions[index], counted(value))),
            Filled { value: None, .. } => left.push((index, height)),
            Filled { .. } => {}
        }
    }
    let trees: BTreeMap<&str, RTree<GeomWithData<Vector, f64>>> = readings
        .into_iter()
        .map(|(height, readings)| (height, RTree::bulk_load(readings)))
        .collect();
    for (index, height) in left {
        let here = &town.positions[index];
        let Some(reading) = trees
            .get(height)
            .and_then(|tree| tree.nearest_neighbor(here))
        else {
            continue;
        };
        filled[town.rows[index]] = Filled {
            value: Some(reading.data),
            from: Some(FilledFrom::Nearby),
            support_m: Some(distance(reading.geom(), here)),
        };
    }
}

fn opposite(side: &str) -> Option<&'static str> {
    Some(match side {
        "left" => "right",
        "right" => "left",
        "leftup" => "rightup",
        "rightup" => "leftup",
        _ => return None,
    })
}

/// One name for a side and its opposite.
fn one_of_both_sides(side: &str) -> &str {
    opposite(side).map_or(side, |other| side.min(other))
}

fn has_value(town: &Town<'_>, lane: &Range<usize>, filled: &[Filled]) -> bool {
    town.rows[lane.clone()]
        .iter()
        .any(|row| filled[*row].value.is_some())
}

/// The places of a lane's readings.
fn readings(town: &Town<'_>, lane: &Range<usize>, filled: &[Filled]) -> Vec<Vector> {
    let is_reading = |index: &usize| filled[town.rows[*index]].from == Some(FilledFrom::Reading);
    lane.clone()
        .filter(is_reading)
        .map(|index| town.positions[index])
        .collect()
}

fn nearest(readings: &[Vector], here: &Vector) -> Option<f64> {
    readings
        .iter()
        .map(|reading| distance(reading, here))
        .min_by(f64::total_cmp)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// The value at `x` of the line through `points`, level beyond its ends; `points` rise in x.
fn between(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let next = points.partition_point(|(at, _)| *at < x);
    match (
        next.checked_sub(1).and_then(|before| points.get(before)),
        points.get(next),
    ) {
        (Some((from, one)), Some((to, other))) => {
            Some(one + (other - one) * (x - from) / (to - from))
        }
        (Some((_, value)), None) | (None, Some((_, value))) => Some(*value),
        (None, None) => None,
    }
}
