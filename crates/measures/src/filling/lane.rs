//! A town's samples as lanes: the rows of one way and side, in sequence order.

use std::collections::BTreeMap;
use std::ops::Range;

use super::RoadSample;
use super::ground::{Vector, distance, position};

/// The samples of one town.
pub(super) struct Town<'a> {
    /// Rows of the whole table, lane after lane.
    pub(super) rows: Vec<usize>,
    /// Beside `rows`.
    pub(super) samples: Vec<RoadSample<'a>>,
    /// Beside `rows`.
    pub(super) positions: Vec<Vector>,
    /// Beside `rows`: metres along the way.
    pub(super) along: Vec<f64>,
    /// By way and side; every row is in one of them.
    pub(super) lanes: BTreeMap<(i64, &'a str), Range<usize>>,
}

impl<'a> Town<'a> {
    /// Sorts some rows of the table into lanes. Samples of one sequence number keep the table's order.
    pub(super) fn new(samples: &[RoadSample<'a>], rows: &[usize]) -> Self {
        let mut rows = rows.to_vec();
        let key = |row: &usize| (samples[*row].way, samples[*row].side);
        rows.sort_by_key(|row| (key(row), samples[*row].sequence));
        let mut lanes = BTreeMap::new();
        let mut start = 0;
        for lane in rows.chunk_by(|one, next| key(one) == key(next)) {
            lanes.insert(key(&lane[0]), start..start + lane.len());
            start += lane.len();
        }
        let samples: Vec<RoadSample<'a>> = rows.iter().map(|row| samples[*row]).collect();
        let positions: Vec<Vector> = samples
            .iter()
            .map(|sample| position(sample.place))
            .collect();
        let along = lanes_in_order(&lanes)
            .flat_map(|lane| metres_along(&samples[lane.clone()], &positions[lane]));
        let along = along.collect();
        Self {
            rows,
            samples,
            positions,
            along,
            lanes,
        }
    }

    /// Every lane, in the order of `rows`.
    pub(super) fn lanes(&self) -> impl Iterator<Item = Range<usize>> {
        lanes_in_order(&self.lanes)
    }
}

fn lanes_in_order(
    lanes: &BTreeMap<(i64, &str), Range<usize>>,
) -> impl Iterator<Item = Range<usize>> {
    lanes.values().cloned()
}

/// The distances that the plan gave, if it gave all of them and they rise; else those between the samples, added up.
fn metres_along(samples: &[RoadSample<'_>], positions: &[Vector]) -> Vec<f64> {
    let planned: Option<Vec<f64>> = samples.iter().map(|sample| sample.distance_m).collect();
    match planned {
        Some(planned) if planned.is_sorted() => planned,
        _ => {
            let mut sum = 0.0;
            let steps = positions.windows(2).map(|pair| {
                sum += distance(&pair[0], &pair[1]);
                sum
            });
            std::iter::once(0.0).chain(steps).collect()
        }
    }
}
