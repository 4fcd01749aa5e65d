//! Weighted mini-batch k-means.
//!
//! Sculley, "Web-scale k-means clustering", WWW 2010: batches of places pull their nearest centres, each
//! by a step that shrinks as the centre has seen more. Places enter a batch with probability proportional to
//! their weight. Centres that hardly any place belongs to are moved to a place of the batch now and then.

use std::ops::Range;

use rand::RngExt;
use rand_pcg::Pcg64;

use super::centres::{Centres, LANES};
use super::population::Columns;

/// Places in a batch.
pub(super) const BATCH: usize = 1024;
/// Light centres are moved each time that so many places a centre have been seen.
const PLACES_BETWEEN_REASSIGNMENTS: usize = 10;
/// Batches without a better smoothed inertia after which the centres are final.
const PATIENCE: u32 = 10;
/// Least part of a batch in the smoothed inertia. The usual part is twice a batch's share of the places, with which large
/// areas go on for long without getting better.
const LEAST_PART: f64 = 0.2;
/// Times that all places are drawn once, at most.
const MOST_EPOCHS: usize = 100;
/// Sweeps over a small area, at most, and the gain in inertia that is worth another.
const MOST_SWEEPS: usize = 20;
const WORTHWHILE_GAIN: f64 = 0.002;

/// Moves the centres by batches out of a pool of draws from `places` places.
pub(super) fn run(
    pool: &Columns,
    centres: &mut Centres,
    places: usize,
    reassignment_ratio: f64,
    random: &mut Pcg64,
) {
    let mut seen = vec![0.0; centres.len()];
    let mut convergence = Convergence::new(places);
    let mut since_reassignment = 0;
    for _ in 0..(MOST_EPOCHS * places).div_ceil(BATCH) {
        let first = random.random_range(0..pool.x.len() / BATCH) * BATCH;
        let batch = first..first + BATCH;
        let inertia = pull(pool, batch.clone(), centres, &mut seen);
        since_reassignment += BATCH;
        if since_reassignment >= PLACES_BETWEEN_REASSIGNMENTS * centres.len() || seen.contains(&0.0)
        {
            since_reassignment = 0;
            reassign(
                pool,
                batch,
                centres,
                &mut seen,
                reassignment_ratio as f32,
                random,
            );
        }
        if convergence.reached(inertia) {
            break;
        }
    }
}

/// Moves the centres by sweeps over all places of a small area, which is Lloyd's algorithm (IEEE Transactions on Information
/// Theory 28(2), 1982).
pub(super) fn sweep(places: &Columns, centres: &mut Centres) {
    let mut before = f64::INFINITY;
    for _ in 0..MOST_SWEEPS {
        let mut seen = vec![0.0; centres.len()];
        let inertia = pull(places, 0..places.x.len(), centres, &mut seen);
        if inertia >= before * (1.0 - WORTHWHILE_GAIN) {
            break;
        }
        before = inertia;
    }
}

/// Moves each centre to the mean of all that it has seen; gives the mean squared distance of the batch from the centres
/// where they were before.
fn pull(places: &Columns, batch: Range<usize>, centres: &mut Centres, seen: &mut [f32]) -> f64 {
    let mut sums = vec![(0.0_f32, 0.0_f32, 0.0_f32); centres.len()];
    let mut inertia = 0.0;
    let mut total = 0.0;
    let (x, y) = (
        places.x[batch.clone()].as_chunks::<LANES>().0,
        places.y[batch.clone()].as_chunks::<LANES>().0,
    );
    for ((x, y), weight) in x
        .iter()
        .zip(y)
        .zip(places.weight[batch].as_chunks::<LANES>().0)
    {
        let (nearest, distance) = centres.nearest(x, y);
        for lane in 0..LANES {
            let sum = &mut sums[nearest[lane] as usize];
            *sum = (
                sum.0 + weight[lane] * x[lane],
                sum.1 + weight[lane] * y[lane],
                sum.2 + weight[lane],
            );
            inertia += f64::from(weight[lane] * distance[lane]);
            total += f64::from(weight[lane]);
        }
    }
    for (centre, &(x, y, weight)) in sums.iter().enumerate() {
        if weight > 0.0 {
            let (old_x, old_y) = centres.get(centre);
            let before = seen[centre];
            seen[centre] = before + weight;
            let mean = |old: f32, sum: f32| (old * before + sum) / (before + weight);
            centres.set(centre, (mean(old_x, x), mean(old_y, y)));
        }
    }
    inertia / total
}

/// Moves the centres that have seen less than `ratio` of what the busiest has to places of the batch, at
/// most one for every two places.
fn reassign(
    pool: &Columns,
    batch: Range<usize>,
    centres: &mut Centres,
    seen: &mut [f32],
    ratio: f32,
    random: &mut Pcg64,
) {
    let busiest = seen.iter().copied().fold(0.0, f32::max);
    let mut order: Vec<usize> = (0..seen.len()).collect();
    order.sort_by(|&a, &b| seen[a].total_cmp(&seen[b]).then(a.cmp(&b)));
    let light = order
        .iter()
        .take(batch.len() / 2)
        .take_while(|&&centre| seen[centre] < ratio * busiest)
        .count();
    let places = rand::seq::index::sample(random, batch.len(), light);
    // What a moved centre is taken to have seen: not so little that it is moved again at once.
    let least = order.get(light).map_or(0.0, |&centre| seen[centre]);
    for (&centre, place) in order[..light].iter().zip(places) {
        let place = batch.start + place;
        centres.set(centre, (pool.x[place], pool.y[place]));
        seen[centre] = least;
    }
}

/// Tells when batches stop getting nearer to their centres, by an exponentially weighted mean.
struct Convergence {
    part: f64,
    smoothed: Option<f64>,
    least: f64,
    without_gain: u32,
    first: bool,
}

impl Convergence {
    fn new(places: usize) -> Self {
        let part = (2.0 * BATCH as f64 / (places as f64 + 1.0)).clamp(LEAST_PART, 1.0);
        Self {
            part,
            smoothed: None,
            least: f64::INFINITY,
            without_gain: 0,
            first: true,
        }
    }

    /// Takes in the inertia of a batch. The first one is that of the seeding and does not count.
    fn reached(&mut self, inertia: f64) -> bool {
        if std::mem::take(&mut self.first) {
            return false;
        }
        let smoothed = self.smoothed.map_or(inertia, |smoothed| {
            smoothed + self.part * (inertia - smoothed)
        });
        self.smoothed = Some(smoothed);
        if smoothed < self.least {
            self.least = smoothed;
            self.without_gain = 0;
        } else {
            self.without_gain += 1;
        }
        self.without_gain >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    /// Places around four corners of a square, and centres that start near one another.
    fn four_groups(places: usize) -> (Columns, Centres) {
        let mut columns = Columns::default();
        let mut random = Pcg64::seed_from_u64(9);
        for place in 0..places {
            columns
                .x
                .push((place % 2) as f32 * 1000.0 + random.random_range(-50.0..50.0));
            columns
                .y
                .push((place / 2 % 2) as f32 * 1000.0 + random.random_range(-50.0..50.0));
            columns.weight.push(1.0);
        }
        let mut centres = Centres::default();
        for (x, y) in [
            (400.0, 400.0),
            (600.0, 410.0),
            (420.0, 600.0),
            (580.0, 580.0),
        ] {
            centres.push(x, y);
        }
        (columns, centres)
    }

    fn assert_at_the_corners(centres: &Centres, within: f32) {
        for (centre, (x, y)) in [(0.0, 0.0), (1000.0, 0.0), (0.0, 1000.0), (1000.0, 1000.0)]
            .into_iter()
            .enumerate()
        {
            let found = centres.get(centre);
            assert!((found.0 - x).hypot(found.1 - y) < within, "{found:?}");
        }
    }

    #[test]
    fn batches_find_the_middles_of_groups() {
        let (places, mut centres) = four_groups(64 * BATCH);
        run(
            &places,
            &mut centres,
            64 * BATCH,
            0.05,
            &mut Pcg64::seed_from_u64(3),
        );
        assert_at_the_corners(&centres, 5.0);
    }

    #[test]
    fn sweeps_find_the_middles_of_groups() {
        let (places, mut centres) = four_groups(2048);
        sweep(&places, &mut centres);
        assert_at_the_corners(&centres, 5.0);
    }

    #[test]
    fn weight_pulls() {
        let places = Columns {
            x: vec![0.0; 8],
            y: vec![0.0, 0.0, 0.0, 0.0, 10.0, 10.0, 10.0, 10.0],
            weight: vec![3.0, 3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0],
        };
        let mut centres = Centres::default();
        centres.push(5.0, 5.0);
        sweep(&places, &mut centres);
        assert_eq!(centres.get(0), (0.0, 2.5));
    }

    #[test]
    fn a_centre_that_sees_little_is_moved_to_a_place_of_the_batch() {
        let (places, mut centres) = four_groups(BATCH);
        centres.set(3, (1e6, 1e6));
        let mut seen = [500.0, 400.0, 300.0, 2.0];
        reassign(
            &places,
            0..BATCH,
            &mut centres,
            &mut seen,
            0.05,
            &mut Pcg64::seed_from_u64(3),
        );
        assert!(centres.get(3).0 < 1100.0);
        assert_eq!((centres.get(0), seen[3]), ((400.0, 400.0), 300.0));
    }
}
