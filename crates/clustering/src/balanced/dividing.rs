//! Dividing a connected set of blocks anew, by chance, into a number of connected sets of weights in range: discs around
//! promising places, and lines in any direction.

use std::f64::consts::TAU;

use geo::Coord;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::blocks::PROMISE;
use super::cutting::{Cut, Cutter};
use super::weight_range::WeightRange;

/// Discs are drawn a little smaller than the radius, so that rounding does not lose a cluster.
const INSIDE: f64 = 0.9999;
/// Chance that a part is cut out as a disc instead of along a line.
const DISC: f64 = 0.8;
/// Blocks looked at for the promising one that a disc is laid around.
const LOOKS: usize = 4;
/// Cuts tried before a division is given up.
const TRIES: usize = 4;
/// Chance that a part gets the weight that it should have, if there is one.
const AS_WANTED: f64 = 0.7;

/// Divides sets of blocks.
pub(super) struct Divider<'a> {
    pub cutter: Cutter<'a>,
    pub random: Pcg64Mcg,
    pub range: WeightRange,
    pub radius: f64,
    /// The weight that a part should have, if it matters.
    pub weight: Option<f64>,
}

impl Divider<'_> {
    /// Divides `set`, which weighs `weight`, into `count` parts, discs and others: reorders it and gives the ends of the
    /// parts. `None` if no such division was found within a few tries.
    pub fn divide(&mut self, set: &mut [u32], weight: f64, count: usize) -> Option<Vec<usize>> {
        self.divide_with(DISC, set, weight, count)
    }

    /// [`divide`](Self::divide) along lines only.
    pub fn divide_by_lines(
        &mut self,
        set: &mut [u32],
        weight: f64,
        count: usize,
    ) -> Option<Vec<usize>> {
        self.divide_with(0.0, set, weight, count)
    }

    fn divide_with(
        &mut self,
        disc: f64,
        set: &mut [u32],
        weight: f64,
        count: usize,
    ) -> Option<Vec<usize>> {
        let mut parts = vec![(0, set.len(), weight, count)];
        let mut ends = Vec::with_capacity(count);
        while let Some((start, end, weight, count)) = parts.pop() {
            if count == 1 {
                if !self.range.holds(weight) {
                    return None;
                }
                ends.push(end);
                continue;
            }
            let (cut, first) = self.cut(disc, &mut set[start..end], weight, count)?;
            // The last in is the next out: ends come in order.
            parts.push((start + cut.at, end, weight - cut.weight, count - first));
            parts.push((start, start + cut.at, cut.weight, first));
        }
        Some(ends)
    }

    /// Cuts off a part for some of the `count` clusters; also how many.
    fn cut(
        &mut self,
        disc: f64,
        set: &mut [u32],
        weight: f64,
        count: usize,
    ) -> Option<(Cut, usize)> {
        for _ in 0..TRIES {
            let disc = self.random.random_bool(disc);
            let first = if disc {
                1
            } else {
                self.random.random_range(1..count)
            };
            let allowed = self.range.part(weight, first, count)?;
            let cut = if disc {
                self.cut_disc(set, allowed)
            } else {
                self.cut_line(set, weight * first as f64 / count as f64, allowed)
            };
            if let Some(cut) = cut.filter(|cut| allowed.holds(cut.weight)) {
                return Some((cut, first));
            }
        }
        None
    }

    fn cut_line(&mut self, set: &mut [u32], even: f64, allowed: WeightRange) -> Option<Cut> {
        let angle = self.random.random_range(0.0..TAU);
        let weight = match self.random.random_range(0..5) {
            2 if self.weight.is_some() => even.clamp(allowed.least, allowed.most),
            0 | 1 => even.clamp(allowed.least, allowed.most),
            2 => allowed.most,
            _ => self.between(allowed),
        };
        let direction = Coord {
            x: angle.cos(),
            y: angle.sin(),
        };
        self.cutter.along_line(set, direction, weight)
    }

    fn cut_disc(&mut self, set: &mut [u32], allowed: WeightRange) -> Option<Cut> {
        let promise = &self.cutter.blocks.promise;
        let mut best = set[self.random.random_range(0..set.len())];
        for _ in 1..LOOKS {
            let other = set[self.random.random_range(0..set.len())];
            if promise[other as usize] > promise[best as usize] {
                best = other;
            }
        }
        if f64::from(promise[best as usize]) < PROMISE * allowed.least {
            return None;
        }
        let radius = self.radius * INSIDE;
        let mut centre = self.cutter.blocks.centres[best as usize];
        for _ in 0..self.random.random_range(0..3) {
            centre = self.cutter.within(set, centre, radius).1;
        }
        let weight = match self.weight {
            Some(weight) if self.random.random_bool(AS_WANTED) => {
                weight.clamp(allowed.least, allowed.most)
            }
            None if self.random.random_bool(0.5) => allowed.most,
            _ => self.between(allowed),
        };
        self.cutter.around_disc(set, centre, radius, weight)
    }

    fn between(&mut self, range: WeightRange) -> f64 {
        range.least + (range.most - range.least) * self.random.random::<f64>()
    }
}
