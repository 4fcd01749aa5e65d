//! A first partition: recursive bisection across the long axis of the weight.
//!
//! Inertial bisection is old and good (Simon, "Partitioning of unstructured problems for parallel processing", 1991); here each half
//! is made connected, and its weight such that it can be divided on.

use geo::Coord;
use rand::RngExt;
use rand_pcg::Pcg64Mcg;

use super::cutting::{Cut, Cutter};
use super::weight_range::WeightRange;

/// How far a cut turns away from the axis at most, in radians, at first; each further try turns farther.
const TURN: f64 = 0.3;
/// Directions tried for a cut.
const TRIES: u32 = 8;

/// Bisects connected sets.
pub(super) struct Bisector<'a> {
    pub cutter: Cutter<'a>,
    pub random: Pcg64Mcg,
    pub range: WeightRange,
    pub target_weight: f64,
}

impl Bisector<'_> {
    /// Divides a connected set into connected parts, none heavier than allowed unless it is a single block, and lighter than
    /// allowed only where nothing else was found.
    pub fn bisect(&mut self, mut set: Vec<u32>) -> Vec<Vec<u32>> {
        let mut sets = Vec::new();
        let weight = self.cutter.blocks.weight(&set);
        let mut parts = vec![(0, set.len(), weight, self.count(weight, set.len()))];
        while let Some((start, end, weight, count)) = parts.pop() {
            let part = &mut set[start..end];
            if count <= 1 || part.len() == 1 {
                sets.push(part.to_vec());
                continue;
            }
            let Some((cut, first)) = self.cut(part, weight, count) else {
                sets.push(part.to_vec());
                continue;
            };
            let middle = start + cut.at;
            let rest = weight - cut.weight;
            // A cut that left the range has its counts from its weights.
            let counts = match first {
                Some(first) => [first, count - first],
                None => [
                    self.count(cut.weight, middle - start),
                    self.count(rest, end - middle),
                ],
            };
            parts.push((middle, end, rest, counts[1]));
            parts.push((start, middle, cut.weight, counts[0]));
        }
        sets
    }

    /// The number of clusters nearest to the target weight; where none fits, the fewest that are not too heavy.
    fn count(&self, weight: f64, places: usize) -> usize {
        let wanted = (weight / self.target_weight).round() as usize;
        match self.range.counts(weight, places) {
            Some(counts) => wanted.clamp(*counts.start(), *counts.end()),
            None => ((weight / self.range.most).ceil() as usize).clamp(1, places),
        }
    }

    /// Cuts in two about even parts. The number of clusters in the first, unless the cut that came nearest to a possible
    /// weight still missed it.
    fn cut(&mut self, set: &mut [u32], weight: f64, count: usize) -> Option<(Cut, Option<usize>)> {
        let axis = self.cutter.long_axis(set);
        let first = count / 2;
        let even = weight * first as f64 / count as f64;
        let allowed = self.range.part(weight, first, count);
        let mut nearest: Option<(f64, f64)> = None;
        for attempt in 0..TRIES {
            let turn = TURN * f64::from(1 + attempt);
            let angle = axis + self.random.random_range(-turn..turn);
            let Some(cut) = self.cut_across(set, angle, even) else {
                continue;
            };
            let miss = match allowed {
                Some(allowed) if allowed.holds(cut.weight) => return Some((cut, Some(first))),
                Some(allowed) => (allowed.least - cut.weight).max(cut.weight - allowed.most),
                None => (cut.weight - even).abs(),
            };
            if nearest.is_none_or(|(least, _)| miss < least) {
                nearest = Some((miss, angle));
            }
        }
        let cut = self.cut_across(set, nearest?.1, even)?;
        Some((cut, None))
    }

    fn cut_across(&mut self, set: &mut [u32], angle: f64, weight: f64) -> Option<Cut> {
        let direction = Coord {
            x: angle.cos(),
            y: angle.sin(),
        };
        self.cutter.along_line(set, direction, weight)
    }
}
