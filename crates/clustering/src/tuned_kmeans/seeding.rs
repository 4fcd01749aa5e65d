//! First centres by greedy k-means++.
//!
//! Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007, section 4 for the greedy form:
//! each next centre is the best of a few places drawn with probability proportional to what they add to the
//! potential, weight times squared distance from the centres chosen before.

use rand::RngExt;
use rand_pcg::Pcg64;

use super::centres::Centres;
use super::population::Columns;

/// Places whose potentials are summed together, so that a draw need not go through all of them.
const BLOCK: usize = 32;
/// Sums that are kept side by side, so that they need not wait for each other.
const LANES: usize = 8;

/// What each place adds to the potential, with the sums of blocks of places.
#[derive(Clone)]
struct Potential {
    of_place: Vec<f32>,
    of_block: Vec<f32>,
}

impl Potential {
    fn of_weights(weights: &[f32]) -> Self {
        let of_block = weights
            .chunks(BLOCK)
            .map(|block| block.iter().sum())
            .collect();
        Self {
            of_place: weights.to_vec(),
            of_block,
        }
    }

    fn total(&self) -> f64 {
        self.of_block.iter().copied().map(f64::from).sum()
    }

    /// Sets it to what `before` becomes when one more place is a centre.
    fn set_with_centre(&mut self, centre: usize, sample: &Columns, before: &[f32]) {
        let (cx, cy) = (sample.x[centre], sample.y[centre]);
        let blocks = self.of_place.chunks_mut(BLOCK).zip(before.chunks(BLOCK));
        let places = sample
            .x
            .chunks(BLOCK)
            .zip(sample.y.chunks(BLOCK))
            .zip(sample.weight.chunks(BLOCK));
        for (((after, before), ((x, y), weight)), sum) in blocks.zip(places).zip(&mut self.of_block)
        {
            for (((after, before), (x, y)), weight) in after
                .iter_mut()
                .zip(before)
                .zip(x.iter().zip(y))
                .zip(weight)
            {
                let (dx, dy) = (x - cx, y - cy);
                *after = before.min(weight * (dx * dx + dy * dy));
            }
            let mut lanes = [0.0; LANES];
            for values in after.chunks(LANES) {
                for (lane, value) in lanes.iter_mut().zip(values) {
                    *lane += value;
                }
            }
            *sum = lanes.iter().sum();
        }
    }

    /// Draws a place with probability proportional to its potential.
    fn draw(&self, random: &mut Pcg64) -> usize {
        let mut mark = (random.random::<f64>() * self.total()) as f32;
        let mut place = 0;
        for (block, sum) in self.of_place.chunks(BLOCK).zip(&self.of_block) {
            if mark >= *sum {
                mark -= sum;
                place += block.len();
                continue;
            }
            for value in block {
                if mark < *value {
                    return place;
                }
                mark -= value;
                place += 1;
            }
        }
        // Rounding has carried the mark past the last place, or no place adds anything.
        self.of_place
            .iter()
            .rposition(|&value| value > 0.0)
            .unwrap_or(0)
    }
}

/// Chooses `k` centres among the sample, which must not be empty.
pub(super) fn greedy_plus_plus(sample: &Columns, k: usize, random: &mut Pcg64) -> Centres {
    let draws = 2 + (k as f64).ln() as usize;
    let mut centres = Centres::default();
    let mut potential = Potential::of_weights(&sample.weight);
    let (mut candidate, mut best) = (potential.clone(), potential.clone());
    let first = potential.draw(random);
    potential.set_with_centre(first, sample, &vec![f32::INFINITY; sample.x.len()]);
    centres.push(sample.x[first], sample.y[first]);
    while centres.len() < k {
        let mut least = f64::INFINITY;
        let mut chosen = 0;
        for _ in 0..draws {
            let place = potential.draw(random);
            candidate.set_with_centre(place, sample, &potential.of_place);
            let total = candidate.total();
            if total < least {
                (least, chosen) = (total, place);
                std::mem::swap(&mut candidate, &mut best);
            }
        }
        std::mem::swap(&mut potential, &mut best);
        centres.push(sample.x[chosen], sample.y[chosen]);
    }
    centres
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn far_groups_get_a_centre_each_and_empty_places_none() {
        let mut sample = Columns::default();
        for group in 0..7_u8 {
            for i in 0..50_u8 {
                sample.x.push(f32::from(group) * 1000.0);
                sample.y.push(f32::from(i));
                sample.weight.push(if group == 3 { 0.0 } else { 1.0 });
            }
        }
        let centres = greedy_plus_plus(&sample, 6, &mut Pcg64::seed_from_u64(5));
        let mut columns: Vec<f32> = (0..6).map(|centre| centres.get(centre).0).collect();
        columns.sort_by(f32::total_cmp);
        assert_eq!(columns, [0.0, 1000.0, 2000.0, 4000.0, 5000.0, 6000.0]);
    }

    #[test]
    fn draws_are_proportional_to_the_potential() {
        let weights: Vec<f32> = (0..100_u8).map(|i| f32::from(i % 10)).collect();
        let potential = Potential::of_weights(&weights);
        let mut random = Pcg64::seed_from_u64(1);
        let mut drawn = [0_u32; 100];
        for _ in 0..45_000 {
            drawn[potential.draw(&mut random)] += 1;
        }
        // 100 draws for each unit of weight; chi-square with 89 degrees of freedom is below 150 but once in 20,000 times.
        let chi_square: f64 = drawn
            .iter()
            .zip(&weights)
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(&drawn, &weight)| {
                (f64::from(drawn) - 100.0 * f64::from(weight)).powi(2) / (100.0 * f64::from(weight))
            })
            .sum();
        assert!(chi_square < 150.0, "{chi_square}");
        assert!(
            drawn
                .iter()
                .zip(&weights)
                .all(|(&drawn, &weight)| weight > 0.0 || drawn == 0)
        );
    }
}
