//! Filling by kriging: every reading near counts, by how alike readings that far apart have been seen to be.
//!
//! Simple kriging (Cressie, Statistics for Spatial Data, 1993, section 3.4.5) in a small neighbourhood, with the mean
//! of the town's readings as the known mean: where nothing is near, the prediction falls back to that. Two readings are
//! alike for two reasons, and the covariance is the sum of both. They look at nearly the same ground: so places are
//! compared where the camera looks, [`VIEW_M`] ahead of it, which brings the two sides of a street, streets that run
//! back to back and corners into one measure. Or they lie on one side of one road, which stays alike much farther, and
//! changes at every gap in a hedge. The figures are read off the correlogram of the street-level readings of a whole
//! town (docs/streets.md); only their ratios matter.

use rayon::prelude::*;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::ground::{Vector, direction, distance, offset, right_of};
use super::lane::Town;
use super::{Filled, FilledFrom, counted};

/// How far ahead of the camera the place is that a picture shows, metres.
const VIEW_M: f64 = 10.0;
/// Likeness of places: part of the variance, and metres over which it falls to 1/e.
const PLACE: (f64, f64) = (0.40, 120.0);
/// Likeness along a side of a road, far and near.
const ROAD: (f64, f64) = (0.33, 600.0);
const KERB: (f64, f64) = (0.25, 20.0);
/// What two pictures of one place would differ by.
const NOISE: f64 = 0.02;
/// Nearest readings that count, besides those before and after on the lane.
const NEAREST: usize = 8;
const MOST: usize = NEAREST + 2;
/// Shares crowd at 0 with a long tail above. Predicting a power of them lies between the mean (1), which keeps totals
/// right, and the median (about 1/2), which keeps single errors small.
const POWER: f64 = 0.8;

/// A reading as the predictor sees it.
struct Known {
    /// Its place in the town.
    index: usize,
    /// Its difference from the mean, on the scale of [`POWER`].
    excess: f64,
}

/// Fills every sample of a town that has a reading.
pub(super) fn fill(town: &Town<'_>, filled: &mut [Filled]) {
    let readings: Vec<(usize, f64)> = (0..town.rows.len())
        .filter_map(|index| Some((index, counted(filled[town.rows[index]].value?))))
        .collect();
    if readings.is_empty() {
        return;
    }
    let highest = readings.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let mean = readings
        .iter()
        .map(|(_, value)| value.powf(POWER))
        .sum::<f64>()
        / readings.len() as f64;
    let known: Vec<Known> = readings
        .iter()
        .map(|(index, value)| Known {
            index: *index,
            excess: value.powf(POWER) - mean,
        })
        .collect();
    let lanes = lane_numbers(town);
    let views = views(town);
    let near = RTree::bulk_load(
        known
            .iter()
            .enumerate()
            .map(|(number, known)| GeomWithData::new(views[known.index], number))
            .collect(),
    );
    let field = Field {
        town,
        lanes: &lanes,
        views: &views,
        known: &known,
        near: &near,
    };
    let predicted: Vec<(usize, Filled)> = (0..town.rows.len())
        .into_par_iter()
        .filter(|index| filled[town.rows[*index]].value.is_none())
        .map(|index| {
            let neighbours = field.neighbours(index);
            let power = (mean + field.excess(index, &neighbours)).max(0.0);
            let support = neighbours
                .iter()
                .map(|number| &town.positions[known[*number].index]);
            let support_m = support
                .map(|reading| distance(reading, &town.positions[index]))
                .min_by(f64::total_cmp);
            let value = Some(power.powf(1.0 / POWER).min(highest));
            (
                town.rows[index],
                Filled {
                    value,
                    from: Some(FilledFrom::Nearby),
                    support_m,
                },
            )
        })
        .collect();
    for (row, prediction) in predicted {
        filled[row] = prediction;
    }
}

/// The readings of a town, and what is needed to compare any two places of it.
struct Field<'a> {
    town: &'a Town<'a>,
    /// Number of each sample's lane.
    lanes: &'a [usize],
    /// Where each sample's camera looks.
    views: &'a [Vector],
    /// In the town's order, so those of a lane stand together, along it.
    known: &'a [Known],
    near: &'a RTree<GeomWithData<Vector, usize>>,
}

impl Field<'_> {
    /// The readings that count for a sample, at most [`MOST`].
    fn neighbours(&self, index: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = self
            .near
            .nearest_neighbor_iter(&self.views[index])
            .take(NEAREST)
            .map(|near| near.data)
            .collect();
        let next = self.known.partition_point(|known| known.index < index);
        for number in [next.checked_sub(1), Some(next)].into_iter().flatten() {
            let on_the_lane = self
                .known
                .get(number)
                .is_some_and(|known| self.lanes[known.index] == self.lanes[index]);
            if on_the_lane && !chosen.contains(&number) {
                chosen.push(number);
            }
        }
        chosen
    }

    /// The expected difference of a sample from the mean.
    fn excess(&self, index: usize, neighbours: &[usize]) -> f64 {
        let mut among = [[0.0; MOST]; MOST];
        let mut weights = [0.0; MOST];
        for (row, one) in neighbours.iter().enumerate() {
            for (column, other) in neighbours[..row].iter().enumerate() {
                among[row][column] =
                    self.covariance(self.known[*one].index, self.known[*other].index);
            }
            among[row][row] = PLACE.0 + ROAD.0 + KERB.0 + NOISE;
            weights[row] = self.covariance(self.known[*one].index, index);
        }
        solve(&mut among, &mut weights, neighbours.len());
        neighbours
            .iter()
            .zip(weights)
            .map(|(number, weight)| weight * self.known[*number].excess)
            .sum()
    }

    fn covariance(&self, one: usize, other: usize) -> f64 {
        let part = |(share, range): (f64, f64), metres: f64| share * (-metres / range).exp();
        let place = part(PLACE, distance(&self.views[one], &self.views[other]));
        if self.lanes[one] != self.lanes[other] {
            return place;
        }
        let along = (self.town.along[one] - self.town.along[other]).abs();
        place + part(ROAD, along) + part(KERB, along)
    }
}

/// Solves `matrix * x = vector` in place for the leading `size` rows, by Cholesky's factors of the lower triangle. A
/// covariance with noise on its diagonal is positive definite, so no pivot is needed and no root fails.
fn solve(matrix: &mut [[f64; MOST]; MOST], vector: &mut [f64; MOST], size: usize) {
    for row in 0..size {
        for column in 0..=row {
            let products: f64 = (0..column)
                .map(|k| matrix[row][k] * matrix[column][k])
                .sum();
            let rest = matrix[row][column] - products;
            matrix[row][column] = if row == column {
                rest.sqrt()
            } else {
                rest / matrix[column][column]
            };
        }
    }
    for row in 0..size {
        let products: f64 = (0..row).map(|k| matrix[row][k] * vector[k]).sum();
        vector[row] = (vector[row] - products) / matrix[row][row];
    }
    for row in (0..size).rev() {
        let products: f64 = (row + 1..size).map(|k| matrix[k][row] * vector[k]).sum();
        vector[row] = (vector[row] - products) / matrix[row][row];
    }
}

fn lane_numbers(town: &Town<'_>) -> Vec<usize> {
    town.lanes()
        .enumerate()
        .flat_map(|(number, lane)| lane.map(move |_| number))
        .collect()
}

/// Where the cameras look. A heading that is not known is taken to be square to the road on the left and the right; any
/// other camera sees the place that it stands at.
fn views(town: &Town<'_>) -> Vec<Vector> {
    let mut views = Vec::with_capacity(town.rows.len());
    for lane in town.lanes() {
        let positions = &town.positions[lane.clone()];
        for (within, sample) in town.samples[lane].iter().enumerate() {
            let here = &positions[within];
            let ahead = match (sample.heading, sample.side) {
                (Some(heading), _) => Some(direction(sample.place, heading)),
                (None, side @ ("left" | "right")) => {
                    let (before, after) = (
                        within.saturating_sub(1),
                        (within + 1).min(positions.len() - 1),
                    );
                    let right = right_of(&positions[before], &positions[after]);
                    if side == "right" {
                        right
                    } else {
                        right.map(|right| right.map(|part| -part))
                    }
                }
                (None, _) => None,
            };
            views.push(ahead.map_or(*here, |ahead| offset(here, &ahead, VIEW_M)));
        }
    }
    views
}
