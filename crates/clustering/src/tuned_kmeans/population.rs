//! The places of an area as k-means sees them, drawn by weight.

use geo::Coord;
use rand::RngExt;
use rand::SeedableRng;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;
use rand_pcg::Pcg64;

use super::centres::LANES;
use super::{mini_batch, seeding};

/// Areas up to this size are swept whole: that is cheaper than drawing a batch, and no place is missed.
const SWEPT: usize = 4 * mini_batch::BATCH;
/// Batches in a pool of draws, at least and at most.
const POOLED: (usize, usize) = (64, 4096);
/// Places among which the first centres are chosen, and the least number of them for each centre.
const SEEDING_SAMPLE: (usize, usize) = (3 * mini_batch::BATCH, 3);

/// Places side by side, in metres from the middle of the area.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) x: Vec<f32>,
    pub(super) y: Vec<f32>,
    pub(super) weight: Vec<f32>,
}

impl Columns {
    /// Some of the places, with their weights or each with the weight 1.
    fn pick(&self, places: impl Iterator<Item = usize> + Clone, weighted: bool) -> Self {
        let pick = |values: &[f32]| places.clone().map(|place| values[place]).collect();
        Self {
            x: pick(&self.x),
            y: pick(&self.y),
            weight: if weighted {
                pick(&self.weight)
            } else {
                vec![1.0; places.clone().count()]
            },
        }
    }

    /// Adds places without weight until a whole number of look-ups is full.
    fn pad(&mut self) {
        let full = self.x.len().next_multiple_of(LANES);
        self.x.resize(full, 0.0);
        self.y.resize(full, 0.0);
        self.weight.resize(full, 0.0);
    }
}

/// The people of an area.
pub(super) struct Population {
    middle: Coord,
    places: usize,
    all: Columns,
    /// Many draws by weight, of which a run is a batch; `None` for an area that is swept.
    pool: Option<Columns>,
}

impl Population {
    /// Takes in the places; `None` unless some weight is above zero. What is drawn depends on `seed`.
    pub(super) fn new(positions: &[Coord], weights: &[f64], seed: u64) -> Option<Self> {
        // Shares of the heaviest, so that no sum overflows.
        let heaviest = weights.iter().copied().fold(0.0, f64::max);
        if heaviest <= 0.0 {
            return None;
        }
        let (min, max) = positions
            .iter()
            .fold((positions[0], positions[0]), |(min, max), p| {
                (
                    Coord {
                        x: min.x.min(p.x),
                        y: min.y.min(p.y),
                    },
                    Coord {
                        x: max.x.max(p.x),
                        y: max.y.max(p.y),
                    },
                )
            });
        let middle = Coord {
            x: 0.5 * (min.x + max.x),
            y: 0.5 * (min.y + max.y),
        };
        let mut all = Columns {
            x: positions.iter().map(|p| (p.x - middle.x) as f32).collect(),
            y: positions.iter().map(|p| (p.y - middle.y) as f32).collect(),
            weight: weights
                .iter()
                .map(|weight| (weight / heaviest) as f32)
                .collect(),
        };
        let places = positions.len();
        let pool = if places > SWEPT {
            let by_weight = WeightedAliasIndex::new(all.weight.clone()).ok()?;
            let batches = (places / mini_batch::BATCH).clamp(POOLED.0, POOLED.1);
            let mut random = Pcg64::seed_from_u64(seed);
            let draws: Vec<usize> = (0..batches * mini_batch::BATCH)
                .map(|_| by_weight.sample(&mut random))
                .collect();
            Some(all.pick(draws.iter().copied(), false))
        } else {
            all.pad();
            None
        };
        Some(Self {
            middle,
            places,
            all,
            pool,
        })
    }

    /// Finds `k` centres, in the places' coordinates.
    pub(super) fn centres(
        &self,
        k: usize,
        reassignment_ratio: f64,
        random: &mut Pcg64,
    ) -> Vec<Coord> {
        let wanted = SEEDING_SAMPLE.0.max(SEEDING_SAMPLE.1.saturating_mul(k));
        let mut centres = if self.places <= wanted {
            seeding::greedy_plus_plus(&self.all, k, random)
        } else {
            let drawn: Vec<usize> = (0..wanted)
                .map(|_| random.random_range(0..self.places))
                .collect();
            seeding::greedy_plus_plus(&self.all.pick(drawn.iter().copied(), true), k, random)
        };
        match &self.pool {
            Some(pool) => {
                mini_batch::run(pool, &mut centres, self.places, reassignment_ratio, random);
            }
            None => mini_batch::sweep(&self.all, &mut centres),
        }
        (0..k)
            .map(|centre| {
                let (x, y) = centres.get(centre);
                Coord {
                    x: self.middle.x + f64::from(x),
                    y: self.middle.y + f64::from(y),
                }
            })
            .collect()
    }
}
