//! The samples of all towns in the order of their visits.

use std::collections::HashMap;

use rayon::prelude::*;

use super::plan::Order;
use super::points::{Lane, RoadPoints};
use crate::gap_order::{self, gap_order};
use crate::visiting_order::{priority_of, visited};

/// Samples in the order of work: priority, order, town, way, sequence, side.
///
/// A sample is the number of its point times the number of sides, plus the place of its side.
#[derive(Debug)]
pub(crate) struct Visits {
    scheme: Order,
    samples: Vec<u32>,
    /// Where in `samples` each order begins.
    starts: Vec<u32>,
}

impl Visits {
    pub(crate) fn of(points: &RoadPoints, sides: usize, scheme: Order) -> Self {
        match scheme {
            Order::Fold => Self::folded(points, sides),
            Order::Gap => Self::by_gaps(points, sides),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.samples.len()
    }

    /// The sample of a row.
    pub(crate) fn sample(&self, row: usize) -> usize {
        self.samples[row] as usize
    }

    /// Order of a row: the rank of its visit on its road, or in its town.
    pub(crate) fn order(&self, row: usize) -> u32 {
        // fewer orders than samples
        self.starts.partition_point(|&start| start as usize <= row) as u32 - 1
    }

    /// Priority of an order: the fold, or 1 where all stretches of a town compete.
    pub(crate) fn priority(&self, order: u32) -> u32 {
        match self.scheme {
            Order::Fold => priority_of(order),
            Order::Gap => 1,
        }
    }

    fn folded(points: &RoadPoints, sides: usize) -> Self {
        let mut orders: HashMap<u32, usize> = HashMap::new();
        let mut by_order: Vec<Vec<usize>> = Vec::new();
        let mut open: Vec<(&Lane, usize)> = points
            .lanes
            .iter()
            .map(|lane| {
                let orders = *orders.entry(lane.count).or_insert_with(|| {
                    by_order.push(visited(lane.count as usize));
                    by_order.len() - 1
                });
                (lane, orders)
            })
            .collect();
        let mut visits = Self::with_capacity(points.len() * sides, Order::Fold);
        for order in 0.. {
            open.retain(|(lane, _)| lane.count > order);
            if open.is_empty() {
                break;
            }
            visits.begin_order();
            for (lane, orders) in &open {
                let point = lane.first as usize + by_order[*orders][order as usize];
                visits.samples.extend(samples_at(point, sides));
            }
        }
        visits
    }

    fn by_gaps(points: &RoadPoints, sides: usize) -> Self {
        let towns: Vec<Vec<u32>> = points
            .lanes
            .par_chunk_by(|a, b| a.town == b.town)
            .map(|lanes| town_by_gaps(points, lanes, sides))
            .collect();
        let mut visits = Self::with_capacity(points.len() * sides, Order::Gap);
        let mut open: Vec<&[u32]> = towns.iter().map(Vec::as_slice).collect();
        for order in 0.. {
            open.retain(|town| town.len() > order);
            if open.is_empty() {
                break;
            }
            visits.begin_order();
            visits.samples.extend(open.iter().map(|town| town[order]));
        }
        visits
    }

    fn with_capacity(samples: usize, scheme: Order) -> Self {
        Self {
            scheme,
            samples: Vec::with_capacity(samples),
            starts: Vec::new(),
        }
    }

    fn begin_order(&mut self) {
        // the number of samples was checked by the planner to be below 2^32
        self.starts.push(self.samples.len() as u32);
    }
}

fn samples_at(point: usize, sides: usize) -> impl Iterator<Item = u32> {
    (0..sides).map(move |side| (point * sides + side) as u32)
}

/// The samples of one town in the order of their visits. Every side of a way is a lane of its own.
fn town_by_gaps(points: &RoadPoints, lanes: &[Lane], sides: usize) -> Vec<u32> {
    let distances: Vec<Vec<f64>> = lanes
        .iter()
        .map(|lane| {
            points.distances_m[lane.points()]
                .iter()
                .map(|&m| f64::from(m))
                .collect()
        })
        .collect();
    let ways: Vec<gap_order::Lane<'_>> = lanes
        .iter()
        .zip(&distances)
        .flat_map(|(lane, distances_m)| {
            let length_m = lane.length_m;
            std::iter::repeat_n(
                gap_order::Lane {
                    distances_m,
                    length_m,
                },
                sides,
            )
        })
        .collect();
    let ranks = gap_order(&ways);
    let mut samples = vec![0; ranks.iter().map(Vec::len).sum()];
    for (way, ranks) in ranks.iter().enumerate() {
        let (lane, side) = (&lanes[way / sides], way % sides);
        for (point, &rank) in lane.points().zip(ranks) {
            samples[rank as usize] = (point * sides + side) as u32;
        }
    }
    samples
}
