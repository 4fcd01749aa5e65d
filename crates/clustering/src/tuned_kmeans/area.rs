//! An area to divide, and the numbers of clusters that are tried.

use std::ops::RangeInclusive;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

use super::division::Division;
use super::place_tree::PlaceTree;
use super::population::Population;
use super::score::{Corners, score};
use crate::{Places, Settings};

/// An area to divide, with everything about its places that all trials share.
pub(super) struct Area<'a> {
    places: Places<'a>,
    /// `None` where nobody lives: there is nothing to tune.
    population: Option<Population>,
    tree: PlaceTree,
    corners: Corners<'a>,
    seed: u64,
}

impl<'a> Area<'a> {
    /// Takes in an area of at least one place. Each number of clusters has a random stream of its own, which depends on
    /// `seed` and that number only, so that neither threads nor the order of trials matter.
    pub(super) fn new(places: Places<'a>, seed: u64) -> Self {
        Self {
            population: Population::new(places.centres, places.weights, seed),
            tree: PlaceTree::new(places.centres),
            corners: Corners::new(&places),
            places,
            seed,
        }
    }

    /// The numbers of clusters to try, in random order, at most `trials` of them.
    pub(super) fn numbers(&self, settings: &Settings, trials: u32) -> Vec<usize> {
        let total = self.places.weights.iter().sum::<f64>();
        let mut numbers: Vec<usize> =
            numbers_tried(total, settings.target_weight, self.places.len()).collect();
        numbers.shuffle(&mut Pcg64::seed_from_u64(self.seed));
        numbers.truncate(trials as usize);
        numbers
    }

    /// Divides the area into `k` clusters or fewer.
    pub(super) fn divide(&self, k: usize, settings: &Settings) -> Division {
        let Some(population) = self.population.as_ref().filter(|_| k > 1) else {
            return Division::whole(self.places.len());
        };
        let mut random = Pcg64::seed_from_u64(mix(self.seed, k as u64));
        let centres = population.centres(k, settings.minibatch_reassignment_ratio, &mut random);
        Division::by_labels(self.tree.nearest(&centres), k)
    }

    /// The best division by the score among at most `trials` numbers of clusters.
    pub(super) fn best_division(&self, settings: &Settings, trials: u32) -> Division {
        self.numbers(settings, trials)
            .into_iter()
            .map(|k| {
                let division = self.divide(k, settings);
                (self.score(&division, settings), division)
            })
            .min_by(|(score_a, a), (score_b, b)| {
                score_a.total_cmp(score_b).then(a.clusters.cmp(&b.clusters))
            })
            .map_or_else(
                || Division::whole(self.places.len()),
                |(_, division)| division,
            )
    }

    /// How far a division is from the targets.
    pub(super) fn score(&self, division: &Division, settings: &Settings) -> f64 {
        score(
            &mut division.weights(self.places.weights),
            &mut self.corners.radii(division),
            settings,
        )
    }
}

/// The numbers of clusters that are worth a trial: around the number of target weights in the total.
fn numbers_tried(total: f64, target: f64, places: usize) -> RangeInclusive<usize> {
    let expected = (total / target) as usize;
    let upper = expected.saturating_mul(2).max(2);
    if places < upper {
        (places / 4).max(1)..=places
    } else {
        (expected / 2).max(1)..=upper
    }
}

/// A seed for one of many streams of a seed.
pub(super) fn mix(seed: u64, stream: u64) -> u64 {
    // Odd constants of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); the generator spreads the bits itself.
    (seed ^ stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_mul(0xBF58_476D_1CE4_E5B9)
        .rotate_left(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_tried_lie_around_total_over_target() {
        for (total, target, places, numbers) in [
            (17_206.7, 240.0, 69_226, 35..=142),
            (240.0, 240.0, 1_000, 1..=2),
            (719.0, 240.0, 1_000, 1..=4),
            (0.0, 240.0, 1_000, 1..=2),
            (17_206.7, 240.0, 100, 25..=100),
            (17_206.7, 240.0, 142, 35..=142),
            (17_206.7, 240.0, 141, 35..=141),
            (1e300, 1.0, 3, 1..=3),
            (1.0, 240.0, 1, 1..=1),
        ] {
            assert_eq!(
                numbers_tried(total, target, places),
                numbers,
                "{total} {target} {places}"
            );
        }
    }
}
