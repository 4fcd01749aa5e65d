//! Making a partition better: neighbouring clusters are joined and divided anew, again and again.
//!
//! This is the recombination step of redistricting (Daryl `DeFord`, Moon Duchin and Justin Solomon, "Recombination: a family of Markov chains for
//! redistricting", Harvard Data Science Review 3(1), 2021) as a local search: a new division is kept if it is worth no less, or, with a
//! chance that falls as the search cools, if it is worth less (Kirkpatrick et al., "Optimization by simulated annealing", Science
//! 220, 1983).

use geo::Coord;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::blocks::Blocks;
use super::cutting::Cutter;
use super::dividing::Divider;
use super::partition::{Aim, Cluster, Partition};
use super::weight_range::WeightRange;

/// Chance that two clusters are joined; three or four otherwise.
const PAIRS: f64 = 0.8;
/// Chance of three when it is not two.
const TRIPLES: f64 = 0.7;
/// Chance that as many clusters come out as went in, where that is possible.
const SAME_COUNT: f64 = 0.6;
/// Chance that a cluster that is good already is taken up.
const TAKE_GOOD: f64 = 0.5;
/// Blocks asked for a neighbour in another cluster before giving up.
const NEIGHBOUR_TRIES: usize = 40;
/// What a step that joins nothing costs, in blocks looked at: no step is free, or a search might never end.
const STEP: u64 = 16;
/// Tries to bring an undersized cluster into range.
const REPAIR_TRIES: usize = 60;
/// Steps between two questions whether to stop.
const STEPS_UNASKED: u32 = 64;
/// What a unit of good weight is worth in units of distance from the target, at first and at last: first moves that cost little
/// good weight are made, then dearer ones.
const PRICE: [f64; 2] = [0.3, 0.008];
/// What a target radius of width is worth in target weights of distance, for clusters that are too wide anyway.
const WIDTH: f64 = 0.01;
/// Chance that the number of clusters nearest to the target weight is taken.
const NEAREST_COUNT: f64 = 0.8;
/// Deviation from the target weight, as a share of it, that is not worth a search.
const NEAR: f64 = 0.04;

/// When a new division of some clusters is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Keep {
    /// If it is worth no less, or by a chance that falls with the loss and rises with the temperature.
    Worth { temperature: f64 },
    /// If weights come nearer to the target, at this price of good weight, of which no more than `room` may be lost.
    Target { price: f64, room: f64 },
    /// If it is worth no less, no farther from the target weights, and the radii add up to less.
    Compactness,
    /// If no more clusters are undersized than before, and they are short of no more.
    Range,
}

/// What some clusters add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    worth: f64,
    good: f64,
    distance: f64,
    radii: f64,
    /// Radii of those that are not good.
    wide_radii: f64,
    undersized: usize,
    shortfall: f64,
}

impl Sums {
    fn of<'a>(aim: &Aim, clusters: impl Iterator<Item = &'a Cluster>) -> Self {
        let mut sums = Self::default();
        for cluster in clusters {
            let good = aim.is_good(cluster);
            let shortfall = aim.shortfall(cluster);
            sums.worth += aim.worth(cluster);
            sums.good += if good { cluster.weight } else { 0.0 };
            sums.distance += aim.distance(cluster);
            sums.radii += cluster.radius;
            sums.wide_radii += if good { 0.0 } else { cluster.radius };
            sums.undersized += usize::from(shortfall > 0.0);
            sums.shortfall += shortfall;
        }
        sums
    }
}

/// Recombines the clusters of one partition.
pub(super) struct Recombiner<'a> {
    divider: Divider<'a>,
    aim: Aim,
    partition: Partition,
    corners: Vec<Coord>,
    joined: Vec<u32>,
    stop: &'a (dyn Fn() -> bool + Sync),
    steps: u32,
}

impl<'a> Recombiner<'a> {
    pub fn new(
        blocks: &'a Blocks,
        aim: Aim,
        partition: Partition,
        seed: u64,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        Self {
            divider: Divider {
                cutter: Cutter::new(blocks),
                random: Pcg64Mcg::seed_from_u64(seed),
                range: aim.range,
                radius: aim.radius,
                weight: None,
            },
            aim,
            partition,
            corners: Vec::new(),
            joined: Vec::new(),
            stop,
            steps: 0,
        }
    }

    pub fn into_partition(self) -> Partition {
        self.partition
    }

    /// Whether a search that began at `start` has gone on for `effort`, or must stop.
    fn is_over(&mut self, start: u64, effort: u64) -> bool {
        self.steps = self.steps.wrapping_add(1);
        self.divider.cutter.work - start >= effort
            || (self.steps.is_multiple_of(STEPS_UNASKED) && (self.stop)())
    }

    /// Recombines clusters around each undersized one until it is in range, as far as a few tries go.
    pub fn repair(&mut self) {
        for _ in 0..REPAIR_TRIES {
            let undersized: Vec<u32> = self
                .partition
                .clusters
                .iter()
                .filter(|cluster| self.aim.shortfall(cluster) > 0.0)
                .map(|cluster| cluster.members[0])
                .collect();
            if undersized.is_empty() {
                return;
            }
            for block in undersized {
                let cluster = self.partition.cluster_of[block as usize] as usize;
                if self.aim.shortfall(&self.partition.clusters[cluster]) > 0.0 {
                    let size = self.divider.random.random_range(2..=4);
                    self.recombine(cluster, size, Keep::Worth { temperature: 0.0 });
                }
            }
        }
    }

    /// Recombines clusters at random until `effort` blocks have been looked at, while the temperature falls from `warm` to
    /// zero; ends with the best partition seen.
    pub fn anneal(&mut self, effort: u64, warm: f64) {
        let mut best = self.partition.clone();
        let mut worth = self.partition.worth(&self.aim);
        let mut best_worth = worth;
        let start = self.divider.cutter.work;
        while self.can_improve() && !self.is_over(start, effort) {
            let done = (self.divider.cutter.work - start) as f64 / effort as f64;
            let random = &mut self.divider.random;
            let cluster = random.random_range(0..self.partition.clusters.len());
            let taken = &self.partition.clusters[cluster];
            if !taken.promising || (self.aim.is_good(taken) && !random.random_bool(TAKE_GOOD)) {
                self.divider.cutter.work += STEP;
                continue;
            }
            let size = self.size();
            let temperature = warm * (1.0 - done);
            worth += self
                .recombine(cluster, size, Keep::Worth { temperature })
                .worth;
            if worth > best_worth {
                best_worth = worth;
                best = self.partition.clone();
            }
        }
        self.partition = best;
    }

    /// Brings weights near the target until `effort` blocks have been looked at. No more than `given_up` of the weight in good
    /// clusters is lost.
    pub fn approach_target(&mut self, effort: u64, given_up: f64) {
        let start = self.divider.cutter.work;
        let mut good = Sums::of(&self.aim, self.partition.clusters.iter()).good;
        let floor = good - given_up;
        self.divider.weight = Some(self.aim.target_weight);
        while self.partition.clusters.len() > 1 && !self.is_over(start, effort) {
            let done = (self.divider.cutter.work - start) as f64 / effort as f64;
            let random = &mut self.divider.random;
            let cluster = random.random_range(0..self.partition.clusters.len());
            let weight = self.partition.clusters[cluster].weight;
            if (weight / self.aim.target_weight - 1.0).abs() < NEAR {
                self.divider.cutter.work += STEP;
                continue;
            }
            let size = self.size();
            let keep = Keep::Target {
                price: PRICE[0] * (PRICE[1] / PRICE[0]).powf(done),
                room: good - floor,
            };
            good += self.recombine(cluster, size, keep).good;
        }
        self.divider.weight = None;
    }

    /// Divides neighbouring wide clusters anew along lines until `effort` blocks have been looked at, so that they become less
    /// wide. Good clusters stay as they are.
    pub fn tidy(&mut self, effort: u64) {
        let start = self.divider.cutter.work;
        let is_wide = |cluster: &&Cluster| !self.aim.is_good(cluster);
        if self.partition.clusters.iter().filter(is_wide).count() < 2 {
            return;
        }
        while !self.is_over(start, effort) {
            let random = &mut self.divider.random;
            let cluster = random.random_range(0..self.partition.clusters.len());
            if self.aim.is_good(&self.partition.clusters[cluster]) {
                self.divider.cutter.work += STEP;
                continue;
            }
            let size = if random.random_bool(PAIRS) { 2 } else { 3 };
            self.recombine(cluster, size, Keep::Compactness);
        }
    }

    /// Recombines clusters around the undersized ones, which may pass what they are short of on to their neighbours, until
    /// `effort` blocks have been looked at; ends with the partition that was short of least.
    pub fn mend(&mut self, effort: u64) {
        let start = self.divider.cutter.work;
        let mut least = Sums::of(&self.aim, self.partition.clusters.iter());
        let mut best = self.partition.clone();
        // Blocks of clusters that have no neighbour: nothing can mend those.
        let mut alone = vec![false; self.divider.cutter.blocks.len()];
        for (slot, cluster) in (0u32..).zip(&self.partition.clusters) {
            let graph = &self.divider.cutter.blocks.graph;
            let beside = |&block: &u32| {
                let others = graph.neighbours(block).iter();
                let mut others = others.map(|&other| self.partition.cluster_of[other as usize]);
                others.any(|other| other != slot && other != u32::MAX)
            };
            if !cluster.members.iter().any(beside) {
                alone[cluster.members[0] as usize] = true;
            }
        }
        while !self.is_over(start, effort) {
            let undersized: Vec<usize> = (0..self.partition.clusters.len())
                .filter(|&slot| {
                    let cluster = &self.partition.clusters[slot];
                    self.aim.shortfall(cluster) > 0.0 && !alone[cluster.members[0] as usize]
                })
                .collect();
            if undersized.is_empty() {
                break;
            }
            for slot in undersized {
                // The clusters may have been renumbered by the one before.
                let there = self.partition.clusters.get(slot);
                if there.is_some_and(|cluster| self.aim.shortfall(cluster) > 0.0) {
                    let size = self.size();
                    self.recombine(slot, size, Keep::Range);
                }
            }
            let now = Sums::of(&self.aim, self.partition.clusters.iter());
            if (now.undersized, now.shortfall) < (least.undersized, least.shortfall) {
                least = now;
                best = self.partition.clone();
            }
        }
        self.partition = best;
    }

    /// Whether any wide cluster could become good.
    fn can_improve(&self) -> bool {
        let clusters = &self.partition.clusters;
        clusters.len() > 1
            && clusters
                .iter()
                .any(|cluster| cluster.promising && !self.aim.is_good(cluster))
    }

    /// How many clusters to join.
    fn size(&mut self) -> usize {
        let random = &mut self.divider.random;
        if random.random_bool(PAIRS) {
            2
        } else if random.random_bool(TRIPLES) {
            3
        } else {
            4
        }
    }

    /// Joins up to `size` clusters around one and divides them anew; the change, nothing if nothing came of it.
    fn recombine(&mut self, cluster: usize, size: usize, keep: Keep) -> Sums {
        self.divider.cutter.work += STEP;
        let mut group = self.group(cluster, size);
        if keep == Keep::Compactness {
            group.retain(|&slot| !self.aim.is_good(&self.partition.clusters[slot]));
        }
        if group.len() < 2 {
            return Sums::default();
        }
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        let mut weight = 0.0;
        for &slot in &group {
            let cluster = &self.partition.clusters[slot];
            joined.extend_from_slice(&cluster.members);
            weight += cluster.weight;
        }
        let before = Sums::of(
            &self.aim,
            group.iter().map(|&slot| &self.partition.clusters[slot]),
        );
        let mut change = Sums::default();
        if let Some(ends) = self.divide(keep, &mut joined, weight, group.len()) {
            let clusters = self.measure(&joined, &ends);
            let after = Sums::of(&self.aim, clusters.iter());
            if self.keeps(keep, before, after) {
                self.partition.replace(&group, clusters);
                change = Sums {
                    worth: after.worth - before.worth,
                    good: after.good - before.good,
                    ..change
                };
            }
        }
        self.joined = joined;
        change
    }

    /// Divides the blocks of `before` clusters anew: the ends of the parts.
    fn divide(
        &mut self,
        keep: Keep,
        joined: &mut [u32],
        weight: f64,
        before: usize,
    ) -> Option<Vec<usize>> {
        match keep {
            Keep::Worth { .. } => {
                let count = self.count(weight, joined.len(), before)?;
                self.divider.divide(joined, weight, count)
            }
            Keep::Target { .. } => {
                let count = self.count_near_target(weight, joined.len())?;
                self.divider.divide(joined, weight, count)
            }
            Keep::Compactness => self.divider.divide_by_lines(joined, weight, before),
            Keep::Range => {
                if let Some(count) = self.count(weight, joined.len(), before) {
                    let divided = self.divider.divide_by_lines(joined, weight, count);
                    if divided.is_some() {
                        return divided;
                    }
                }
                // One part is left with what the others, at their least, do not need.
                let range = self.aim.range;
                let count = before.min(joined.len());
                let spare = weight - (count - 1) as f64 * range.least;
                self.divider.range = WeightRange {
                    least: spare.clamp(0.0, range.least)
                        * self.divider.random.random_range(0.5..=1.0),
                    most: range.most,
                };
                let divided = self.divider.divide_by_lines(joined, weight, count);
                self.divider.range = range;
                divided
            }
        }
    }

    fn keeps(&mut self, keep: Keep, before: Sums, after: Sums) -> bool {
        match keep {
            Keep::Worth { temperature } => {
                let change = after.worth - before.worth;
                change >= 0.0
                    || (temperature > 0.0
                        && self.divider.random.random::<f64>() < (change / temperature).exp())
            }
            Keep::Target { price, room } => {
                let width = WIDTH * self.aim.target_weight / self.aim.radius;
                let value =
                    |sums: Sums| price * sums.good - sums.distance - width * sums.wide_radii;
                after.undersized <= before.undersized
                    && before.good - after.good <= room
                    && value(after) > value(before)
            }
            Keep::Compactness => {
                after.worth >= before.worth
                    && after.radii < before.radii
                    && (!self.aim.target_counts
                        || after.distance <= before.distance + WIDTH * self.aim.target_weight)
            }
            Keep::Range => {
                (after.undersized, after.shortfall) <= (before.undersized, before.shortfall)
            }
        }
    }

    fn measure(&mut self, joined: &[u32], ends: &[usize]) -> Vec<Cluster> {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts
            .zip(ends)
            .map(|(start, &end)| {
                let members = joined[start..end].to_vec();
                self.aim
                    .cluster(&mut self.divider.cutter, members, &mut self.corners)
            })
            .collect()
    }

    /// A cluster and some connected with it, up to `size`.
    fn group(&mut self, cluster: usize, size: usize) -> Vec<usize> {
        let Partition {
            clusters,
            cluster_of,
        } = &self.partition;
        let graph = &self.divider.cutter.blocks.graph;
        let random = &mut self.divider.random;
        let mut group = vec![cluster];
        for _ in 1..size {
            let members = &clusters[group[random.random_range(0..group.len())]].members;
            for _ in 0..NEIGHBOUR_TRIES {
                let beside = graph.neighbours(members[random.random_range(0..members.len())]);
                if beside.is_empty() {
                    continue;
                }
                let other = beside[random.random_range(0..beside.len())];
                let other = cluster_of[other as usize] as usize;
                // What is too heavy by itself is in no cluster here.
                if other < clusters.len() && !group.contains(&other) {
                    group.push(other);
                    break;
                }
            }
        }
        group
    }

    /// How many clusters to divide a weight into; none if no number fits.
    fn count(&mut self, weight: f64, places: usize, before: usize) -> Option<usize> {
        let counts = self.aim.range.counts(weight, places)?;
        let random = &mut self.divider.random;
        let (fewest, most) = (*counts.start(), *counts.end());
        Some(if random.random_bool(SAME_COUNT) {
            before.clamp(fewest, most)
        } else {
            random.random_range(fewest..=most.min(fewest.max(before + 1)))
        })
    }

    /// As [`count`](Self::count): mostly the number that comes nearest to the target weight.
    fn count_near_target(&mut self, weight: f64, places: usize) -> Option<usize> {
        let counts = self.aim.range.counts(weight, places)?;
        let random = &mut self.divider.random;
        let (fewest, most) = (*counts.start(), *counts.end());
        let nearest = (weight / self.aim.target_weight).round().max(1.0) as usize;
        Some(if random.random_bool(NEAREST_COUNT) {
            nearest.clamp(fewest, most)
        } else {
            random.random_range(
                nearest.saturating_sub(1).clamp(fewest, most)
                    ..=nearest.saturating_add(1).clamp(fewest, most),
            )
        })
    }
}
